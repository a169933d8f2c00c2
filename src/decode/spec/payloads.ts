/**
 * Layouts shared by several messages, spec section "Message payload" and the sections below it. Sizes are given in
 * bytes where they are fixed. Field names are those of the specification.
 */
import type { Variant } from '../message-spec.ts';
import { nothing, struct } from '../schema.ts';

export { nothing };

/** 8 bytes: the acknowledgement of a request with need_reply. Zero is success. */
export const ack = struct('ack', 'ack', {
  result: { kind: 'u64', id: 'ack', doc: '0 success, anything else failure' },
});

/** 8 bytes: a virtio feature mask. */
export const features = struct('features', 'features', {
  features: { kind: 'features', of: 'virtio', id: 'features', doc: 'virtio feature mask' },
});

/** 8 bytes: a protocol feature mask. */
export const protocolFeaturesMask = struct('protocol features', 'protocol_features', {
  protocol_features: { kind: 'features', of: 'protocol', id: 'protocol_features', doc: 'protocol feature mask' },
});

/** 8 bytes: how many queues the back-end supports. */
export const queueNum = struct('queue number', 'queue', {
  queue_num: { kind: 'u64', id: 'queue.num', doc: 'queues supported (queue pairs for net)' },
});

/** 8 bytes: how many memory regions the back-end can hold. */
export const memorySlots = struct('memory slots', 'mem', {
  max_mem_slots: { kind: 'u64', id: 'mem.slots', doc: 'memory regions the back-end can hold' },
});

/** 8 bytes: the MTU of the guest's interface. */
export const mtu = struct('mtu', 'net', { mtu: { kind: 'u64', id: 'net.mtu', doc: 'bytes, Ethernet payload' } });

/** 8 bytes: a MAC address in the first six. */
export const rarp = struct('rarp', 'net', {
  mac: { kind: 'mac', id: 'net.mac', doc: 'address of the migrated guest' },
  padding: { kind: 'pad', size: 2 },
});

/** 8 bytes: id of a crypto session. */
export const cryptoSessionId = struct('crypto session id', 'crypto', {
  session_id: { kind: 'i64', doc: 'session to close' },
});

/** 8 bytes: the virtio device status in the low byte. */
export const status = struct('device status', 'status', {
  status: {
    kind: 'flags',
    size: 8,
    id: 'status',
    bits: { ACKNOWLEDGE: 0, DRIVER: 1, DRIVER_OK: 2, FEATURES_OK: 3, SUSPEND: 4, DEVICE_NEEDS_RESET: 6, FAILED: 7 },
    doc: 'virtio device status',
  },
});

/** 8 bytes: a ring and whether a descriptor comes with it; messages 12, 13 and 14. */
export const vringFd = struct('vring descriptor', 'vring', {
  reserved: {
    kind: 'word',
    size: 8,
    parts: {
      index: { from: 0, width: 8, doc: 'ring' },
      nofd: { from: 8, width: 1, doc: 'no descriptor: poll instead' },
    },
  },
});

/** 8 bytes: a ring and a number, whose meaning depends on the message. */
export const vringState = struct('vring state', 'vring', {
  index: { kind: 'u32', doc: 'ring' },
  num: { kind: 'u32', doc: 'size, index or switch' },
});

/** 8 bytes: the size of a ring in descriptors. */
export const vringNum = struct('vring size', 'vring', {
  index: { kind: 'u32', doc: 'ring' },
  num: { kind: 'u32', id: 'vring.num', doc: 'descriptors' },
});

/**
 * 8 bytes: where a ring goes on. Split rings: the next available index, free running. Packed rings: two 15-bit
 * positions, each with its wrap counter.
 */
export const vringBase = struct('vring base', 'vring', {
  index: { kind: 'u32', doc: 'ring' },
  num: { kind: 'u32', id: 'vring.base', when: ['not', ['feature', 'RING_PACKED']], doc: 'next available index' },
  reserved: {
    kind: 'word',
    size: 4,
    when: ['feature', 'RING_PACKED'],
    parts: {
      last_avail: { from: 0, width: 15, id: 'vring.base.avail', doc: 'next available entry' },
      avail_wrap: { from: 15, width: 1, id: 'vring.base.avail_wrap', doc: 'wrap counter of the driver' },
      last_used: { from: 16, width: 15, id: 'vring.base.used', doc: 'next used entry' },
      used_wrap: { from: 31, width: 1, id: 'vring.base.used_wrap', doc: 'wrap counter of the device' },
    },
  },
});

/** 8 bytes: a ring switched on or off. */
export const vringEnable = struct('vring enable', 'vring', {
  index: { kind: 'u32', doc: 'ring' },
  num: { kind: 'u32', id: 'vring.enable', doc: '1 enable, 0 disable' },
});

