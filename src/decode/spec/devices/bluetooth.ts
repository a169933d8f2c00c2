/** Bluetooth device, the kernel's virtio_bt.h; not in the virtio specification. */
import { struct } from '../../schema.ts';
import type { DeviceSpec } from './device.ts';

/** 6 bytes, with CONFIG_V2; the first version has 5 and no alignment. */
const config = struct('bluetooth configuration', 'config.bluetooth', {
  type: { kind: 'enum', size: 1, values: { PRIMARY: 0 }, doc: 'kind of controller' },
  alignment: { kind: 'u8', when: ['size', 6], doc: 'with CONFIG_V2' },
  vendor: {
    kind: 'enum',
    size: 2,
    values: { NONE: 0, ZEPHYR: 1, INTEL: 2, REALTEK: 3 },
    doc: 'vendor, with VND_HCI',
  },
  msft_opcode: { kind: 'u16', show: 'hex', doc: 'with MSFT_EXT' },
});

/** virtio-bluetooth */
export const bluetooth: DeviceSpec = {
  id: 40,
  name: 'bluetooth',
  title: 'Bluetooth',
  aliases: ['bt'],
  features: {
    VND_HCI: { bit: 0, doc: 'vendor commands' },
    MSFT_EXT: { bit: 1, doc: 'Microsoft extensions' },
    AOSP_EXT: { bit: 2, doc: 'Android extensions' },
    CONFIG_V2: { bit: 3, doc: 'configuration space of the second version' },
  },
  config,
  vrings: { fixed: ['tx', 'rx'] },
};
