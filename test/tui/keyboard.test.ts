/** Typed keys, mouse events and pasted text, however they come in pieces. */

import { PassThrough } from 'node:stream';
import { expect, it } from 'vitest';
import { Cutter, Keyboard } from '../../src/tui/keyboard.ts';

const cut = (...chunks: string[]): string[] => {
  const cutter = new Cutter();
  const pieces = chunks.flatMap(chunk => cutter.cut(chunk));
  return [...pieces, ...cutter.flush()].map(piece => ('pasted' in piece ? `pasted ${piece.pasted}` : piece.pressed));
};

it.each([
  { what: 'keys that are typed fast', data: 'jjk', pieces: ['j', 'j', 'k'] },
  { what: 'a search typed at once', data: '/é€\r', pieces: ['/', 'é', '€', '\r'] },
  {
    what: 'named keys among others',
    data: 'j\x1b[B\x1bOAk\x1b[5~\x1b[1;5C',
    pieces: ['j', '\x1b[B', '\x1bOA', 'k', '\x1b[5~', '\x1b[1;5C'],
  },
  { what: 'function keys of the console', data: '\x1b[[Aj', pieces: ['\x1b[[A', 'j'] },
  { what: 'Esc and a key', data: '\x1bj', pieces: ['\x1b', 'j'] },
  { what: 'Esc twice', data: '\x1b\x1b', pieces: ['\x1b', '\x1b'] },
  { what: 'Esc and an arrow', data: '\x1b\x1b[A', pieces: ['\x1b', '\x1b[A'] },
  {
    what: 'mouse events in a row',
    data: '\x1b[<0;5;6M\x1b[<32;5;7M\x1b[<0;5;7mj',
    pieces: ['\x1b[<0;5;6M', '\x1b[<32;5;7M', '\x1b[<0;5;7m', 'j'],
  },
  { what: 'mouse events of old terminals', data: '\x1b[M !"\x1b[M#!"q', pieces: ['\x1b[M !"', '\x1b[M#!"', 'q'] },
  { what: 'a paste between keys', data: 'f\x1b[200~quit\nq\x1b[201~\rj', pieces: ['f', 'pasted quit\nq', '\r', 'j'] },
])('$what', ({ data, pieces }) => {
  expect(cut(data)).toEqual(pieces);
  // Wherever it is cut, it says the same.
  for (let at = 1; at < data.length; at++) expect(cut(data.slice(0, at), data.slice(at))).toEqual(pieces);
});

it('comes to an end with a paste that is too long', () => {
  const long = 'x'.repeat(9_000);
  expect(cut(`\x1b[200~${long}`, long, long, 'yy\x1b[201', '~', 'j')).toEqual([`pasted ${'x'.repeat(10_000)}`, 'j']);
});

it('tells Esc once nothing follows it', async () => {
  const source = new PassThrough();
  const pasted: string[] = [];
  const keyboard = new Keyboard(source, text => pasted.push(text));
  const told: string[] = [];
  const twice = new Promise<void>(done => {
    keyboard.on('data', (key: Buffer) => told.push(key.toString()) === 2 && done());
  });
  source.write('\x1b[200~a\x1b[201~j\x1b');
  await twice;
  expect({ told, pasted }).toEqual({ told: ['j', '\x1b'], pasted: ['a'] });
  keyboard.close();
});
