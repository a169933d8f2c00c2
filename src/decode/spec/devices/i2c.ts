/** I2C adapter, virtio specification 5.16: no configuration space. */
import type { DeviceSpec } from './device.ts';

/** virtio-i2c */
export const i2c: DeviceSpec = {
  id: 34,
  name: 'i2c',
  title: 'I2C adapter',
  features: { ZERO_LENGTH_REQUEST: { bit: 0, doc: 'requests without data' } },
  vrings: { fixed: ['request'] },
};
