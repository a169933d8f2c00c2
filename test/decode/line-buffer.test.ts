import { describe, expect, it } from 'vitest';
import { LineBuffer } from '../../src/decode/line-buffer.ts';

describe('decimal numbers in a line', () => {
  it.each([0, 9, 10, 2 ** 31, 9_999_999_999, Number.MAX_SAFE_INTEGER, 2 ** 53, 54887620458577930, 2 ** 64])(
    '%d',
    value => {
      const line = new LineBuffer();
      line.decimal(value);
      expect(Number(line.textFrom(0))).toBe(value);
    },
  );
});
