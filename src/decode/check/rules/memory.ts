/** Guest memory as it is described. Spec sections "Memory region description" and "Memory access". */
import { merged, type Region, sameRegion } from '../../session/memory.ts';
import { hex, normalU64 } from '../../u64.ts';
import type { Found, Rule } from '../rule.ts';
import { brought, describing, hasProtocol } from '../step.ts';

const pageSize = 4096n;
const top = 1n << 64n;

const show = (value: bigint) => hex(normalU64(value));
const range = (start: bigint, size: bigint) => `${show(start)}..${show(start + size - 1n)}`;

function overlapping(regions: readonly Region[], by: 'guestAddress' | 'userAddress'): [Region, Region] | undefined {
  const sorted = [...regions].sort((a, b) => (a[by] < b[by] ? -1 : 1));
  for (let i = 1; i < sorted.length; i++) {
    const last = sorted[i - 1] as Region;
    const next = sorted[i] as Region;
    if (last[by] + last.size > next[by]) return [last, next];
  }
  return undefined;
}

function overlapRule(id: string, name: string, by: 'guestAddress' | 'userAddress', what: string): Rule {
  return {
    id,
    name,
    severity: 'error',
    condition: `two regions in force share ${what} addresses`,
    spec: 'Memory region description',
    remedy: 'remove the old region before a new one takes its place',
    confidence: 'spec',
    on: describing,
    check: step => {
      if (brought(step).length === 0) return undefined;
      const clash = overlapping(step.after.memory.regions, by);
      if (!clash) return undefined;
      const [a, b] = clash;
      return {
        message: `${what} addresses ${range(a[by], a.size)} and ${range(b[by], b.size)} overlap`,
        records: [a.n, b.n].filter(n => n !== step.frame.n),
      };
    },
  };
}

