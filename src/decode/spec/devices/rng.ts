/** Entropy device, virtio specification 5.4: no features, no configuration space. */
import type { DeviceSpec } from './device.ts';

/** virtio-rng */
export const rng: DeviceSpec = {
  id: 4,
  name: 'rng',
  title: 'entropy',
  aliases: ['entropy'],
  features: {},
  vrings: { fixed: ['request'] },
};
