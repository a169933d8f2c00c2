/**
 * Messages that were never in the specification, or left it: private and pre-standard numbers seen in the wild. They
 * are candidates for a number besides the message of the specification; `meant` says when. Several peers used the same
 * names for other numbers: those carry the number in their name.
 */
import type { FdRule, MessageSpec, ReplyRule } from '../message-spec.ts';
import { type Cond, nothing, struct } from '../schema.ts';
import { ack } from './payloads.ts';

const acked: ReplyRule = { when: 'ack', shapes: [{ payload: ack }] };
/** A message that nothing in its bytes or context tells from others: named as a candidate, never chosen. */
const never: Cond = ['any', []];
const crosvm: Cond = ['dialect', 'crosvm'];
const oneFd = (role: string): FdRule => ({ count: ['exactly', 1], role });

const opaque = struct('private data', 'private', { data: { kind: 'bytes', length: 'rest', doc: 'layout not known' } });

/** 1 byte, crosvm's way to answer. */
const success = struct('success', 'success', {
  success: { kind: 'enum', size: 1, id: 'success', values: { FAILED: 0, OK: 1 }, doc: 'whether it was done' },
});
const succeeds: ReplyRule = { when: 'always', shapes: [{ payload: success }] };

/** 1 byte and the state. */
const snapshot = struct('snapshot', 'snapshot', {
  success: { kind: 'enum', size: 1, id: 'success', values: { FAILED: 0, OK: 1 }, doc: 'whether it was taken' },
  data: { kind: 'bytes', length: 'rest', doc: 'serialised state' },
});
const restore = struct('restore', 'snapshot', {
  data: { kind: 'bytes', length: 'rest', doc: 'serialised state' },
});

/** 16 bytes: a shared memory region as crosvm told it before GET_SHMEM_CONFIG. */
const sharedRegion = struct('crosvm shared memory region', 'shmem', {
  shmid: { kind: 'u8', doc: 'shared memory region' },
  padding: { kind: 'pad', size: 7 },
  length: { kind: 'u64', show: 'hex', id: 'shmem.len', doc: 'bytes' },
});
/** 8 bytes and 16 for each region. The count has 64 bits, on little endian hosts only. */
const sharedRegions = struct('crosvm shared memory regions', 'shmem', {
  num_regions: { kind: 'u32', id: 'shmem.nregions', doc: 'regions that follow' },
  padding: { kind: 'pad', size: 4 },
  regions: { kind: 'array', count: 'num_regions', of: sharedRegion },
});

/** crosvm's front-end messages under their first numbers, which the specification gave to others, and their later ones. */
function crosvmFrontEnd(
  ids: { regions: number; sleep: number; wake: number; snapshot: number; restore: number },
  since: string,
  meant: { readonly [id: number]: Cond },
): MessageSpec[] {
  const message = (
    id: number,
    name: string,
    rest: Omit<MessageSpec, 'id' | 'name' | 'since' | 'spec' | 'private'>,
  ) => ({
    ...rest,
    name: id < 1000 ? `${name}_${id}` : name,
    id,
    since,
    spec: '',
    private: 'crosvm',
    ...(meant[id] && { meant: meant[id] }),
  });
  return [
    message(ids.regions, 'GET_SHARED_MEMORY_REGIONS', {
      payload: nothing,
      reply: { when: 'always', shapes: [{ payload: sharedRegions }] },
      doc: 'asks for the shared memory regions',
    }),
    message(ids.sleep, 'SLEEP', { payload: nothing, reply: succeeds, doc: 'stops all rings and keeps their state' }),
    message(ids.wake, 'WAKE', { payload: nothing, reply: succeeds, doc: 'goes on with all rings' }),
    message(ids.snapshot, 'SNAPSHOT', {
      payload: nothing,
      reply: { when: 'always', shapes: [{ payload: snapshot }] },
      doc: 'asks for the state of the device',
    }),
    message(ids.restore, 'RESTORE', {
      payload: restore,
      fds: { count: ['up-to', 32], role: 'kick', kinds: ['eventfd'] },
      reply: succeeds,
      doc: 'gives the state of the device back',
    }),
  ];
}

const without = (...features: readonly Extract<Cond, readonly ['protocol', unknown]>[1][]): Cond => [
  'all',
  [crosvm, ...features.map((feature): Cond => ['not', ['protocol', feature]])],
];