/** Rules about memory regions. */
export const memory: readonly Rule[] = [
  {
    id: 'MEM-01',
    name: 'region-count',
    severity: 'warning',
    condition: 'SET_MEM_TABLE with more than 8 regions; an error above 32',
    spec: 'Memory regions description',
    remedy: 'send at most 8 regions, or negotiate CONFIGURE_MEM_SLOTS',
    confidence: 'spec',
    on: ['SET_MEM_TABLE'],
    check: ({ message }) => {
      const count = Number(message.payload.num_regions ?? 0);
      if (message.reply || count <= 8) return undefined;
      const text = `${count} regions, the specification allows 8`;
      return count > 32 ? { message: text, severity: 'error' } : text;
    },
  },
  {
    id: 'MEM-02',
    name: 'region-range',
    severity: 'error',
    condition: 'a region is empty, or its guest or front-end addresses wrap around',
    spec: 'Memory region description',
    remedy: 'describe regions that exist',
    confidence: 'spec',
    on: describing,
    check: step =>
      brought(step).flatMap((region): Found[] => {
        if (region.size === 0n) return [`the region at guest address ${show(region.guestAddress)} is empty`];
        const wraps = region.guestAddress + region.size > top || region.userAddress + region.size > top;
        return wraps ? [`the region at guest address ${show(region.guestAddress)} wraps around`] : [];
      }),
  },
  overlapRule('MEM-03', 'guest-overlap', 'guestAddress', 'guest'),
  overlapRule('MEM-04', 'user-overlap', 'userAddress', 'front-end'),
  {
    id: 'MEM-05',
    name: 'region-beyond-descriptor',
    severity: 'warning',
    condition: 'offset and size of a region reach beyond the end of its descriptor, where its size is known',
    spec: 'Memory region description',
    remedy: 'check the size of the memory back-end: the back-end would get SIGBUS',
    confidence: 'inferred',
    on: describing,
    check: step =>
      brought(step).flatMap((region): Found[] => {
        const size = region.fd?.identity.size;
        const kind = region.fd?.identity.kind;
        if (size === undefined || kind === 'device' || kind === 'dmabuf') return [];
        if (region.fdOffset + region.size <= BigInt(size)) return [];
        return [`needs ${show(region.fdOffset + region.size)} bytes of a ${kind} of ${hex(size)}`];
      }),
  },
  {
    id: 'MEM-06',
    name: 'region-alignment',
    severity: 'note',
    condition: 'guest address, size or offset of a region is not a multiple of 4 KiB',
    spec: 'Memory region description',
    remedy: 'expect back-ends to map more than the region; SPDK works in units of 2 MiB',
    confidence: 'inferred',
    on: describing,
    check: step =>
      brought(step).flatMap((region): Found[] => {
        const odd = [region.guestAddress, region.size, region.fdOffset].some(value => value % pageSize !== 0n);
        return odd ? [`the region at guest address ${show(region.guestAddress)} is not page aligned`] : [];
      }),
  },
  {
    id: 'MEM-07',
    name: 'gpa-addresses',
    severity: 'error',
    condition: 'GPA_ADDRESSES is acknowledged, and the front-end address of a region is not its guest address',
    spec: 'VHOST_USER_PROTOCOL_F_GPA_ADDRESSES',
    remedy: 'use guest physical addresses throughout',
    confidence: 'spec',
    on: describing,
    check: step => {
      if (!hasProtocol(step, 'GPA_ADDRESSES')) return undefined;
      return brought(step).flatMap((region): Found[] =>
        region.userAddress === region.guestAddress
          ? []
          : [`front-end address ${show(region.userAddress)} is not guest address ${show(region.guestAddress)}`],
      );
    },
  },
  {
    id: 'MEM-08',
    name: 'region-twice',
    severity: 'error',
    condition: 'ADD_MEM_REG describes a region that is in force',
    spec: 'VHOST_USER_ADD_MEM_REG',
    remedy: 'add a region once',
    supersedes: ['MEM-03', 'MEM-04'],
    confidence: 'spec',
    on: ['ADD_MEM_REG'],
    check: step => {
      const [region] = brought(step);
      const twin = region && step.before.memory.regions.find(one => sameRegion(one, region));
      return twin ? { message: 'the region is in force already', records: [twin.n] } : undefined;
    },
  },
  {
    id: 'MEM-09',
    name: 'region-unknown',
    severity: 'error',
    condition: 'REM_MEM_REG names a region that is not in force (guest address, front-end address and size)',
    spec: 'VHOST_USER_REM_MEM_REG',
    remedy: 'remove exactly what was added',
    confidence: 'spec',
    on: ['REM_MEM_REG'],
    check: ({ before, after, message, fromStart }) =>
      !message.reply && fromStart && before.memory.regions.length === after.memory.regions.length
        ? 'no such region is in force'
        : undefined,
  },
  {
    id: 'MEM-10',
    name: 'too-many-regions',
    severity: 'error',
    condition: 'more regions are in force than the back-end said it can hold',
    spec: 'VHOST_USER_GET_MAX_MEM_SLOTS',
    remedy: 'plug fewer memory devices, or larger ones',
    confidence: 'spec',
    on: ['ADD_MEM_REG'],
    check: ({ after, message }) => {
      const { memorySlots } = after.negotiation;
      const count = after.memory.regions.length;
      return !message.reply && memorySlots !== undefined && count > memorySlots
        ? `${count} regions are in force, the back-end holds ${memorySlots}`
        : undefined;
    },
  },
  {
    id: 'MEM-11',
    name: 'ring-lost-its-memory',
    severity: 'warning',
    condition: 'after a change of memory a started ring no longer lies inside the regions (not with ACCESS_PLATFORM)',
    spec: 'Memory access',
    remedy: 'stop the ring before its memory goes away',
    confidence: 'inferred',
    on: ['SET_MEM_TABLE', 'REM_MEM_REG'],
    check: ({ before, after, message }) => {
      if (message.reply || before.memory === after.memory) return undefined;
      if (((after.negotiation.virtio.accepted ?? 0n) & (1n << 33n)) !== 0n) return undefined;
      const inside = (regions: readonly Region[], address: bigint) =>
        regions.some(one => one.userAddress <= address && address < one.userAddress + one.size);
      return [...after.vrings.byIndex.values()].flatMap((ring): Found[] => {
        if (ring.running !== 'started' || !ring.address) return [];
        const { descriptor } = ring.address;
        const lost = inside(before.memory.regions, descriptor) && !inside(after.memory.regions, descriptor);
        return lost
          ? [{ message: `ring ${ring.index} is started and lies outside now`, records: [ring.address.n] }]
          : [];
      });
    },
  },
  {
    id: 'MEM-13',
    name: 'ring-without-memory',
    severity: 'error',
    condition: 'the addresses of a ring are set while no memory region is in force (not with ACCESS_PLATFORM)',
    spec: 'Memory access',
    remedy:
      'share the guest memory: QEMU sends no region for RAM that is not shared, add share=on to its memory back-end',
    confidence: 'spec',
    on: ['SET_VRING_ADDR'],
    check: ({ after, message, fromStart }) => {
      const iommu = ((after.negotiation.virtio.accepted ?? 0n) & (1n << 33n)) !== 0n;
      return !message.reply && fromStart && !iommu && merged(after.memory).length === 0
        ? `ring ${String(message.payload.index)} is set up although no guest memory was shared`
        : undefined;
    },
  },
];
