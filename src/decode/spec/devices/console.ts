/** Console device, virtio specification 5.3. */
import { struct } from '../../schema.ts';
import type { DeviceSpec } from './device.ts';

/** 12 bytes. */
const config = struct('console configuration', 'config.console', {
  cols: { kind: 'u16', doc: 'columns, with SIZE' },
  rows: { kind: 'u16', doc: 'rows, with SIZE' },
  max_nr_ports: { kind: 'u32', doc: 'ports, with MULTIPORT' },
  emerg_wr: { kind: 'u32', doc: 'written only: a character, with EMERG_WRITE' },
});

/** virtio-console */
export const console: DeviceSpec = {
  id: 3,
  name: 'console',
  title: 'console',
  features: {
    SIZE: { bit: 0, doc: 'the configuration space tells the size' },
    MULTIPORT: { bit: 1, doc: 'several ports and control rings' },
    EMERG_WRITE: { bit: 2, doc: 'emergency write' },
  },
  config,
  vrings: {
    fixed: ['rx 0', 'tx 0', { name: 'control rx', with: 'MULTIPORT' }, { name: 'control tx', with: 'MULTIPORT' }],
    each: ['rx', 'tx'],
    first: 1,
  },
};
