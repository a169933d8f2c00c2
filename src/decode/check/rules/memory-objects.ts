/** What stands behind regions of guest memory: the descriptors, the same table again, Xen. */
import type { Payload } from '../../decode.ts';
import type { Region } from '../../session/memory.ts';
import { sameRegion } from '../../session/memory.ts';
import { hex, normalU64 } from '../../u64.ts';
import type { Found, Rule, Step } from '../rule.ts';
import { brought, describing, isRequest, startedRings } from '../step.ts';

/** F_SEAL_WRITE and F_SEAL_FUTURE_WRITE. */
const writeSeals = 0x8 | 0x10;
const foreign = 1;
const grant = 2;

const place = ({ guestAddress }: Region) => `the region at guest address ${hex(normalU64(guestAddress))}`;

/** The descriptions of regions in a message. */
function described({ message }: Step): readonly Payload[] {
  const { regions, region } = message.payload;
  if (Array.isArray(regions)) return regions as Payload[];
  return region === undefined ? [] : [region as Payload];
}

/** The same region from the same object, as far as that is known. */
function same(a: Region, b: Region | undefined): boolean {
  return (
    b !== undefined &&
    sameRegion(a, b) &&
    a.fdOffset === b.fdOffset &&
    a.fd?.identity.inode !== undefined &&
    a.fd.identity.inode === b.fd?.identity.inode
  );
}

/** Rules about what stands behind memory regions. */
export const memoryObjects: readonly Rule[] = [
  {
    id: 'MEM-12',
    name: 'xen-mapping',
    severity: 'warning',
    condition: 'a region for Xen is to be mapped both as foreign and by grants',
    spec: 'Xen memory region description',
    remedy: 'choose one of the two kinds of mapping',
    confidence: 'spec',
    on: describing,
    check: step =>
      !isRequest(step)
        ? undefined
        : described(step).flatMap((region): Found[] => {
            const flags = Number(region.xen_mmap_flags ?? 0);
            return (flags & foreign) !== 0 && (flags & grant) !== 0
              ? ['a region is to be mapped both as foreign and by grants']
              : [];
          }),
  },
  {
    id: 'MEM-14',
    name: 'table-repeated',
    severity: 'note',
    condition: 'SET_MEM_TABLE describes the memory that is in force already, while a ring is started',
    spec: 'VHOST_USER_SET_MEM_TABLE',
    remedy: 'send the table when it changes: SPDK restarts the device with every one',
    confidence: 'observed',
    on: ['SET_MEM_TABLE'],
    check: step => {
      const is = brought(step);
      const was = step.before.memory.regions;
      if (is.length === 0 || is.length !== was.length || startedRings(step).length === 0) return undefined;
      return is.every((region, i) => same(region, was[i]))
        ? { message: 'the same memory again', records: was.slice(0, 1).map(region => region.n) }
        : undefined;
    },
  },
  {
    id: 'MEM-16',
    name: 'memory-read-only',
    severity: 'warning',
    condition: 'the descriptor of a region is open for reading only',
    spec: 'Memory access',
    remedy: 'open the memory for reading and writing: the back-end cannot map it for writing otherwise',
    confidence: 'inferred',
    on: describing,
    check: step =>
      brought(step).flatMap((region): Found[] =>
        region.fd?.identity.access === 'r' ? [`${place(region)} comes with a descriptor for reading only`] : [],
      ),
  },
  {
    id: 'MEM-17',
    name: 'memory-sealed',
    severity: 'warning',
    condition: 'the memory of a region is sealed against writing',
    spec: 'Memory access',
    remedy: 'do not seal guest memory against writing: the back-end must be able to map it for writing',
    confidence: 'inferred',
    on: describing,
    check: step =>
      brought(step).flatMap((region): Found[] =>
        ((region.fd?.identity.seals ?? 0) & writeSeals) !== 0 ? [`${place(region)} is sealed against writing`] : [],
      ),
  },
];
