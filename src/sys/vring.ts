/**
 * A split virtqueue in guest memory: the driver's half, which makes buffers available, and the device's half, which
 * uses them. Virtio specification 2.7. The rings lie in memory that somebody else may change at any moment, so
 * whatever is read from them is checked before it is followed.
 */

/** Guest memory behind addresses of one kind. Throws where an address is not backed. */
export interface AddressSpace {
  read(address: bigint, length: number): Uint8Array;
  write(address: bigint, bytes: Uint8Array): void;
}

/** Where a ring lies. */
export interface VringLayout {
  /** Descriptors, a power of two. */
  readonly num: number;
  readonly descriptor: bigint;
  readonly available: bigint;
  readonly used: bigint;
}

/** A buffer: where it lies, its size in bytes, and whether the device writes it. */
export interface Piece {
  readonly address: bigint;
  readonly length: number;
  readonly writable: boolean;
}

/** A chain of buffers that was made available. */
export interface Chain {
  /** Index of its first descriptor. */
  readonly head: number;
  readonly buffers: readonly Piece[];
}

const descriptorSize = 16;
const flag = { next: 1, writable: 2, indirect: 4 } as const;
const packedAvailable = 1 << 7;
const packedUsed = 1 << 15;
const ringHead = 4;
const usedEntry = 8;
/** Bytes behind the entries of both rings: the position at which the other side wants to be told. */
const eventIndexSize = 2;
/** Buffers of a chain larger than this are refused: a guest's length field must not decide how much we allocate. */
const mostBytes = 16 << 20;
/** Entries of a table of indirect descriptors: no ring, and so no chain, may have more. */
const mostIndirect = 32_768;

/** Bytes from the start of a ring to its three parts, and in all, for rings of up to 128 descriptors. */
export const vringParts = { descriptor: 0, available: 0x800, used: 0x1000, total: 0x2000 } as const;

function u16(space: AddressSpace, address: bigint): number {
  const bytes = space.read(address, 2);
  return (bytes[0] as number) | ((bytes[1] as number) << 8);
}

function putU16(space: AddressSpace, address: bigint, value: number): void {
  space.write(address, Uint8Array.of(value & 0xff, (value >> 8) & 0xff));
}

/** Makes a chain available and returns the new index of the available ring; the caller kicks. */
export function makeAvailable(space: AddressSpace, ring: VringLayout, index: number, chain: readonly Piece[]): number {
  const bytes = new Uint8Array(chain.length * descriptorSize);
  const view = new DataView(bytes.buffer);
  for (const [i, buffer] of chain.entries()) {
    const at = i * descriptorSize;
    const next = i + 1 < chain.length;
    view.setBigUint64(at, buffer.address, true);
    view.setUint32(at + 8, buffer.length, true);
    view.setUint16(at + 12, (next ? flag.next : 0) | (buffer.writable ? flag.writable : 0), true);
    view.setUint16(at + 14, next ? i + 1 : 0, true);
  }
  // One request at a time is on its way, so every chain begins at descriptor 0.
  space.write(ring.descriptor, bytes);
  putU16(space, ring.available + BigInt(ringHead + (index % ring.num) * 2), 0);
  const next = (index + 1) & 0xffff;
  putU16(space, ring.available + 2n, next);
  return next;
}

/**
 * Makes a ring legal and empty: nothing is available and nothing used, from the position `base` on, the word of
 * SET_VRING_BASE. A packed ring's descriptors get the flags that say so in the driver's current lap.
 */
export function layOutEmpty(space: AddressSpace, ring: VringLayout, base: number, packed: boolean): void {
  if (!packed) {
    // All of it is written, so that nothing of it is missing where page faults are somebody else's affair (postcopy).
    space.write(ring.descriptor, new Uint8Array(ring.num * descriptorSize));
    for (const [part, entry] of [
      [ring.available, 2],
      [ring.used, usedEntry],
    ] as const) {
      const bytes = new Uint8Array(ringHead + ring.num * entry + eventIndexSize);
      new DataView(bytes.buffer).setUint16(2, base & 0xffff, true);
      space.write(part, bytes);
    }
    return;
  }
  const wrap = (base >> 15) & 1;
  const descriptors = new Uint8Array(ring.num * descriptorSize);
  // Available is a bit that equals the lap's, used a bit that equals it as well: what is neither has the other lap's.
  const flags = wrap === 1 ? 0 : packedAvailable | packedUsed;
  for (let i = 0; i < ring.num; i++) new DataView(descriptors.buffer).setUint16(i * descriptorSize + 14, flags, true);
  space.write(ring.descriptor, descriptors);
}

