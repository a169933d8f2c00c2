/** The memory of the guest as one peer reaches it: an address becomes a region, a descriptor and an offset in it. */
import { readSync } from 'node:fs';
import type { IotlbEntry, Mappings } from '../decode/session/mappings.ts';
import { locate, type Memory } from '../decode/session/memory.ts';
import type { Session } from '../decode/session/session.ts';
import { writeAt } from './memory-file.ts';
import type { AddressSpace } from './vring.ts';

/** What an address of an address space is: in the front-end's own space, the guest's, or behind an IOMMU. */
export type AddressKind = 'user' | 'guest' | 'iova';

const accessPlatform = 1n << 33n;
const gpaAddresses = 1n << 21n;

/** What the addresses of the rings and of the buffers are, by what was negotiated. */
export function addressKinds({ negotiation }: Session): { rings: AddressKind; buffers: AddressKind } {
  if (((negotiation.virtio.accepted ?? 0n) & accessPlatform) !== 0n) return { rings: 'iova', buffers: 'iova' };
  const guest = ((negotiation.protocol.accepted ?? 0n) & gpaAddresses) !== 0n;
  return { rings: guest ? 'guest' : 'user', buffers: 'guest' };
}

/** What must be known to reach memory; read anew at each access, since messages change it. */
export interface Reach {
  /** Regions shared so far. */
  memory(): Memory;
  /** Entries of the device IOTLB so far. */
  mappings(): Mappings;
  /** The open descriptor that came with, or was sent with, that record. */
  descriptor(n: number, at: number): number | undefined;
  /** Asks for an IOTLB entry; returns once it is there, or throws. */
  miss(iova: bigint, write: boolean): void;
  /** Bytes at a guest physical address were written. */
  wrote?(guestAddress: bigint, length: number): void;
}

/**
 * Guest memory by one kind of address. It is read and written through its descriptor and never touched itself: a peer
 * that truncates it then costs an error instead of a SIGBUS.
 */
export function addressSpace(reach: Reach, kind: AddressKind): AddressSpace {
  const at = (address: bigint, length: number, write: boolean) => {
    const plain = kind === 'iova' ? throughIotlb(reach, address, length, write) : address;
    const place = locate(reach.memory(), plain, BigInt(length), kind === 'guest' ? 'guest' : 'user');
    const carried = place?.region.fd;
    const fd = carried && reach.descriptor(carried.n, carried.at);
    if (!place || fd === undefined) {
      throw new Error(`no memory is shared for ${length} bytes at ${kind} address 0x${address.toString(16)}`);
    }
    return { fd, position: Number(place.fdOffset), guestAddress: place.guestAddress };
  };
  return {
    read(address, length) {
      const { fd, position } = at(address, length, false);
      const bytes = new Uint8Array(length);
      const got = readSync(fd, bytes, 0, length, position);
      if (got < length) throw new Error(`guest memory ends at ${position + got}, needed up to ${position + length}`);
      return bytes;
    },
    write(address, bytes) {
      const { fd, position, guestAddress } = at(address, bytes.length, true);
      writeAt(fd, bytes, position);
      reach.wrote?.(guestAddress, bytes.length);
    },
  };
}

function throughIotlb(reach: Reach, iova: bigint, length: number, write: boolean): bigint {
  const found = () =>
    [...reach.mappings().iotlb].find(entry => allows(entry, write) && covers(entry, iova, BigInt(length)));
  if (!found()) reach.miss(iova, write);
  const entry = found();
  if (!entry) throw new Error(`the IOTLB has no entry for 0x${iova.toString(16)}`);
  return entry.userAddress + (iova - entry.iova);
}

function covers(entry: IotlbEntry, iova: bigint, length: bigint): boolean {
  return entry.iova <= iova && iova + length <= entry.iova + entry.size;
}

function allows(entry: IotlbEntry, write: boolean): boolean {
  return (entry.permissions & (write ? 2 : 1)) !== 0;
}
