import { describe, expect, it } from 'vitest';
import { createDevice } from '../../src/peers/personality.ts';
import {
  type AddressSpace,
  availableIndex,
  giveBack,
  layOutEmpty,
  makeAvailable,
  readable,
  readChain,
  room,
  usedIndex,
  type VringLayout,
  vringParts,
  writeBack,
} from '../../src/sys/vring.ts';

const layout: VringLayout = {
  num: 8,
  descriptor: BigInt(vringParts.descriptor),
  available: BigInt(vringParts.available),
  used: BigInt(vringParts.used),
};

function memory(size = 0x4000): AddressSpace & { bytes: Uint8Array } {
  const bytes = new Uint8Array(size);
  return {
    bytes,
    read: (address, length) => bytes.slice(Number(address), Number(address) + length),
    write: (address, part) => bytes.set(part, Number(address)),
  };
}

/** One descriptor as virtio 2.7.5 lays it out: address, length, flags, next. */
function descriptor(address: number, length: number, flags: number, next: number): number[] {
  const bytes = new Uint8Array(16);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, BigInt(address), true);
  view.setUint32(8, length, true);
  view.setUint16(12, flags, true);
  view.setUint16(14, next, true);
  return [...bytes];
}

/** Bytes that an element of the used ring tells (virtio 2.7.8): flags and index, then id and length of each. */
function usedLength({ bytes }: { bytes: Uint8Array }, index: number): number {
  return new DataView(bytes.buffer).getUint32(vringParts.used + 4 + (index % layout.num) * 8 + 4, true);
}

describe('split virtqueue', () => {
  it('lays descriptors out as the virtio specification has them', () => {
    const space = memory();
    const next = makeAvailable(space, layout, 0, [
      { address: 0x3000n, length: 16, writable: false },
      { address: 0x3100n, length: 1, writable: true },
    ]);
    expect(next).toBe(1);
    expect([...space.bytes.subarray(0, 32)]).toEqual([...descriptor(0x3000, 16, 1, 1), ...descriptor(0x3100, 1, 2, 0)]);
    // flags, idx, ring[0]
    expect([...space.bytes.subarray(0x800, 0x806)]).toEqual([0, 0, 1, 0, 0, 0]);
  });

  it.each([
    ['split', false, 5, [layout.available, layout.used]],
    ['packed', true, 0x8003, [layout.descriptor]],
  ] as const)('is laid out empty, %s: all of it is written', (_, isPacked, base, parts) => {
    const space = memory();
    space.bytes.fill(0xff);
    layOutEmpty(space, layout, base, isPacked);
    // No chain is available, and none was used: both indices are at the base.
    if (!isPacked) expect([availableIndex(space, layout), usedIndex(space, layout)]).toEqual([base, base]);
    const lengths = isPacked ? [16 * layout.num] : [4 + 2 * layout.num + 2, 4 + 8 * layout.num + 2];
    for (const [i, part] of parts.entries()) expect(space.read(part, lengths[i] as number), `${i}`).not.toContain(0xff);
  });

  it('passes a request there and its answer back', () => {
    const space = memory();
    space.write(0x3000n, Uint8Array.of(1, 2, 3));
    makeAvailable(space, layout, 0, [
      { address: 0x3000n, length: 3, writable: false },
      { address: 0x3100n, length: 2, writable: true },
      { address: 0x3200n, length: 2, writable: true },
    ]);
    expect(availableIndex(space, layout)).toBe(1);
    const chain = readChain(space, layout, 0);
    expect([...readable(space, chain)]).toEqual([1, 2, 3]);
    expect(room(chain)).toBe(4);
    writeBack(space, chain, Uint8Array.of(9, 8, 7));
    expect(giveBack(space, layout, 0, chain.head, 3)).toBe(1);
    expect(usedIndex(space, layout)).toBe(1);
    expect(usedLength(space, 0)).toBe(3);
    expect([...space.bytes.subarray(0x3100, 0x3102), ...space.bytes.subarray(0x3200, 0x3202)]).toEqual([9, 8, 7, 0]);
  });

  it('goes around: indices wrap at 65536, places at the size of the ring', () => {
    const space = memory();
    expect(makeAvailable(space, layout, 0xffff, [{ address: 0x3000n, length: 1, writable: true }])).toBe(0);
    expect(giveBack(space, layout, 0xffff, 0, 1)).toBe(0);
    expect(usedLength(space, 0xffff)).toBe(1);
  });

  it.each([
    ['a descriptor outside the ring', descriptor(0, 1, 1, 8), 'descriptor 8 of a table of 8'],
    ['a loop', descriptor(0, 1, 1, 0), 'a chain longer than its table'],
    ['an absurd length', descriptor(0, 0xffffffff, 0, 0), 'a chain of more than'],
    ['an indirect descriptor', descriptor(0, 16, 4, 0), 'not negotiated'],
  ])('refuses %s', (_, bytes, why) => {
    const space = memory();
    space.write(0n, Uint8Array.from(bytes));
    expect(() => readChain(space, layout, 0)).toThrow(why);
  });
});

describe('the block device', () => {
  const request = (type: number, sector: number, data: readonly number[] = []) => {
    const bytes = new Uint8Array(16 + data.length);
    new DataView(bytes.buffer).setUint32(0, type, true);
    new DataView(bytes.buffer).setUint32(8, sector, true);
    bytes.set(data, 16);
    return bytes;
  };
  const sector = Array.from({ length: 512 }, (_, i) => i & 0xff);

  it('keeps what is written to it', () => {
    const disk = createDevice({ kind: 'block', bytes: 4096 });
    expect([...disk(request(1, 2, sector), 1)]).toEqual([0]);
    expect([...disk(request(0, 2), 513)]).toEqual([...sector, 0]);
    expect([...disk(request(0, 1), 513)]).toEqual(new Array(513).fill(0));
  });

  it.each([
    ['a read beyond its end', request(0, 8), 513, 1],
    ['a write beyond its end', request(1, 8, sector), 1, 1],
    ['a request without a header', new Uint8Array(3), 1, 1],
    ['an unknown request', request(99, 0), 1, 2],
    ['a flush', request(4, 0), 1, 0],
  ])('answers %s', (_, bytes, size, status) => {
    expect(createDevice({ kind: 'block', bytes: 4096 })(bytes, size).at(-1)).toBe(status);
  });

  it('does not write where there is no room', () => {
    expect(createDevice({ kind: 'block', bytes: 4096 })(request(0, 0), 0)).toHaveLength(0);
  });
});
