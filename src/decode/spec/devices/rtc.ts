/** Real-time clock device, virtio specification 1.4: no configuration space. */
import type { DeviceSpec } from './device.ts';

/** virtio-rtc */
export const rtc: DeviceSpec = {
  id: 17,
  name: 'rtc',
  title: 'clock',
  aliases: ['clock', 'timer'],
  features: { ALARM: { bit: 0, doc: 'alarms' } },
  vrings: { fixed: ['request', { name: 'alarm', with: 'ALARM' }] },
};
