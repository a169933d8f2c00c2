/** Simulated mac80211 radio, the kernel's mac80211_hwsim; not in the virtio specification. */
import type { DeviceSpec } from './device.ts';

/** mac80211_hwsim */
export const hwsim: DeviceSpec = {
  id: 29,
  name: 'hwsim',
  title: 'simulated mac80211 radio',
  features: {},
  vrings: { fixed: ['tx', 'rx'] },
};
