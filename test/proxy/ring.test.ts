import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  endRing,
  type FrameHead,
  frameKind,
  RingReader,
  RingWriter,
  ringMemory,
  unitBytes,
  unitsFor,
} from '../../src/proxy/ring.ts';

const head: FrameHead = {
  kind: frameKind.packet,
  interfaceNumber: 0,
  wallLow: 0,
  wallHigh: 0,
  originalLength: 0,
  flags: 0,
};

/** Puts a frame into the ring whose body is `length` bytes of `fill`. */
function put(writer: RingWriter, length: number, fill: number, limit = writer.units): boolean {
  const at = writer.open({ ...head, interfaceNumber: fill, originalLength: length * 2 }, length, limit);
  if (at < 0) return false;
  writer.bytes.fill(fill, at, at + length);
  writer.publish();
  return true;
}

describe('the ring', () => {
  it('gives back what went in, in order, whatever the sizes and however often it goes round', () => {
    const step = fc.oneof(
      { weight: 3, arbitrary: fc.record({ put: fc.integer({ min: 0, max: 700 }) }) },
      { weight: 1, arbitrary: fc.record({ take: fc.integer({ min: 1, max: 5 }) }) },
    );
    fc.assert(
      fc.property(fc.array(step, { minLength: 20, maxLength: 200 }), steps => {
        const memory = ringMemory(32 * unitBytes);
        const [writer, reader] = [new RingWriter(memory), new RingReader(memory)];
        const inside: { length: number; fill: number }[] = [];
        let fill = 0;
        const take = (): boolean => {
          const more = reader.next();
          const expected = inside.shift();
          expect(more).toBe(expected !== undefined);
          if (expected === undefined) return false;
          expect([reader.kind, reader.bodyBytes, reader.interfaceNumber, reader.originalLength]).toEqual([
            frameKind.packet,
            expected.length,
            expected.fill,
            expected.length * 2,
          ]);
          const body = reader.bytes.subarray(reader.bodyAt, reader.bodyAt + expected.length);
          expect(body.every(byte => byte === expected.fill)).toBe(true);
          reader.release();
          return true;
        };
        for (const each of steps) {
          if ('put' in each) {
            fill = (fill + 1) % 256;
            if (put(writer, each.put, fill)) inside.push({ length: each.put, fill });
            else expect(writer.used() + 2 * unitsFor(each.put)).toBeGreaterThan(writer.units);
          } else for (let i = 0; i < each.take && take(); i++);
          expect(writer.used()).toBeLessThanOrEqual(writer.units);
        }
        while (take());
        expect(writer.used()).toBe(0);
      }),
    );
  });

  it('keeps to the limit it is given', () => {
    const memory = ringMemory(16 * unitBytes);
    const writer = new RingWriter(memory);
    for (let i = 0; i < 8; i++) expect(put(writer, 32, i, 8)).toBe(true);
    expect(put(writer, 32, 9, 8)).toBe(false);
    expect(put(writer, 32, 9, 9)).toBe(true);
  });

  it('shows nothing before it is published', () => {
    const memory = ringMemory(16 * unitBytes);
    const [writer, reader] = [new RingWriter(memory), new RingReader(memory)];
    writer.open(head, 10, 16);
    expect(reader.next()).toBe(false);
    writer.publish();
    expect(reader.next()).toBe(true);
  });

  it('keeps counting past 2^32 units', () => {
    const memory = ringMemory(16 * unitBytes);
    const control = new Int32Array(memory);
    control[0] = -3;
    control[16] = -3;
    const [writer, reader] = [new RingWriter(memory), new RingReader(memory)];
    for (let i = 0; i < 40; i++) {
      expect(put(writer, 40, i)).toBe(true);
      expect(reader.next()).toBe(true);
      expect(reader.interfaceNumber).toBe(i);
      reader.release();
    }
  });

  it('says when nothing more will come', () => {
    const memory = ringMemory(16 * unitBytes);
    const reader = new RingReader(memory);
    expect(reader.stopped()).toBe(false);
    endRing(memory);
    expect(reader.stopped()).toBe(true);
  });

  it('must be a power of two', () => {
    expect(() => ringMemory(3 * unitBytes)).toThrow('a power of two');
  });
});