/** 8 bytes: the byte order of a legacy ring. */
export const vringEndian = struct('vring endianness', 'vring', {
  index: { kind: 'u32', doc: 'ring' },
  num: { kind: 'enum', size: 4, id: 'vring.endian', values: { LITTLE: 0, BIG: 1 }, doc: 'byte order' },
});

/** 40 bytes: where the parts of a ring lie; the used ring comes before the available ring. */
export const vringAddr = struct('vring address', 'vring', {
  index: { kind: 'u32', doc: 'ring' },
  flags: { kind: 'flags', size: 4, id: 'vring.addr.flags', bits: { LOG: 0 }, doc: 'log writes to the used ring' },
  descriptor: { kind: 'u64', show: 'hex', host: true, id: 'vring.addr.desc', doc: 'descriptor area' },
  used: { kind: 'u64', show: 'hex', host: true, id: 'vring.addr.used', doc: 'used ring, device area' },
  available: { kind: 'u64', show: 'hex', host: true, id: 'vring.addr.avail', doc: 'available ring, driver area' },
  log: { kind: 'u64', show: 'hex', id: 'vring.addr.log', doc: 'guest address logged for the used ring' },
});

const region = {
  guest_address: { kind: 'u64', show: 'hex', id: 'mem.guest_addr', doc: 'guest physical address' },
  size: { kind: 'u64', show: 'hex', id: 'mem.size', doc: 'bytes' },
  user_address: { kind: 'u64', show: 'hex', host: true, id: 'mem.user_addr', doc: 'address in the front-end' },
  mmap_offset: { kind: 'u64', show: 'hex', id: 'mem.mmap_offset', doc: 'offset of the region in its descriptor' },
} as const;

/** 32 bytes: a piece of guest memory. */
export const memoryRegion = struct('memory region', 'mem', region);

/** 40 bytes, with XEN_MMAP. QEMU acknowledges that feature and yet sends the short form, so the size decides. */
const xenMemoryRegion = struct('memory region for Xen', 'mem', {
  ...region,
  xen_mmap_flags: {
    kind: 'flags',
    size: 4,
    id: 'mem.xen_flags',
    bits: { FOREIGN: 0, GRANT: 1, NO_ADVANCE_MAP: 8 },
    doc: 'how Xen maps it',
  },
  domid: { kind: 'u32', id: 'mem.xen_domid', doc: 'Xen domain' },
});

const tableHead = {
  num_regions: { kind: 'u32', id: 'mem.num_regions', doc: 'regions that follow' },
  padding: { kind: 'pad', size: 4 },
} as const;

/** 8 bytes and 32 for each region. Legal is the size of the actual number of regions. */
export const memoryTable = struct('memory regions description', 'mem', {
  ...tableHead,
  regions: { kind: 'array', count: 'num_regions', of: memoryRegion },
});

/** 8 bytes and 40 for each region. */
const xenMemoryTable = struct('memory regions description for Xen', 'mem', {
  ...tableHead,
  regions: { kind: 'array', count: 'num_regions', of: xenMemoryRegion },
});

/** 40 bytes: one region. */
export const singleRegion = struct('single memory region', 'mem', {
  padding: { kind: 'pad', size: 8 },
  region: { kind: 'group', of: memoryRegion },
});

/** 48 bytes: one region, with XEN_MMAP. */
const xenSingleRegion = struct('single memory region for Xen', 'mem', {
  padding: { kind: 'pad', size: 8 },
  region: { kind: 'group', of: xenMemoryRegion },
});

/** A memory table in either form. */
export const memoryTables: readonly Variant[] = [
  { when: ['stride', 8, 40], payload: xenMemoryTable, doc: 'with XEN_MMAP' },
  { payload: memoryTable },
];

/** A single region in either form. */
export const singleRegions: readonly Variant[] = [
  { when: ['size', 48], payload: xenSingleRegion, doc: 'with XEN_MMAP' },
  { payload: singleRegion },
];

/** 16 bytes: the dirty log, one bit for each 4 KiB page from guest address 0. */
export const log = struct('log', 'log', {
  size: { kind: 'u64', show: 'hex', doc: 'bytes of the log' },
  offset: { kind: 'u64', show: 'hex', doc: 'offset in its descriptor' },
});

/** 8 bytes: the dirty log at an address of the front-end, from before LOG_SHMFD. */
export const logAddress = struct('log address', 'log', {
  address: { kind: 'u64', show: 'hex', host: true, doc: 'address in the front-end' },
});

/** 8 bytes: the size of the log, as libvhost-user and VPP answer SET_LOG_BASE. */
export const logSize = struct('log size', 'log', { size: { kind: 'u64', show: 'hex', doc: 'bytes of the log' } });

