import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { plain, quoted, unquoted } from '../../src/decode/plain.ts';

describe('plain', () => {
  it.each([
    ['virtiofsd', 'virtiofsd'],
    ['größe 日本 🙂', 'größe 日本 🙂'],
    ['\x1b[2Jgone', '\\x1b[2Jgone'],
    ['\x9b31m\x07\r\n\t', '\\x9b31m\\x07\\x0d\\x0a\\x09'],
    ['exe\u202etxt.\u2066a\u200bb\ufeff', 'exe\\u202etxt.\\u2066a\\u200bb\\ufeff'],
    ['half \ud800', 'half \\ud800'],
    ['tag \u{e0041}', 'tag \\udb40\\udc41'],
  ])('%j', (text, expected) => {
    expect(plain(text)).toBe(expected);
  });

  it('leaves nothing that steers a terminal', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), text => {
        expect(plain(text)).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}]/u);
      }),
    );
  });

  it('is read back when quoted', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), text => {
        expect(unquoted(quoted(text).slice(1, -1))).toBe(text);
      }),
    );
  });
});
