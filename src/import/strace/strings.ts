/** Strings as strace prints them: every byte as `\x` and two digits with -xx, as C escapes without. */

/** A string in quotes, the text between them its first group; dots behind it say that `-s` cut it. */
export const stringPattern = '"((?:[^"\\\\]|\\\\.)*)"(?:\\.\\.\\.)?';

const named: { readonly [letter: string]: number } = { n: 10, t: 9, r: 13, v: 11, f: 12, a: 7, b: 8, e: 27 };

/** The bytes of the text between the quotes. */
export function unquote(text: string): Buffer {
  if (/^(?:\\x[0-9a-f]{2})*$/.test(text)) return Buffer.from(text.replaceAll('\\x', ''), 'hex');
  const plain = text.replace(/\\(?:x([0-9a-f]{2})|([0-7]{1,3})|(.))/gs, (_, hex, octal, letter) => {
    if (hex !== undefined) return String.fromCharCode(Number.parseInt(hex, 16));
    if (octal !== undefined) return String.fromCharCode(Number.parseInt(octal, 8) & 0xff);
    const code = named[letter as string];
    return code === undefined ? letter : String.fromCharCode(code);
  });
  return Buffer.from(plain, 'latin1');
}
