/** Replay protected memory block device, virtio specification 5.12. */
import { struct } from '../../schema.ts';
import type { DeviceSpec } from './device.ts';

/** 3 bytes. */
const config = struct('rpmb configuration', 'config.rpmb', {
  capacity: { kind: 'u8', doc: 'in 128 KiB' },
  max_wr_cnt: { kind: 'u8', doc: 'blocks written at once' },
  max_rd_cnt: { kind: 'u8', doc: 'blocks read at once' },
});

/** virtio-rpmb */
export const rpmb: DeviceSpec = {
  id: 28,
  name: 'rpmb',
  title: 'replay protected memory block',
  features: {},
  config,
  vrings: { fixed: ['request'] },
};