/** 32 bytes: one entry of the device IOTLB. QEMU leaves what an invalidation does not use uninitialised. */
export const iotlb = struct('IOTLB', 'iotlb', {
  iova: { kind: 'u64', show: 'hex', doc: 'I/O virtual address' },
  size: { kind: 'u64', show: 'hex', doc: 'bytes' },
  user_address: { kind: 'u64', show: 'hex', host: true, id: 'iotlb.user_addr', doc: 'address in the front-end' },
  permissions: { kind: 'enum', size: 1, id: 'iotlb.perm', values: { NONE: 0, RO: 1, WO: 2, RW: 3 }, doc: 'access' },
  type: {
    kind: 'enum',
    size: 1,
    values: { MISS: 1, UPDATE: 2, INVALIDATE: 3, ACCESS_FAIL: 4, BATCH_BEGIN: 5, BATCH_END: 6 },
    doc: 'what is asked or told',
  },
  padding: { kind: 'pad', size: 6, loose: true },
});

/** 12 bytes and the data: a window of the device configuration space. */
export const config = struct('device configuration space', 'config', {
  offset: { kind: 'u32', doc: 'first byte' },
  size: { kind: 'u32', doc: 'bytes' },
  flags: { kind: 'enum', size: 4, values: { WRITABLE: 0, LIVE_MIGRATION: 1 }, doc: 'who writes, and when' },
  config: { kind: 'config', offset: 'offset', length: 'size', id: 'config.data', doc: 'the bytes themselves' },
});

/** 24 bytes: a doorbell page. */
export const vringArea = struct('vring area description', 'vring', {
  reserved: {
    kind: 'word',
    size: 8,
    parts: {
      index: { from: 0, width: 8, doc: 'ring' },
      nofd: { from: 8, width: 1, doc: 'no descriptor: unmap' },
    },
  },
  size: { kind: 'u64', show: 'hex', id: 'notifier.size', doc: 'bytes, one host page' },
  offset: { kind: 'u64', show: 'hex', id: 'notifier.offset', doc: 'offset in the descriptor' },
});

/** 24 bytes, of which the last four are C alignment: memory in which descriptors in flight are tracked. */
export const inflight = struct('inflight description', 'inflight', {
  mmap_size: { kind: 'u64', show: 'hex', doc: 'bytes of the region' },
  mmap_offset: { kind: 'u64', show: 'hex', doc: 'offset in its descriptor' },
  num_queues: { kind: 'u16', doc: 'rings covered' },
  queue_size: { kind: 'u16', doc: 'descriptors in a ring' },
  padding: { kind: 'pad', size: 4, loose: true },
});

/** 16 bytes: a shared object. */
export const sharedObject = struct('shared object', 'object', { uuid: { kind: 'uuid', doc: 'the object' } });

/** 8 bytes: a transfer of the back-end's internal state. */
export const transferState = struct('device state transfer parameters', 'state', {
  direction: { kind: 'enum', size: 4, values: { SAVE: 0, LOAD: 1 }, doc: 'out of or into the back-end' },
  phase: { kind: 'enum', size: 4, values: { STOPPED: 0 }, doc: 'migration phase' },
});

/** 8 bytes: whether the transfer starts, and over which descriptor. */
export const transferReply = struct('device state reply', 'state', {
  reserved: {
    kind: 'word',
    size: 8,
    parts: {
      error: { from: 0, width: 8, doc: '0, or why the back-end refuses' },
      nofd: { from: 8, width: 1, doc: 'no descriptor of its own: the one of the front-end is used' },
    },
  },
});

/** 40 bytes: a mapping in a VIRTIO shared memory region. */
export const mmap = struct('VIRTIO shared memory mapping', 'shmem', {
  shmid: { kind: 'u8', doc: 'shared memory region' },
  padding: { kind: 'pad', size: 7 },
  fd_offset: { kind: 'u64', show: 'hex', doc: 'offset in the descriptor' },
  shm_offset: { kind: 'u64', show: 'hex', doc: 'offset in the shared memory region' },
  len: { kind: 'u64', show: 'hex', doc: 'bytes' },
  flags: { kind: 'flags', size: 8, bits: { RW: 0 }, doc: 'read-write, else read-only' },
});

/** 2056 bytes: the sizes of the 256 VIRTIO shared memory regions. */
export const shmemConfig = struct('VIRTIO shared memory configuration', 'shmem', {
  nregions: { kind: 'u32', doc: 'regions that are not empty' },
  padding: { kind: 'pad', size: 4 },
  memory_sizes: { kind: 'table', count: 256, show: 'hex', id: 'shmem.sizes', doc: 'bytes of each, by its id' },
});

/** 8 bytes and 8 for each size: as many sizes as are needed, the first being that of region 0. */
export const shmemConfigDraft = struct('draft of the VIRTIO shared memory configuration', 'shmem', {
  nregions: { kind: 'u32', doc: 'regions that are not empty' },
  padding: { kind: 'pad', size: 4 },
  sizes: { kind: 'bytes', length: 'rest', id: 'shmem.draft_sizes', doc: '64-bit sizes' },
});
