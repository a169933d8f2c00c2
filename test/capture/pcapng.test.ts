import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BlockReader } from '../../src/capture/block-reader.ts';
import { packetsOf } from '../../src/capture/packet.ts';
import { padded } from '../../src/capture/pcapng/blocks.ts';
import type { PacketHead } from '../../src/capture/pcapng/build.ts';
import * as build from '../../src/capture/pcapng/build.ts';
import * as parse from '../../src/capture/pcapng/parse.ts';
import { piece, writeCapture } from './frames.ts';
import { MemorySource } from './memory-source.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const unhex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text.replaceAll(' ', ''), 'hex'));
const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.length);

/** Blocks typed by hand from the format's description. */
const byHand: [name: string, built: Uint8Array, bytes: string][] = [
  [
    'a section header',
    build.sectionHeader({ hardware: 'x86', os: 'Linux', userAppl: 'v' }),
    '0a0d0d0a 3c000000 4d3c2b1a 0100 0000 ffffffffffffffff 0200 0300 78383600 0300 0500 4c696e7578000000 0400 0100 76000000 0000 0000 3c000000',
  ],
  [
    'an interface',
    build.interfaceDescription({ name: 'fs/main' }),
    '01000000 2c000000 fc00 0000 00000400 0200 0700 66732f6d61696e00 0900 0100 09000000 0000 0000 2c000000',
  ],
  [
    'a packet',
    build.enhancedPacket({
      interfaceId: 3,
      timestamp: 0x0102030405060708n,
      data: Uint8Array.of(1, 2, 3),
      originalLength: 9,
      options: [build.u32Option(2, 1), build.textOption(1, 'hi')],
    }),
    '06000000 38000000 03000000 04030201 08070605 03000000 09000000 01020300 0200 0400 01000000 0100 0200 68690000 0000 0000 38000000',
  ],
  [
    'statistics',
    build.interfaceStatistics({ interfaceId: 1, timestamp: 0x1_00000002n, received: 7n, dropped: 1n }),
    '05000000 34000000 01000000 01000000 02000000 0400 0800 0700000000000000 0500 0800 0100000000000000 0000 0000 34000000',
  ],
];

