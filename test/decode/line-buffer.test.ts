import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LineBuffer } from '../../src/decode/line-buffer.ts';

/** What a writing leaves in a buffer that has to grow for it. */
function written(write: (out: LineBuffer) => void): string {
  const out = new LineBuffer(1);
  write(out);
  return out.textFrom(0);
}

describe('LineBuffer', () => {
  it('writes any whole number in decimal', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), n => {
        expect(written(out => out.decimal(n))).toBe(String(n));
      }),
    );
    for (const n of [
      0,
      9,
      10,
      99,
      100,
      1e9 - 1,
      1e9,
      2 ** 31,
      2 ** 32,
      Number.MAX_SAFE_INTEGER,
      54887620458577930,
      2 ** 64,
    ]) {
      expect(written(out => out.decimal(n))).toBe(String(BigInt(n)));
    }
  });

  it('fills up in front', () => {
    expect(written(out => out.decimal(42, 6, 0x20))).toBe('    42');
    expect(written(out => out.decimal(5, 9))).toBe('000000005');
    expect(written(out => out.decimal(1_234_567, 3))).toBe('1234567');
  });

  it('writes halves as one number', () => {
    const half = fc.nat(0xffff_ffff);
    fc.assert(
      fc.property(half, half, (low, high) => {
        const value = (BigInt(high) << 32n) | BigInt(low);
        expect(written(out => out.decimal64(low, high))).toBe(String(value));
        expect(written(out => out.hex(low, high))).toBe(`0x${value.toString(16)}`);
      }),
    );
  });

  it('writes texts, JSON and bytes', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.uint8Array(), (text, bytes) => {
        expect(JSON.parse(written(out => out.json(text)))).toBe(text);
        expect(written(out => out.text(text))).toBe(Buffer.from(text).toString());
        expect(written(out => out.hexBytes(bytes, 0, bytes.length))).toBe(Buffer.from(bytes).toString('hex'));
        expect(written(out => out.copy(Buffer.from(text)))).toBe(Buffer.from(text).toString());
      }),
    );
  });

  it('writes words over and over', () => {
    expect(written(out => ['a', 'längeres Wort', 'a', ''].map(word => out.word(word)))).toBe('alängeres Worta');
  });
});
