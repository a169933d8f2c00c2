/**
 * Virtio feature bits that do not depend on the device type, and the two that vhost itself uses (LOG_ALL and
 * PROTOCOL_FEATURES). Virtio specification, "Reserved Feature Bits"; vhost-user specification, "Feature bits".
 */
import type { FeatureBit } from './protocol-features.ts';

const declared = {
  NOTIFY_ON_EMPTY: { bit: 24, doc: 'legacy: interrupt when the ring runs empty' },
  LOG_ALL: { bit: 26, aliases: ['VHOST_F_LOG_ALL'], doc: 'vhost: writes to guest memory are logged for migration' },
  ANY_LAYOUT: { bit: 27, doc: 'legacy: descriptors of any layout' },
  RING_INDIRECT_DESC: { bit: 28, doc: 'indirect descriptors' },
  RING_EVENT_IDX: { bit: 29, doc: 'used_event and avail_event suppress notifications' },
  PROTOCOL_FEATURES: {
    bit: 30,
    aliases: ['VHOST_USER_F_PROTOCOL_FEATURES'],
    doc: 'vhost-user: protocol features exist, rings start disabled',
  },
  VERSION_1: { bit: 32, doc: 'virtio 1.0 or later' },
  ACCESS_PLATFORM: { bit: 33, aliases: ['IOMMU_PLATFORM'], doc: 'the device is behind an IOMMU' },
  RING_PACKED: { bit: 34, doc: 'packed virtqueues' },
  IN_ORDER: { bit: 35, doc: 'buffers are used in the order they were made available' },
  ORDER_PLATFORM: { bit: 36, doc: 'memory accesses are ordered as the platform prescribes' },
  SR_IOV: { bit: 37, doc: 'single root I/O virtualization' },
  NOTIFICATION_DATA: { bit: 38, doc: 'the driver passes extra data in notifications' },
  NOTIF_CONFIG_DATA: { bit: 39, doc: 'the device gives the data for notifications' },
  RING_RESET: { bit: 40, doc: 'single rings can be reset' },
  ADMIN_VQ: { bit: 41, doc: 'administration virtqueues' },
  SUSPEND: { bit: 43, doc: 'the device can be suspended' },
} as const satisfies { readonly [name: string]: FeatureBit };

/** Name of a virtio feature that does not depend on the device type. */
export type TransportFeature = keyof typeof declared;

/** Device-independent virtio features by name. */
export const transportFeatures: { readonly [name in TransportFeature]: FeatureBit } = declared;
