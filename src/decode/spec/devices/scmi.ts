/** System control and management device, virtio specification 5.17: no configuration space. */
import type { DeviceSpec } from './device.ts';

/** virtio-scmi */
export const scmi: DeviceSpec = {
  id: 32,
  name: 'scmi',
  title: 'SCMI',
  features: {
    P2A_CHANNELS: { bit: 0, doc: 'notifications and delayed responses' },
    SHARED_MEMORY: { bit: 1, doc: 'statistics in shared memory' },
  },
  vrings: { fixed: ['command', { name: 'event', with: 'P2A_CHANNELS' }] },
};
