/**
 * Protocol features (GET/SET_PROTOCOL_FEATURES), spec section "Protocol features".
 */
import type { Dialect } from '../frame.ts';

/** What is known of one feature bit. */
export interface FeatureBit {
  readonly bit: number;
  /** What it brings, in one line. */
  readonly doc: string;
  /** First QEMU release with it. */
  readonly since?: string;
  /** Features of the same mask that must be negotiated along with it. */
  readonly needs?: readonly string[];
  /** Other spellings. */
  readonly aliases?: readonly string[];
}

const declared = {
  MQ: { bit: 0, since: '2.5', doc: 'several queue pairs or queues: GET_QUEUE_NUM' },
  LOG_SHMFD: { bit: 1, since: '2.5', doc: 'dirty log in shared memory passed with SET_LOG_BASE, which is answered' },
  RARP: { bit: 2, since: '2.5', doc: 'SEND_RARP after migration' },
  REPLY_ACK: { bit: 3, since: '2.7', doc: 'need_reply: any request may ask for an acknowledgement' },
  MTU: { bit: 4, since: '2.9', aliases: ['NET_MTU'], doc: 'NET_SET_MTU' },
  BACKEND_REQ: { bit: 5, since: '2.10', aliases: ['SLAVE_REQ'], doc: 'a socket for requests of the back-end' },
  CROSS_ENDIAN: { bit: 6, since: '2.10', doc: 'SET_VRING_ENDIAN for legacy guests of other byte order' },
  CRYPTO_SESSION: { bit: 7, since: '2.12', doc: 'CREATE_CRYPTO_SESSION and CLOSE_CRYPTO_SESSION' },
  PAGEFAULT: { bit: 8, since: '2.12', doc: 'postcopy migration through a userfaultfd of the back-end' },
  CONFIG: { bit: 9, since: '2.12', doc: 'the back-end provides the device configuration space' },
  BACKEND_SEND_FD: {
    bit: 10,
    since: '3.0',
    aliases: ['SLAVE_SEND_FD'],
    needs: ['BACKEND_REQ'],
    doc: 'descriptors on the back-end request channel',
  },
  HOST_NOTIFIER: {
    bit: 11,
    since: '3.0',
    needs: ['BACKEND_REQ', 'BACKEND_SEND_FD'],
    doc: 'doorbell pages of a hardware back-end mapped into the guest',
  },
  INFLIGHT_SHMFD: { bit: 12, since: '4.0', doc: 'descriptors in flight are tracked in shared memory' },
  RESET_DEVICE: { bit: 13, since: '5.0', doc: 'RESET_DEVICE' },
  INBAND_NOTIFICATIONS: {
    bit: 14,
    since: '5.0',
    needs: ['REPLY_ACK', 'BACKEND_REQ'],
    doc: 'kicks and calls as messages instead of eventfds',
  },
  CONFIGURE_MEM_SLOTS: { bit: 15, since: '5.1', doc: 'memory regions are added and removed one by one' },
  STATUS: { bit: 16, since: '5.1', doc: 'virtio device status: SET_STATUS and GET_STATUS' },
  XEN_MMAP: { bit: 17, since: '8.1', doc: 'memory regions carry Xen mapping flags and a domain' },
  SHARED_OBJECT: { bit: 18, since: '8.2', doc: 'dma-buf objects shared between devices by UUID' },
  DEVICE_STATE: { bit: 19, since: '8.2', doc: 'internal state of the back-end is migrated through a pipe' },
  GET_VRING_BASE_INFLIGHT: {
    bit: 20,
    since: '11.0',
    needs: ['INFLIGHT_SHMFD'],
    doc: 'GET_VRING_BASE may leave requests in flight, recorded in the inflight region',
  },
  GPA_ADDRESSES: { bit: 21, since: '11.1', doc: 'ring and region addresses are guest physical' },
  SHMEM: {
    bit: 22,
    since: '11.1',
    aliases: ['SHMEM_MAP'],
    needs: ['BACKEND_REQ', 'BACKEND_SEND_FD'],
    doc: 'VIRTIO shared memory regions mapped on request of the back-end',
  },
  GET_VRING_BASE_SKIP_DRAIN: {
    bit: 23,
    since: '11.2',
    needs: ['GET_VRING_BASE_INFLIGHT', 'INFLIGHT_SHMFD'],
    doc: 'GET_VRING_BASE_SKIP_DRAIN stops a ring without waiting for requests in flight',
  },
} as const satisfies { readonly [name: string]: FeatureBit };

/** Name of a protocol feature. */
export type ProtocolFeature = keyof typeof declared;

/** Protocol features by name. */
export const protocolFeatures: { readonly [name in ProtocolFeature]: FeatureBit } = declared;

/** Another meaning a bit had or has with some implementation. */
export interface OtherMeaning {
  readonly bit: number;
  readonly name: string;
  readonly dialect: Dialect;
  /** Which of its releases. */
  readonly since: string;
  readonly doc: string;
}

/** Protocol feature bits that collide: private ones, and those that moved before they were specified. */
export const otherMeanings: readonly OtherMeaning[] = [
  {
    bit: 17,
    name: 'SHARED_OBJECT',
    dialect: 'qemu',
    since: 'development of 8.2',
    doc: 'objects shared by UUID, now bit 18',
  },
  {
    bit: 17,
    name: 'SHARED_MEMORY_REGIONS',
    dialect: 'crosvm',
    since: '2022',
    doc: 'shared memory regions, private',
  },
  {
    bit: 31,
    name: 'SHARED_MEMORY_REGIONS',
    dialect: 'crosvm',
    since: '2023',
    doc: 'shared memory regions, private',
  },
  {
    bit: 20,
    name: 'SHMEM',
    dialect: 'crosvm',
    since: 'December 2025',
    doc: 'VIRTIO shared memory regions as drafted, now bit 22',
  },
  {
    bit: 21,
    name: 'SHMEM',
    dialect: 'crosvm',
    since: 'March 2026',
    doc: 'VIRTIO shared memory regions as drafted, now bit 22',
  },
  {
    bit: 21,
    name: 'SHMEM',
    dialect: 'rust-vmm',
    since: 'vhost 0.16, until 0.17',
    doc: 'VIRTIO shared memory regions as drafted, now bit 22',
  },
];

/** Protocol features of vhost-user-gpu, negotiated on its own socket. */
export const gpuProtocolFeatures: { readonly [name: string]: FeatureBit } = {
  EDID: { bit: 0, since: '4.1', doc: 'GPU_GET_EDID' },
  DMABUF2: { bit: 1, since: '8.2', doc: 'GPU_DMABUF_SCANOUT2, with a format modifier' },
};
