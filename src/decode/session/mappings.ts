/** What is mapped or open at run time: device IOTLB entries, VIRTIO shared memory, shared objects, crypto sessions. */
import type { Payload } from '../decode.ts';
import type { Frame } from '../frame.ts';
import type { U64 } from '../schema.ts';
import { type Area, big, type CarriedFd, fdOf, known, number } from './area.ts';
import { Ranges } from './ranges.ts';

/** One entry of the device IOTLB; addresses and sizes in bytes. */
export interface IotlbEntry {
  readonly n: number;
  readonly iova: bigint;
  readonly size: bigint;
  readonly userAddress: bigint;
  /** 1 read, 2 write, 3 both. */
  readonly permissions: number;
}

/** One mapping in a VIRTIO shared memory region. */
export interface ShmemMapping {
  readonly n: number;
  readonly shmid: number;
  readonly shmOffset: bigint;
  readonly length: bigint;
  readonly fdOffset: bigint;
  readonly writable: boolean;
  readonly fd?: CarriedFd;
}

/** What is mapped. */
export interface Mappings {
  readonly iotlb: Ranges<IotlbEntry>;
  /** Misses that no update has answered. */
  readonly misses: readonly IotlbEntry[];
  /** Sizes of the shared memory regions by id, once told. */
  readonly shmemSizes?: readonly U64[] | undefined;
  readonly shmem: readonly ShmemMapping[];
  /** UUIDs the back-end has added, and the record that did. */
  readonly objects: ReadonlyMap<string, number>;
  /** Crypto sessions that are open, and the record that opened them. */
  readonly cryptoSessions: ReadonlyMap<bigint, number>;
}

/** Nothing mapped. */
export const noMappings: Mappings = {
  iotlb: Ranges.none(),
  misses: [],
  shmemSizes: undefined,
  shmem: [],
  objects: new Map(),
  cryptoSessions: new Map(),
};

/** Entries beyond this are dropped, old ones first: an analyzer must not grow with a guest's IOMMU traffic. */
const mostEntries = 4096;

const types = { miss: 1, update: 2, invalidate: 3 };

function entryOf(payload: Payload, { n }: Frame): IotlbEntry {
  return {
    n,
    iova: big(payload.iova),
    size: big(payload.size),
    userAddress: big(payload.user_address),
    permissions: number(payload.permissions),
  };
}

function bounded<T>(entries: readonly T[], added: T): readonly T[] {
  return [...(entries.length >= mostEntries ? entries.slice(1) : entries), added];
}

function mappingOf(payload: Payload, frame: Frame): ShmemMapping {
  const fd = fdOf(frame);
  return {
    n: frame.n,
    shmid: number(payload.shmid),
    shmOffset: big(payload.shm_offset),
    length: big(payload.len),
    fdOffset: big(payload.fd_offset),
    writable: (number(payload.flags) & 1) === 1,
    ...(fd && { fd }),
  };
}

/** Named one by one: a guest's IOMMU is busier than all the rest, and a spread takes several times as long. */
function withIotlb(now: Mappings, iotlb: Mappings['iotlb'], misses: Mappings['misses']): Mappings {
  if (iotlb === now.iotlb && misses === now.misses) return now;
  const { shmemSizes, shmem, objects, cryptoSessions } = now;
  return { iotlb, misses, shmemSizes, shmem, objects, cryptoSessions };
}

/** How messages change it. */
export const mappings: Area<Mappings> = {
  IOTLB_MSG: {
    request: (now, payload, frame) => {
      const entry = entryOf(payload, frame);
      const type = number(payload.type);
      if (type !== types.update && type !== types.invalidate) return now;
      const { iova, size } = entry;
      const iotlb = type === types.update ? now.iotlb.with(entry, mostEntries) : now.iotlb.without(iova, size);
      const end = iova + size;
      const misses = now.misses.filter(miss => !(iova <= miss.iova && miss.iova < end));
      return withIotlb(now, iotlb, misses.length === now.misses.length ? now.misses : misses);
    },
  },
  BACKEND_IOTLB_MSG: {
    request: (now, payload, frame) =>
      number(payload.type) === types.miss
        ? withIotlb(now, now.iotlb, bounded(now.misses, entryOf(payload, frame)))
        : now,
  },
  GET_SHMEM_CONFIG: {
    reply: (now, payload) =>
      Array.isArray(payload.memory_sizes) ? { ...now, shmemSizes: payload.memory_sizes as U64[] } : now,
  },
  BACKEND_SHMEM_MAP: {
    request: (now, payload, frame) => ({ ...now, shmem: bounded(now.shmem, mappingOf(payload, frame)) }),
  },
  BACKEND_SHMEM_UNMAP: {
    request: (now, payload, frame) => {
      const gone = mappingOf(payload, frame);
      const stays = (one: ShmemMapping) =>
        one.shmid !== gone.shmid || one.shmOffset !== gone.shmOffset || one.length !== gone.length;
      return { ...now, shmem: now.shmem.filter(stays) };
    },
  },
  BACKEND_SHARED_OBJECT_ADD: {
    request: (now, { uuid }, { n }) =>
      typeof uuid === 'string' && now.objects.size < mostEntries
        ? { ...now, objects: new Map(now.objects).set(uuid, n) }
        : now,
  },
  BACKEND_SHARED_OBJECT_REMOVE: {
    request: (now, { uuid }) => {
      const objects = new Map(now.objects);
      return typeof uuid === 'string' && objects.delete(uuid) ? { ...now, objects } : now;
    },
  },
  CREATE_CRYPTO_SESSION: {
    reply: (now, { session_id }, { n }) =>
      known(session_id) && session_id >= 0 && now.cryptoSessions.size < mostEntries
        ? { ...now, cryptoSessions: new Map(now.cryptoSessions).set(BigInt(session_id), n) }
        : now,
  },
  CLOSE_CRYPTO_SESSION: {
    request: (now, { session_id }) => {
      const cryptoSessions = new Map(now.cryptoSessions);
      return known(session_id) && cryptoSessions.delete(BigInt(session_id)) ? { ...now, cryptoSessions } : now;
    },
  },
  RESET_DEVICE: { request: now => ({ ...now, shmem: [] }) },
};
