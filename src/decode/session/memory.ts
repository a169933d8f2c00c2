/** The memory of the guest as the back-end knows it, and what an address of the front-end means in it. */
import type { Payload } from '../decode.ts';
import type { Frame } from '../frame.ts';
import { type Area, big, type CarriedFd, fdOf } from './area.ts';

/** One region of guest memory; addresses and sizes in bytes. */
export interface Region {
  readonly guestAddress: bigint;
  readonly size: bigint;
  /** Address in the front-end's own address space. */
  readonly userAddress: bigint;
  /** Offset of the region in its descriptor. */
  readonly fdOffset: bigint;
  readonly fd?: CarriedFd;
  /** Record that brought it. */
  readonly n: number;
}

/** All regions, in the order they came. */
export interface Memory {
  readonly regions: readonly Region[];
  /** How they came: as one table, or one by one. */
  readonly by?: 'table' | 'slots';
  /** Record of the last change. */
  readonly changedAt?: number;
}

/** No memory shared. */
export const noMemory: Memory = { regions: [] };

function region(payload: Payload, frame: Frame, at: number): Region {
  const fd = fdOf(frame, at);
  return {
    guestAddress: big(payload.guest_address),
    size: big(payload.size),
    userAddress: big(payload.user_address),
    fdOffset: big(payload.mmap_offset),
    n: frame.n,
    ...(fd && { fd }),
  };
}

/** Two descriptions of the same region: its addresses and size, not its descriptor. */
export function sameRegion(a: Region, b: Region): boolean {
  return a.guestAddress === b.guestAddress && a.userAddress === b.userAddress && a.size === b.size;
}

/** How messages change it. */
export const memory: Area<Memory> = {
  SET_MEM_TABLE: {
    request: (now, payload, frame) => {
      const entries = Array.isArray(payload.regions) ? (payload.regions as Payload[]) : [];
      // An empty table without descriptors acknowledges the reply of a postcopy table: it takes nothing away.
      if (entries.length === 0 && frame.fds.length === 0) return now;
      return {
        regions: entries.map((entry, at) => region(entry, frame, at)),
        by: 'table',
        changedAt: frame.n,
      };
    },
  },
  ADD_MEM_REG: {
    request: (now, payload, frame) =>
      payload.region === undefined
        ? now
        : {
            regions: [...now.regions, region(payload.region as Payload, frame, 0)],
            by: 'slots',
            changedAt: frame.n,
          },
  },
  REM_MEM_REG: {
    request: (now, payload, frame) => {
      if (payload.region === undefined) return now;
      const gone = region(payload.region as Payload, frame, 0);
      return { ...now, regions: now.regions.filter(one => !sameRegion(one, gone)), changedAt: frame.n };
    },
  },
};

/** Where an address lies. */
export interface Place {
  readonly region: Region;
  readonly guestAddress: bigint;
  /** Offset in the region's descriptor. */
  readonly fdOffset: bigint;
}

/**
 * Finds `length` bytes at an address of the front-end, or a guest physical one.
 *
 * @returns where they lie, or `undefined` if they are not whole inside one region
 */
export function locate(
  { regions }: Memory,
  address: bigint,
  length: bigint,
  kind: 'user' | 'guest' = 'user',
): Place | undefined {
  for (const region of regions) {
    const start = kind === 'user' ? region.userAddress : region.guestAddress;
    const inside = address - start;
    if (inside < 0n || inside + length > region.size) continue;
    return { region, guestAddress: region.guestAddress + inside, fdOffset: region.fdOffset + inside };
  }
  return undefined;
}

/**
 * The guest's memory as vhost merges it: regions that continue each other in the guest, in the front-end and in the
 * same object are one. In guest order.
 */
export function merged({ regions }: Memory): Region[] {
  const sorted = [...regions].sort((a, b) => (a.guestAddress < b.guestAddress ? -1 : 1));
  const joined: Region[] = [];
  for (const next of sorted) {
    const last = joined.at(-1);
    if (last && continues(last, next)) joined[joined.length - 1] = { ...last, size: last.size + next.size };
    else joined.push(next);
  }
  return joined;
}

function continues(a: Region, b: Region): boolean {
  return (
    a.guestAddress + a.size === b.guestAddress &&
    a.userAddress + a.size === b.userAddress &&
    a.fdOffset + a.size === b.fdOffset &&
    a.fd?.identity.dev === b.fd?.identity.dev &&
    a.fd?.identity.inode === b.fd?.identity.inode
  );
}