/** Private requests of front-ends. */
export const privateFrontEnd: readonly MessageSpec[] = [
  ...crosvmFrontEnd({ regions: 41, sleep: 42, wake: 43, snapshot: 44, restore: 45 }, 'crosvm 2022 to March 2024', {
    41: without('SHARED_OBJECT'),
    42: without('DEVICE_STATE'),
    43: without('DEVICE_STATE'),
    // Today's crosvm sends GET_SHMEM_CONFIG whatever was negotiated; bits 20 and 21 are its drafts of SHMEM.
    44: without('SHMEM', 'GPA_ADDRESSES', 'GET_VRING_BASE_INFLIGHT'),
    45: without('GET_VRING_BASE_SKIP_DRAIN'),
  }),
  ...crosvmFrontEnd(
    { regions: 1004, sleep: 1000, wake: 1001, snapshot: 1002, restore: 1003 },
    'crosvm since March 2024',
    {},
  ),
  {
    name: 'NET_SET_BACKEND',
    id: 15,
    payload: opaque,
    reply: acked,
    meant: never,
    since: 'prototypes of 2013',
    doc: 'a prototype whose header had no size field, and so cannot be framed',
    spec: '',
    private: 'Snabb prototype',
  },
  {
    name: 'MEM_DATA',
    id: 41,
    payload: opaque,
    reply: acked,
    meant: never,
    since: 'never',
    doc: 'a proposal: answers an access of the back-end to memory it has not mapped',
    spec: '',
    private: 'QEMU proposal',
  },
];

const entries = (doc: string, show: 'hex' = 'hex') => ({ kind: 'table', count: 8, show, doc }) as const;

/** 256 bytes: up to eight changes of the DAX window. */
const fsMessage = struct('file system mapping', 'fs', {
  fd_offset: entries('offsets in the file'),
  cache_offset: entries('offsets in the DAX window'),
  len: entries('bytes; entries of length 0 are not used'),
  flags: entries('bit 0 readable, bit 1 writable'),
});

/** The messages that changed the DAX window of virtio-fs. Of each number the size and the descriptors tell which it is. */
function dax(
  ids: { map: number; unmap: number; sync?: number; io: number },
  whose: string,
  since: string,
  plain = false,
) {
  const message = (id: number, name: string, doc: string, fds: 0 | 1): MessageSpec => ({
    name: plain ? name : `${name}_${id}`,
    id,
    payload: fsMessage,
    ...(fds === 1 && { fds: oneFd('dax') }),
    reply: acked,
    meant: ['all', [['size', 256], ['fds', fds], ...(whose === 'crosvm' && id < 12 ? [crosvm] : [])]],
    since,
    doc,
    spec: '',
    private: whose,
  });
  return [
    message(ids.map, 'BACKEND_FS_MAP', 'maps parts of a file into the DAX window', 1),
    message(ids.unmap, 'BACKEND_FS_UNMAP', 'unmaps parts of the DAX window', 0),
    ...(ids.sync === undefined ? [] : [message(ids.sync, 'BACKEND_FS_SYNC', 'writes parts of the DAX window back', 0)]),
    message(ids.io, 'BACKEND_FS_IO', 'reads or writes guest memory from a file', 1),
  ];
}

/** 32 bytes: a mapping as crosvm asked for it before the specification. */
const crosvmMap = struct('crosvm shared memory mapping', 'shmem', {
  flags: { kind: 'flags', size: 1, bits: { R: 0, W: 1 }, doc: 'access' },
  shmid: { kind: 'u8', doc: 'shared memory region' },
  padding: { kind: 'pad', size: 6 },
  shm_offset: { kind: 'u64', show: 'hex', doc: 'offset in the shared memory region' },
  fd_offset: { kind: 'u64', show: 'hex', doc: 'offset in the descriptor' },
  len: { kind: 'u64', show: 'hex', doc: 'bytes' },
});
const window = {
  shmid: { kind: 'u8', doc: 'shared memory region' },
  padding: { kind: 'pad', size: 7 },
  shm_offset: { kind: 'u64', show: 'hex', doc: 'offset in the shared memory region' },
  len: { kind: 'u64', show: 'hex', doc: 'bytes' },
} as const;
/** 24 bytes. */
const crosvmUnmap = struct('crosvm shared memory unmapping', 'shmem', window);
/** 64 bytes. */
const gpuMap = struct('crosvm GPU mapping', 'shmem', {
  ...window,
  memory_idx: { kind: 'u32', doc: 'memory type' },
  handle_type: { kind: 'u32', show: 'hex', doc: 'kind of handle' },
  device_uuid: { kind: 'uuid', doc: 'device' },
  driver_uuid: { kind: 'uuid', doc: 'driver' },
});
/** 32 bytes. */
const externalMap = struct('crosvm external mapping', 'shmem', {
  ...window,
  ptr: { kind: 'u64', show: 'hex', host: true, doc: 'a pointer of the back-end, without meaning here' },
});

