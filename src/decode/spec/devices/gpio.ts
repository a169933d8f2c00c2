/** GPIO controller, virtio specification 5.18. */
import { struct } from '../../schema.ts';
import type { DeviceSpec } from './device.ts';

/** 8 bytes. */
const config = struct('gpio configuration', 'config.gpio', {
  ngpio: { kind: 'u16', doc: 'lines' },
  padding: { kind: 'pad', size: 2 },
  gpio_names_size: { kind: 'u32', doc: 'bytes of the names of the lines' },
});

/** virtio-gpio */
export const gpio: DeviceSpec = {
  id: 41,
  name: 'gpio',
  title: 'GPIO controller',
  features: { IRQ: { bit: 0, doc: 'interrupts' } },
  config,
  vrings: { fixed: ['request', { name: 'event', with: 'IRQ' }] },
};
