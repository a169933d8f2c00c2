/** 9P transport; not in the virtio specification, see the kernel's virtio_9p.h. */
import { struct } from '../../schema.ts';
import type { DeviceSpec } from './device.ts';

/** 2 bytes and the tag. */
const config = struct('9p configuration', 'config.9p', {
  tag_len: { kind: 'u16', doc: 'bytes of the tag' },
  tag: { kind: 'bytes', length: 'tag_len', doc: 'mount tag, not terminated' },
});

/** virtio-9p */
export const ninep: DeviceSpec = {
  id: 9,
  name: '9p',
  title: '9P transport',
  features: { MOUNT_TAG: { bit: 0, doc: 'a mount tag' } },
  config,
  vrings: { fixed: ['request'] },
};
