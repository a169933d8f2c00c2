/** CAN controller, virtio specification 1.4. */
import { struct } from '../../schema.ts';
import type { DeviceSpec } from './device.ts';

/** 2 bytes. */
const config = struct('can configuration', 'config.can', {
  status: { kind: 'flags', size: 2, bits: { BUS_OFF: 0 }, doc: 'controller status' },
});

/** virtio-can */
export const can: DeviceSpec = {
  id: 36,
  name: 'can',
  title: 'CAN controller',
  features: {
    CAN_CLASSIC: { bit: 0, doc: 'classic frames' },
    CAN_FD: { bit: 1, doc: 'CAN FD frames' },
    RTR_FRAMES: { bit: 2, doc: 'remote frames' },
    LATE_TX_ACK: { bit: 3, doc: 'frames are acknowledged once they were sent' },
  },
  config,
  vrings: { fixed: ['tx', 'rx', 'control'] },
};
