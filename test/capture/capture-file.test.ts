import { appendFileSync, mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { CaptureFile } from '../../src/capture/capture-file.ts';
import { followCapture } from '../../src/capture/follow.ts';
import { packetsOf } from '../../src/capture/packet.ts';
import { CaptureReader } from '../../src/capture/reader.ts';
import { repair } from '../../src/capture/repair.ts';
import type { Piece } from '../../src/capture/section.ts';
import { CaptureWriter } from '../../src/capture/writer.ts';
import type { Frame } from '../../src/decode/frame.ts';
import { piece, writeCapture } from './frames.ts';
import { MemorySource } from './memory-source.ts';

const folder = mkdtempSync(join(tmpdir(), 'vhuscope-file-'));
afterAll(() => rmSync(folder, { recursive: true }));
let files = 0;
let path = '';
beforeEach(() => {
  path = join(folder, `${++files}.pcapng`);
});

function indexed(file: CaptureFile): Frame[] {
  while (file.advance(7));
  return Array.from({ length: file.length }, (_, row) => file.frame(row));
}

function streamed(bytes: Uint8Array): Frame[] {
  return [...new CaptureReader(new MemorySource(bytes, path)).frames()];
}

/** Frames with their bytes as text, which the test runner compares in no time. */
function plain(frames: readonly Frame[]): unknown[] {
  return frames.map(frame => ({ ...frame, bytes: Buffer.from(frame.bytes).toString('base64') }));
}

/** Fifty records on three channels of two pairs; number 30 is long, and stands among others. */
const records: Piece[] = Array.from({ length: 50 }, (_, i) => {
  const pair = i % 3 === 2 ? 'net/0' : 'fs';
  const channel = i % 5 === 0 ? 'backend-req' : 'main';
  if (i + 1 === 30) return piece(30, { pair, channel: 'gpu', bytes: new Uint8Array(600_000).map((_, k) => k) });
  return piece(i + 1, {
    pair,
    channel,
    dir: i % 2 ? 'back-to-front' : 'front-to-back',
    ...(i % 2 ? { answers: i } : {}),
  });
});

describe('random access', () => {
  it('gives the same frames as reading from front to back', () => {
    writeCapture(path, records).close();
    const file = new CaptureFile(path);
    expect(plain(indexed(file))).toEqual(plain(records));
    expect(plain(streamed(readFileSync(path)))).toEqual(plain(records));
    expect(file.problems).toEqual([]);
    for (const row of [49, 0, 29, 28, 49]) expect(plain([file.frame(row)])).toEqual(plain(records.slice(row, row + 1)));
    expect(() => file.frame(50)).toThrow(RangeError);
    file.close();
  });

  it('agrees with reading where sections follow one another and pieces are missing', () => {
    const [first, second, third] = packetsOf(piece(8, { bytes: new Uint8Array(700_000).fill(1) }), 0);
    const writer = new CaptureWriter(path);
    writer.addInterface('fs/main');
    for (const part of [first, third, packetsOf(piece(9), 0)[0], second])
      if (part) writer.packet(part.head, part.packet, 0, part.packet.length);
    writer.close();
    const one = readFileSync(path);
    writeCapture(path, records).close();
    appendFileSync(path, one);
    const file = new CaptureFile(path);
    const frames = indexed(file);
    expect(plain(frames)).toEqual(plain(streamed(readFileSync(path))));
    expect(frames.map(frame => frame.n).slice(50)).toEqual([8, 8, 9, 8]);
    file.close();
  });

  it('goes on when the file has grown', () => {
    const writer = writeCapture(path, records.slice(0, 10));
    writer.flush();
    const file = new CaptureFile(path);
    expect(indexed(file).map(frame => frame.n)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    const late = writer.addInterface('late/main');
    for (const { head, packet } of packetsOf(piece(11, { pair: 'late' }), late))
      writer.packet(head, packet, 0, packet.length);
    writer.flush();
    expect(indexed(file).at(-1)).toEqual(piece(11, { pair: 'late' }));
    writer.close();
    file.close();
  });

  it('finds rows by number and by what they answer', () => {
    writeCapture(path, records).close();
    const file = new CaptureFile(path);
    while (file.advance());
    const { index } = file;
    expect(index.findNumber(50)).toBe(49);
    expect(index.findNumber(51)).toBe(-1);
    expect(index.findNumber(0)).toBe(-1);
    expect(index.findNumber(20, 20)).toBe(-1);
    expect(index.findAnswer(7)).toBe(7);
    expect(index.findAnswer(0x1_0000_0007, 3)).toBe(7);
    expect([28, 29, 30].map(row => index.isContinued(row))).toEqual([false, true, false]);
    expect(index.findNumber(30)).toBe(29);
    expect(index.findAnswer(5)).toBe(5);
    file.close();
  });

  it.each([1, 5, 20])('shows the newest %i records without an index, also behind a torn block', count => {
    const ofOnePair = records.map(({ n }) => piece(n));
    writeCapture(path, ofOnePair).close();
    for (const torn of ['', '0600000090000000abcdef']) {
      appendFileSync(path, Buffer.from(torn, 'hex'));
      const file = new CaptureFile(path);
      expect(file.tail(count)).toEqual(ofOnePair.slice(-count));
      file.close();
    }
  });

  it('gives the newest records no pair rather than a wrong one', () => {
    writeCapture(path, records).close();
    const file = new CaptureFile(path);
    const pairs = file.tail(5).map(({ n, pair }) => [n, pair]);
    expect(pairs).toEqual([
      [46, 'fs'],
      [47, ''],
      [48, ''],
      [49, ''],
      [50, ''],
    ]);
    expect(new Set(file.tail(1000).map(({ pair }) => pair))).toEqual(new Set(['fs', 'net/0']));
    file.close();
  });

  it('says so when a record is not there any more', () => {
    writeCapture(path, records).close();
    const file = new CaptureFile(path);
    while (file.advance());
    truncateSync(path, 400);
    expect(file.frame(40).damage).toMatch(/^the record at offset \d+ is gone/);
    file.close();
  });
});

/** Frames with a check sum in the place of their bytes: there may be many of them. */
function summed(frames: readonly Frame[]): unknown[] {
  return frames.map(frame => ({ ...frame, bytes: `${frame.bytes.length} ${crc32(frame.bytes)}` }));
}

/** Block, offset in it and value: what index and reader once saw differently. */
const damagesOnce: [[number, number, number][]][] = [
  // The second record of a message says that it was shortened.
  [[[7, 52, 254]]],
  // The length of a pseudo-header is less than that of its fixed part, in a first record and in a later one.
  [[[7, 48, 2]]],
  [[[5, 48, 0]]],
];

describe('a damaged file', () => {
  it('is read to its last whole block wherever it is cut, and repaired to it', () => {
    writeCapture(path, records.slice(0, 3)).close();
    const bytes = readFileSync(path);
    for (let cut = 28; cut < bytes.length; cut += 3) {
      writeFileSync(path, bytes.subarray(0, cut));
      const file = new CaptureFile(path);
      const frames = indexed(file);
      expect(frames).toEqual(records.slice(0, frames.length));
      const looksCloser = frames.length > 0 && cut % 5 === 0;
      const torn = looksCloser ? file.problems[0] : undefined;
      file.close();
      if (!looksCloser) continue;
      const { size } = repair(path);
      expect(statSync(path).size).toBe(size);
      expect(torn === undefined).toBe(size === cut);
      if (torn) expect(torn.message).toContain(`cut here: the last ${cut - size} bytes`);
    }
  });

  it('keeps what is behind damage in its middle beside it', () => {
    writeCapture(path, records.slice(0, 9)).close();
    const bytes = readFileSync(path);
    let third = 0;
    for (let blocks = 0; blocks < 6; blocks++) third += bytes.readUInt32LE(third + 4);
    bytes.writeUInt32LE(13, third + 4);
    writeFileSync(path, bytes);
    const file = new CaptureFile(path);
    while (file.advance());
    expect(file.problems[0]?.message).toContain(
      `damaged at offset ${third}: block of type 6 with the impossible length 13`,
    );
    file.close();
    const repaired = repair(path);
    expect(repaired).toMatchObject({ size: third, cut: bytes.length - third, keptIn: `${path}.damaged` });
    expect(Buffer.compare(readFileSync(`${path}.damaged`), bytes)).toBe(0);
    expect(repair(path).cut).toBe(0);
  });

  it('is not cut but unfinished while it is recorded, and not repaired', () => {
    const writer = writeCapture(path, records.slice(0, 3));
    writer.flush();
    appendFileSync(path, Buffer.from('06000000', 'hex'));
    const file = new CaptureFile(path);
    while (file.advance());
    expect(file.problems).toEqual([]);
    file.close();
    expect(() => repair(path)).toThrow(/is still being recorded by process \d+/);
    writer.close();
    expect(() => repair(path)).not.toThrow();
  });

  it('never throws, whatever its bytes, and reading agrees with random access and with following', async () => {
    // Long messages stand in several records, and in between each other.
    const long = (n: number, length: number, dir: 'front-to-back' | 'back-to-front') =>
      packetsOf(piece(n, { dir, bytes: new Uint8Array(length).fill(n) }), 0);
    const [asked, answered] = [long(4, 600_000, 'front-to-back'), long(5, 300_000, 'back-to-front')];
    const short = [1, 2, 3, 6, 7].map(n => packetsOf(piece(n, { fds: [{ kind: 'memfd', name: 'x' }] }), 0)[0]);
    const order = [...short.slice(0, 3), asked[0], answered[0], asked[1], answered[1], short[3], asked[2], short[4]];
    const writer = new CaptureWriter(path);
    writer.addInterface('fs/main');
    for (const part of order) if (part) writer.packet(part.head, part.packet, 0, part.packet.length);
    writer.close();
    const whole = readFileSync(path);
    const blocks: number[] = [];
    for (let at = 0; at < whole.length; at += whole.readUInt32LE(at + 4)) blocks.push(at);
    // What is read of a record lies at its beginning.
    const change = fc.tuple(fc.nat(blocks.length - 1), fc.nat(200), fc.nat(255));
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 4 }), async changes => {
        const bytes = Uint8Array.from(whole);
        for (const [block, offset, value] of changes) {
          const at = Math.max(28, (blocks[block] as number) + offset);
          if (at < bytes.length) bytes[at] = value;
        }
        writeFileSync(path, bytes);
        const reader = new CaptureReader(new MemorySource(bytes, path));
        const frames = summed([...reader.frames()]);
        const file = new CaptureFile(path);
        expect(summed(indexed(file))).toEqual(frames);
        expect(file.problems).toEqual(reader.problems);
        file.tail(5);
        file.close();
        const followed: Frame[] = [];
        for await (const batch of followCapture(path, { signal: AbortSignal.abort() })) followed.push(...batch);
        expect(summed(followed)).toEqual(frames);
      }),
      { numRuns: 150, examples: damagesOnce },
    );
  });

  it('is never trusted with a length', () => {
    const header = writeCapture(path, []);
    header.close();
    const huge = Buffer.alloc(64);
    huge.writeUInt32LE(99, 0);
    huge.writeUInt32LE(0xffff_fff0, 4);
    appendFileSync(path, huge);
    const file = new CaptureFile(path);
    while (file.advance());
    expect(file.problems[0]?.message).toContain('cut here: the last 64 bytes');
    file.close();
  });

  it('passes over blocks that are too long for a record', () => {
    writeCapture(path, records.slice(0, 1)).close();
    const long = Buffer.alloc(2 * 1024 * 1024);
    long.writeUInt32LE(0x0bad, 0);
    long.writeUInt32LE(long.length, 4);
    long.writeUInt32LE(long.length, long.length - 4);
    const rest = readFileSync(path);
    appendFileSync(path, long);
    appendFileSync(path, rest);
    const file = new CaptureFile(path);
    expect(indexed(file)).toHaveLength(2);
    expect(file.problems[0]?.message).toContain('passed over 1 blocks of 2097152 bytes');
    file.close();
  });
});