describe('pcapng blocks', () => {
  it.each(byHand)('%s is built as the format says', (_, built, bytes) => {
    expect(hex(built)).toBe(hex(unhex(bytes)));
  });

  it('wraps a packet with direction and number, between other bytes', () => {
    const head: PacketHead = {
      interfaceId: 2,
      wallLow: 5,
      wallHigh: 4,
      originalLength: 100,
      flags: 2,
      nLow: 0x11,
      nHigh: 0x22,
    };
    const target = new Uint8Array(200).fill(0xee);
    const source = unhex('aabbccddeeff99');
    const length = build.wrapPacket(target, viewOf(target), 4, head, source, 1, 5);
    const options = [build.u32Option(2, 2), build.u64Option(5, 0x22_0000_0011n)];
    const data = source.subarray(1, 6);
    const timestamp = 0x4_0000_0005n;
    const same = build.enhancedPacket({ interfaceId: 2, timestamp, data, originalLength: 100, options });
    expect(hex(target.subarray(4, 4 + length))).toBe(hex(same));
    expect(build.wrappedLength(5)).toBe(length);
    expect(target[3]).toBe(0xee);
    expect(target[4 + length]).toBe(0xee);
  });

  const order = fc.boolean();
  const packet = fc.record({
    interfaceId: fc.nat(0xffff_ffff),
    timestamp: fc.bigInt(0n, 0xffff_ffff_ffff_ffffn),
    data: fc.uint8Array({ maxLength: 50 }),
    originalLength: fc.nat(0xffff_ffff),
    options: fc.array(fc.record({ code: fc.integer({ min: 1, max: 0xffff }), value: fc.uint8Array({ maxLength: 9 }) })),
  });

  it('reads back what was built', () => {
    fc.assert(
      fc.property(packet, fields => {
        const bytes = build.enhancedPacket(fields);
        const view = viewOf(bytes);
        const block = parse.readBlock(view, 0, bytes.length, true);
        if (block.kind !== 'block') return expect.fail(block.kind);
        expect(block).toEqual({ kind: 'block', type: 6, littleEndian: true, start: 0, end: bytes.length });
        const found = parse.readPacket(view, block);
        if (found === undefined) return expect.fail('no packet');
        const options = parse.packetOptions(bytes, view, block);
        const { interfaceId, originalLength, dataStart, dataEnd } = found;
        const timestamp = parse.readTimestamp(view, block);
        const data = bytes.subarray(dataStart, dataEnd);
        expect({ interfaceId, timestamp, originalLength, data, options }).toEqual(fields);
        expect(hex(build.enhancedPacket({ interfaceId, timestamp, originalLength, data, options }))).toBe(hex(bytes));
      }),
    );
  });

  it('asks for more at every cut and never for less than is there', () => {
    const bytes = byHand[2]?.[1] as Uint8Array;
    for (let cut = 0; cut < bytes.length; cut++) {
      const found = parse.readBlock(viewOf(bytes), 0, cut, true);
      expect(found.kind).toBe('more');
      if (found.kind === 'more') expect(found.need).toBeGreaterThan(cut);
    }
  });

  it.each([
    ['06000000 0c000000 0c000000', 'block of type 6 with the impossible length 12'],
    ['63000000 0e000000 0000 0e000000', 'block of type 99 with the impossible length 14'],
    ['63000000 10000000 00000000 14000000', 'block of type 99 whose lengths disagree: 16 before, 20 behind'],
    ['0a0d0d0a 1c000000 00000000', 'section header without its byte order mark'],
  ])('says what is wrong with %s', (bytes, message) => {
    const slice = unhex(bytes);
    expect(parse.readBlock(viewOf(slice), 0, slice.length, true)).toEqual({ kind: 'bad', message });
  });

  it.each<[string, string, bigint, bigint]>([
    ['nanoseconds', '0900 0100 09000000', 5n, 5n],
    ['microseconds by default', '', 5n, 5000n],
    ['picoseconds', '0900 0100 0c000000', 5000n, 5n],
    ['powers of two', '0900 0100 81000000', 3n, 1_500_000_000n],
    ['an offset in seconds', '0900 0100 09000000 0e00 0800 0200000000000000', 5n, 2_000_000_005n],
  ])('understands times in %s', (_, options, timestamp, ns) => {
    const bytes = build.block(1, unhex(`fc00 0000 00000000 ${options}`));
    const view = viewOf(bytes);
    const block = parse.readBlock(view, 0, bytes.length, true) as parse.Block;
    expect(parse.packetTime(timestamp, parse.readInterface(bytes, view, block))).toBe(ns);
  });

  it('reads a big-endian section', () => {
    const bytes = unhex(
      `0a0d0d0a 0000001c 1a2b3c4d 0001 0000 ffffffffffffffff 0000001c
       00000001 00000020 00fc 0000 00000000 0002 0001 61000000 0000 0000 00000020
       00000006 00000024 00000000 00000001 00000002 00000001 00000001 ff000000 00000024`.replaceAll('\n', ' '),
    );
    const view = viewOf(bytes);
    const section = parse.readBlock(view, 0, bytes.length, true) as parse.Block;
    expect(section).toMatchObject({ littleEndian: false, end: 28 });
    const described = parse.readBlock(view, 28, bytes.length, false) as parse.Block;
    expect(parse.readInterface(bytes, view, described)).toMatchObject({ name: 'a', linkType: 252 });
    const third = parse.readBlock(view, 60, bytes.length, false) as parse.Block;
    const packet = parse.readPacket(view, third);
    expect(packet?.originalLength).toBe(1);
    expect(parse.readTimestamp(view, third)).toBe(0x1_0000_0002n);
    expect(bytes[packet?.dataStart as number]).toBe(0xff);
  });

  it('never throws on damaged bytes', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(...byHand), { minLength: 1 }),
        fc.array(fc.tuple(fc.nat(300), fc.nat(255))),
        order,
        (rows, changes, little) => {
          const bytes = Uint8Array.from(Buffer.concat(rows.map(row => row[1])));
          for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value;
          const view = viewOf(bytes);
          for (let at = 0; at < bytes.length; ) {
            const block = parse.readBlock(view, at, bytes.length, little);
            if (block.kind !== 'block') break;
            parse.readOptions(bytes, view, block, block.start + 16);
            if (block.type === 1) parse.readInterface(bytes, view, block);
            if (block.type === 6) parse.readPacket(view, block);
            if (block.type === 6) parse.packetOptions(bytes, view, block);
            expect(block.end).toBeGreaterThan(at);
            expect(block.end).toBeLessThanOrEqual(bytes.length);
            at = block.end;
          }
        },
      ),
    );
  });
});

describe('a file taken apart', () => {
  /** Bytes of the fixed fields before a block's options. */
  const fixed: Record<number, number> = { 168627466: 16, 1: 8, 5: 12 };

  it('is put together to the same bytes', () => {
    const folder = mkdtempSync(join(tmpdir(), 'vhuscope-pcapng-'));
    const path = join(folder, 'whole.pcapng');
    const writer = writeCapture(path, [piece(1), piece(2, { pair: 'net' }), piece(3)], {
      hardware: 'x86_64',
      os: 'Linux',
      comment: 'a comment',
    });
    writer.lost(1, 3);
    for (const { head, packet } of packetsOf(piece(60), 1)) writer.packet(head, packet, 0, packet.length);
    writer.close();
    const reader = new BlockReader(new MemorySource(readFileSync(path)));
    const rebuilt: Uint8Array[] = [];
    for (let block = reader.next(); block !== undefined; block = reader.next()) {
      const { bytes, view } = reader;
      const packet = block.type === 6 ? parse.readPacket(view, block) : undefined;
      const length = packet ? padded(packet.dataEnd - block.start) - 8 : (fixed[block.type] as number);
      const start = block.start + 8;
      const list = parse.readOptions(bytes, view, block, start + length);
      rebuilt.push(
        build.block(block.type, Buffer.concat([bytes.subarray(start, start + length), build.options(list)])),
      );
    }
    expect(Buffer.compare(Buffer.concat(rebuilt), readFileSync(path))).toBe(0);
    rmSync(folder, { recursive: true });
  });
});
