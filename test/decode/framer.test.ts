import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Framed, Framer } from '../../src/decode/framer.ts';

const hex = (text: string) => Uint8Array.from(Buffer.from(text.replace(/\s/g, ''), 'hex'));
const show = (found: readonly Framed<string>[]) =>
  found.map(({ kind, bytes, offset, fds, fdAt, reason }) =>
    [`${kind}@${offset}`, Buffer.from(bytes).toString('hex'), ...fds, ...(fdAt > 0 ? [`at ${fdAt}`] : []), reason]
      .filter(part => part !== undefined)
      .join(' '),
  );

const getFeatures = '010000000100000000000000';
const setNum = '0800000001000000080000000000000000010000';

describe('Framer', () => {
  it('gives each message its own descriptors', () => {
    const framer = new Framer<string>('main');
    expect(show(framer.feed(hex(setNum + getFeatures.slice(0, 8)), ['kick']))).toEqual([`message@0 ${setNum} kick`]);
    expect(framer.pending).toBe(4);
    expect(show(framer.feed(hex(getFeatures.slice(8)), ['late']))).toEqual([`message@20 ${getFeatures} late at 4`]);
    expect(framer.end()).toBeUndefined();
  });

  it('ends in raw bytes where no message can begin', () => {
    const framer = new Framer<string>('main');
    const insane = '0800000001000000ffffffff';
    expect(show(framer.feed(hex(`${getFeatures}${insane}aabb`)))).toEqual([
      `message@0 ${getFeatures}`,
      `raw@12 ${insane} a payload of 4294967295 bytes`,
      'raw@24 aabb',
    ]);
    expect(show(framer.feed(hex('cc'), ['stray']))).toEqual(['raw@26 cc stray']);
    expect(show(new Framer<string>('main').feed(hex('010000000000000000000000')))).toEqual([
      'raw@0 010000000000000000000000 version 0',
    ]);
  });

  it('has no version on the gpu channel, and takes the byte order of the peers', () => {
    expect(show(new Framer<string>('gpu').feed(hex('010000000000000000000000')))).toHaveLength(1);
    expect(show(new Framer<string>('main', true).feed(hex('0000000800000001000000080000000000000100')))).toEqual([
      'message@0 0000000800000001000000080000000000000100',
    ]);
  });

  it('tells what never became whole', () => {
    const framer = new Framer<string>('main');
    framer.feed(hex(setNum).subarray(0, 15), ['kick']);
    expect(show([framer.end() as Framed<string>])).toEqual(['raw@0 080000000100000008000000000000 kick']);
  });

  it('finds the same messages however the stream was cut', () => {
    const stream = hex(setNum + getFeatures + setNum + getFeatures);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 30 }), { maxLength: 20 }), sizes => {
        const framer = new Framer<string>('main');
        const found: Framed<string>[] = [];
        let at = 0;
        for (const size of [...sizes, stream.length]) {
          found.push(...framer.feed(stream.subarray(at, at + size)));
          at += size;
        }
        expect(show(found)).toEqual([
          `message@0 ${setNum}`,
          `message@20 ${getFeatures}`,
          `message@32 ${setNum}`,
          `message@52 ${getFeatures}`,
        ]);
      }),
    );
  });
});
