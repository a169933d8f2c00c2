/** Media device, virtio specification, recent: V4L2 requests, buffers in shared memory region 0. */
import { struct } from '../../schema.ts';
import type { DeviceSpec } from './device.ts';

/** 40 bytes. */
const config = struct('media configuration', 'config.media', {
  device_caps: { kind: 'u32', show: 'hex', doc: 'V4L2 capabilities' },
  device_type: { kind: 'u32', doc: 'V4L2 device type' },
  card: { kind: 'text', length: 32, doc: 'name' },
});

/** virtio-media */
export const media: DeviceSpec = {
  id: 48,
  name: 'media',
  title: 'media',
  features: {},
  config,
  vrings: { fixed: ['command', 'event'] },
};