/** How far the device has come in the used ring. */
export function usedIndex(space: AddressSpace, ring: VringLayout): number {
  return u16(space, ring.used + 2n);
}

/** How far the driver has come in the available ring. */
export function availableIndex(space: AddressSpace, ring: VringLayout): number {
  return u16(space, ring.available + 2n);
}

/** Asks the driver for a kick at the next chain it makes available; where RING_EVENT_IDX was negotiated. */
export function wantKickAt(space: AddressSpace, ring: VringLayout, index: number): void {
  putU16(space, ring.used + BigInt(ringHead + ring.num * usedEntry), index);
}

/**
 * Reads the chain at a position of the available ring.
 *
 * @param buffers where tables of indirect descriptors lie; absent where they were not negotiated
 * @throws Error where the descriptors make no chain: an index outside the table, a loop, an absurd length
 */
export function readChain(space: AddressSpace, ring: VringLayout, index: number, buffers?: AddressSpace): Chain {
  const head = u16(space, ring.available + BigInt(ringHead + (index % ring.num) * 2));
  if (head >= ring.num) throw new Error(`descriptor ${head} of a ring of ${ring.num}`);
  const first = descriptorAt(space, ring.descriptor, head);
  if ((first.flags & flag.indirect) === 0) return { head, buffers: follow(space, ring.descriptor, ring.num, head) };
  if (!buffers) throw new Error('an indirect descriptor, which was not negotiated');
  const entries = first.length / descriptorSize;
  if (!Number.isInteger(entries) || entries < 1 || entries > mostIndirect)
    throw new Error(`a table of indirect descriptors of ${first.length} bytes`);
  return { head, buffers: follow(buffers, first.address, entries, 0) };
}

/** The buffers of a chain that begins at an entry of a table. */
function follow(space: AddressSpace, table: bigint, entries: number, head: number): Piece[] {
  const pieces: Piece[] = [];
  let at = head;
  let total = 0;
  for (;;) {
    if (at >= entries) throw new Error(`descriptor ${at} of a table of ${entries}`);
    if (pieces.length >= entries) throw new Error('a chain longer than its table');
    const { address, length, flags, next } = descriptorAt(space, table, at);
    if (flags & flag.indirect) throw new Error('an indirect descriptor within a chain');
    total += length;
    if (total > mostBytes) throw new Error(`a chain of more than ${mostBytes} bytes`);
    pieces.push({ address, length, writable: (flags & flag.writable) !== 0 });
    if (!(flags & flag.next)) return pieces;
    at = next;
  }
}

function descriptorAt(space: AddressSpace, table: bigint, at: number) {
  const bytes = space.read(table + BigInt(at * descriptorSize), descriptorSize);
  const view = new DataView(bytes.buffer, bytes.byteOffset, descriptorSize);
  const [address, length] = [view.getBigUint64(0, true), view.getUint32(8, true)];
  return { address, length, flags: view.getUint16(12, true), next: view.getUint16(14, true) };
}

/** Gives a chain back with the number of bytes written; `index` is the position in the used ring. */
export function giveBack(space: AddressSpace, ring: VringLayout, index: number, head: number, written: number): number {
  const entry = new Uint8Array(usedEntry);
  const view = new DataView(entry.buffer);
  view.setUint32(0, head, true);
  view.setUint32(4, written, true);
  space.write(ring.used + BigInt(ringHead + (index % ring.num) * usedEntry), entry);
  const next = (index + 1) & 0xffff;
  putU16(space, ring.used + 2n, next);
  return next;
}

/** All bytes of a chain the device may read, in order. */
export function readable(space: AddressSpace, chain: Chain): Uint8Array {
  return Buffer.concat(
    chain.buffers.filter(({ writable }) => !writable).map(({ address, length }) => space.read(address, length)),
  );
}

/** Bytes of a chain the device may write. */
export function room(chain: Chain): number {
  return chain.buffers.reduce((sum, { length, writable }) => (writable ? sum + length : sum), 0);
}

/** Spreads bytes over the writable buffers of a chain. */
export function writeBack(space: AddressSpace, chain: Chain, bytes: Uint8Array): void {
  let at = 0;
  for (const { address, length, writable } of chain.buffers) {
    if (!writable || at >= bytes.length) continue;
    const part = bytes.subarray(at, at + length);
    space.write(address, part);
    at += part.length;
  }
}
