import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { FileSource } from '../../src/capture/byte-source.ts';
import { packetsOf } from '../../src/capture/packet.ts';
import { CaptureReader } from '../../src/capture/reader.ts';
import type { Piece } from '../../src/capture/section.ts';
import { CaptureWriter } from '../../src/capture/writer.ts';
import type { Frame } from '../../src/decode/frame.ts';
import { anyPseudoHeader, piece, writeCapture } from './frames.ts';
import { MemorySource } from './memory-source.ts';

const folder = mkdtempSync(join(tmpdir(), 'vhuscope-writer-'));
afterAll(() => rmSync(folder, { recursive: true }));
let files = 0;
const newPath = (): string => join(folder, `${++files}.pcapng`);

function framesOf(path: string): { frames: Frame[]; reader: CaptureReader } {
  const reader = new CaptureReader(new MemorySource(readFileSync(path), path));
  return { frames: [...reader.frames()], reader };
}

describe('a capture', () => {
  it('gives back the records that were written', () => {
    const record = fc.record({ header: anyPseudoHeader, bytes: fc.uint8Array({ maxLength: 60 }) });
    fc.assert(
      fc.property(fc.array(record, { maxLength: 8 }), records => {
        const pieces = records.map(({ header, bytes }, i) => {
          const { fragmentOffset: _, ...rest } = header;
          return { ...piece(i), ...rest, bytes, wireLength: bytes.length } as Piece;
        });
        const path = newPath();
        writeCapture(path, pieces).close();
        const { frames, reader } = framesOf(path);
        expect(frames).toEqual(pieces);
        expect(reader.problems).toEqual([]);
        rmSync(path);
      }),
      { numRuns: 50 },
    );
  });

  it('is readable by its owner only', () => {
    const path = newPath();
    new CaptureWriter(path).close();
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it('joins a message longer than a packet may be, with others in between', () => {
    const bytes = new Uint8Array(700_000).map((_, i) => i * 7);
    const long = piece(1, { channel: 'gpu', bytes });
    const path = newPath();
    const writer = writeCapture(path, [piece(0)]);
    const gpu = writer.addInterface('fs/gpu');
    for (const [i, { head, packet }] of packetsOf(long, gpu).entries()) {
      expect(packet.length).toBeLessThanOrEqual(262_144);
      writer.packet(head, packet, 0, packet.length);
      const other = packetsOf(piece(10 + i), 0)[0];
      if (other) writer.packet(other.head, other.packet, 0, other.packet.length);
    }
    writer.close();
    const { frames } = framesOf(path);
    expect(frames.map(frame => frame.n)).toEqual([0, 1, 10, 11, 12]);
    expect(Buffer.compare(frames[1]?.bytes as Uint8Array, bytes)).toBe(0);
  });

  it('shows an unfinished message and an orphaned continuation as what they are', () => {
    const [first, second, third] = packetsOf(piece(1, { bytes: new Uint8Array(700_000).fill(1) }), 0);
    const path = newPath();
    const writer = new CaptureWriter(path);
    writer.addInterface('fs/main');
    for (const part of [first, third, packetsOf(piece(2), 0)[0], second])
      if (part) writer.packet(part.head, part.packet, 0, part.packet.length);
    writer.close();
    const { frames } = framesOf(path);
    expect(frames.map(frame => [frame.n, frame.kind, frame.bytes.length < frame.wireLength])).toEqual([
      [1, 'message', true],
      [1, 'raw', true],
      [2, 'message', false],
      [1, 'raw', true],
    ]);
    expect(frames[1]?.damage).toContain('the beginning of this message is not here');
  });

  it('tells losses at the next record and in the statistics', () => {
    const path = newPath();
    const writer = writeCapture(path, [piece(1)]);
    writer.lost(0, 5);
    const after = packetsOf(piece(7), 0)[0];
    if (after) writer.packet(after.head, after.packet, 0, after.packet.length);
    expect(writer.counts).toEqual({ records: 2, lost: 5 });
    writer.flush();
    const killed = framesOf(path);
    expect([killed.frames.length, killed.reader.counts.lost]).toEqual([2, 5]);
    writer.close();
    const closed = framesOf(path);
    expect([closed.frames.length, closed.reader.counts.lost]).toEqual([2, 5]);
  });

  it('goes on in a new file with interfaces and carried records', () => {
    const path = newPath();
    const writer = writeCapture(path, [piece(1), piece(2, { channel: 'backend-req', dir: 'back-to-front' })]);
    const [carried] = packetsOf(piece(1), 0);
    const next = newPath();
    expect(writer.rotate(next, carried ? [carried] : [])).toBe(true);
    expect(writer.path).toBe(next);
    const [third] = packetsOf(piece(3, { channel: 'backend-req' }), 1);
    if (third) writer.packet(third.head, third.packet, 0, third.packet.length);
    writer.close();
    expect(writer.counts, 'what is repeated is counted once').toEqual({ records: 3, lost: 0 });
    expect(framesOf(path).frames.map(frame => frame.n)).toEqual([1, 2]);
    expect(framesOf(next).frames).toEqual([piece(1, { carried: true }), piece(3, { channel: 'backend-req' })]);
  });

  it('tells in each file the losses while it was written', () => {
    const path = newPath();
    const writer = writeCapture(path, [piece(1), piece(2)]);
    const next = newPath();
    writer.lost(0, 3);
    writer.rotate(next);
    for (const { head, packet } of packetsOf(piece(3), 0)) writer.packet(head, packet, 0, packet.length);
    writer.close();
    expect([path, next].map(each => framesOf(each).reader.counts.lost)).toEqual([3, 0]);
  });

  it('stays in its file where the next one cannot be made', () => {
    const path = newPath();
    const writer = writeCapture(path, [piece(1)]);
    expect(writer.rotate(join(folder, 'missing', 'x.pcapng'))).toBe(false);
    expect(writer.failure?.message).toMatch(
      /^cannot write .*missing\/x\.pcapng: there is no such folder; make it first$/,
    );
    expect(writer.path).toBe(path);
    const [second] = packetsOf(piece(2), 0);
    if (second) writer.packet(second.head, second.packet, 0, second.packet.length);
    writer.close();
    expect(framesOf(path).frames.map(frame => frame.n)).toEqual([1, 2]);
  });

  it('survives a file that refuses: what waits is kept, then counted', () => {
    const writer = new CaptureWriter('/dev/full', { bufferLength: 1024 });
    writer.addInterface('fs/main');
    expect(writer.flush()).toBe(false);
    expect(writer.failure?.message).toBe('cannot write /dev/full: the disk is full');
    for (let n = 1; n <= 20; n++)
      for (const { head, packet } of packetsOf(piece(n), 0)) writer.packet(head, packet, 0, packet.length);
    expect(writer.counts.records).toBeGreaterThan(0);
    expect(writer.counts.records + writer.counts.lost).toBe(20);
    writer.close();
    expect(writer.counts.lost).toBe(20);
  });

  it.each([
    ['a file that is not there', () => join(folder, 'none'), /^cannot read .*none: there is no such file$/],
    ['a directory', () => folder, /it is a directory, name a capture file in it$/],
    ['an empty file', () => withBytes(''), / is empty: nothing was recorded$/],
    ['text', () => withBytes('68656c6c6f2c20776f726c64'), / is not a pcapng capture$/],
    [
      'classic pcap',
      () => withBytes('d4c3b2a1020004000000000000000000'),
      /: it is a classic pcap file; vhuscope writes and reads/,
    ],
    ['gzip', () => withBytes('1f8b080000000000'), /: it is compressed with gzip; unpack it first \(gunzip\)$/],
    ['a few bytes', () => withBytes('0a0d0d0a1c'), / is cut after 5 bytes: nothing was recorded$/],
  ])('says what is wrong with %s', (_, path, message) => {
    expect(() => new CaptureReader(new FileSource(path()))).toThrow(message);
  });

  function withBytes(hex: string): string {
    const path = newPath();
    writeFileSync(path, Buffer.from(hex, 'hex'));
    return path;
  }
});
