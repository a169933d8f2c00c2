/** Pasted text and typed keys. */
import { expect, it } from 'vitest';
import { Pasting } from '../../src/tui/pasting.ts';

function heard(...chunks: string[]): { pasted: string[]; muted: boolean[] } {
  const pasted: string[] = [];
  const pasting = new Pasting(text => pasted.push(text));
  const muted = chunks.map(chunk => {
    pasting.hear(chunk);
    return pasting.mutes;
  });
  return { pasted, muted };
}

it('tells them apart', () => {
  expect(heard('j', '\x1b[200~quit\nq\x1b[201~', 'k')).toEqual({ pasted: ['quit\nq'], muted: [false, true, false] });
});

it('gathers what comes in pieces, wherever they are cut', () => {
  expect(heard('\x1b[200~one ', 'two\x1b[20', '1~', 'q')).toEqual({
    pasted: ['one two'],
    muted: [true, true, true, false],
  });
});

it('comes to an end with a text that is too long', () => {
  const long = 'x'.repeat(9_000);
  const { pasted, muted } = heard(`\x1b[200~${long}`, long, long, 'yy\x1b[201', '~', 'j');
  expect(pasted).toEqual(['x'.repeat(10_000)]);
  expect(muted).toEqual([true, true, true, true, true, false]);
});