/** crosvm's shared memory messages; their sizes differ from those of the specification. */
function crosvmShmem(ids: { map: number; unmap: number; gpu: number }, since: string): MessageSpec[] {
  const message = (id: number, name: string, payload: MessageSpec['payload'], size: number, doc: string) => ({
    name,
    id,
    payload,
    reply: acked,
    meant: ['size', size] as const,
    since,
    doc,
    spec: '',
    private: 'crosvm',
  });
  return [
    {
      ...message(
        ids.map,
        `BACKEND_SHMEM_MAP_${ids.map}`,
        crosvmMap,
        32,
        'maps a descriptor into a shared memory region',
      ),
      fds: oneFd('shmem'),
    },
    message(ids.unmap, `BACKEND_SHMEM_UNMAP_${ids.unmap}`, crosvmUnmap, 24, 'unmaps part of a shared memory region'),
    {
      ...message(
        ids.gpu,
        ids.gpu < 1000 ? `BACKEND_GPU_MAP_${ids.gpu}` : 'BACKEND_GPU_MAP',
        gpuMap,
        64,
        'maps GPU memory into a shared memory region',
      ),
      fds: oneFd('shmem'),
    },
  ];
}

/** 12 bytes and the data: an access to guest memory by message. */
const memoryAccess = {
  guest_addr: { kind: 'u64', show: 'hex', id: 'mem.guest_addr', doc: 'guest physical address' },
  size: { kind: 'u32', id: 'mem.size', doc: 'bytes' },
} as const;
const memoryRead = struct('memory read', 'mem', memoryAccess);
const memoryWrite = struct('memory write', 'mem', {
  ...memoryAccess,
  data: { kind: 'bytes', length: 'size', doc: 'bytes to write' },
});
const proposal = { since: 'never', spec: '', private: 'QEMU proposal', reply: acked } as const;

const backEnd: readonly MessageSpec[] = [
  ...dax({ map: 8, unmap: 9, sync: 10, io: 11 }, 'crosvm', 'crosvm until March 2024'),
  ...dax({ map: 6, unmap: 7, sync: 8, io: 9 }, 'rust-vmm', 'rust-vmm 2021 to 2024', true),
  ...dax({ map: 4, unmap: 5, sync: 6, io: 7 }, 'rust-vmm', 'the first virtiofs'),
  // Its other numbers are those of rust-vmm.
  ...dax({ map: 6, unmap: 7, io: 8 }, 'QEMU', 'the virtio-fs branch of QEMU').slice(2),
  ...dax({ map: 1002, unmap: 1003, sync: 1004, io: 1005 }, 'crosvm', 'crosvm since March 2024'),
  ...dax({ map: 1000, unmap: 1001, sync: 1002, io: 1003 }, 'rust-vmm', 'vhost 0.11'),
  ...crosvmShmem({ map: 6, unmap: 7, gpu: 12 }, 'crosvm until March 2024'),
  ...crosvmShmem({ map: 1000, unmap: 1001, gpu: 1006 }, 'crosvm since March 2024'),
  {
    name: 'BACKEND_EXTERNAL_MAP',
    id: 1007,
    payload: externalMap,
    reply: acked,
    since: 'crosvm since March 2024',
    doc: 'maps memory of the back-end into a shared memory region',
    spec: '',
    private: 'crosvm',
  },
  {
    ...proposal,
    name: 'BACKEND_MEM_ACCESS',
    id: 9,
    payload: opaque,
    meant: never,
    doc: 'a proposal: accesses guest memory that is not mapped',
  },
  {
    ...proposal,
    name: 'BACKEND_MEM_READ',
    id: 11,
    payload: memoryRead,
    meant: ['size', 12],
    doc: 'a proposal: reads guest memory by message',
  },
  {
    ...proposal,
    name: 'BACKEND_MEM_WRITE',
    id: 12,
    payload: memoryWrite,
    meant: [
      'all',
      [
        ['size', 12, 4096],
        ['not', ['size', 64]],
      ],
    ],
    doc: 'a proposal: writes guest memory by message',
  },
];

/** Private requests of back-ends. A number above those of the specification that only one of them has, is that one. */
export const privateBackEnd: readonly MessageSpec[] = backEnd.map(spec => {
  if (spec.id <= 10 || backEnd.some(other => other !== spec && other.id === spec.id)) return spec;
  const { meant: _, ...alone } = spec;
  return alone;
});
