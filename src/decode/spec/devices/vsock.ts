/** Socket device, virtio specification 5.10. QEMU keeps the event ring for itself. */
import { struct } from '../../schema.ts';
import type { DeviceSpec } from './device.ts';

/** 8 bytes. */
const config = struct('vsock configuration', 'config.vsock', {
  guest_cid: { kind: 'u64', doc: 'context id of the guest' },
});

/** virtio-vsock */
export const vsock: DeviceSpec = {
  id: 19,
  name: 'vsock',
  title: 'socket',
  features: {
    STREAM: { bit: 0, doc: 'stream sockets' },
    SEQPACKET: { bit: 1, doc: 'sequenced packet sockets' },
    NO_IMPLIED_STREAM: { bit: 2, doc: 'stream sockets only where STREAM says so' },
  },
  config,
  vrings: { fixed: ['rx', 'tx', 'event'] },
};
