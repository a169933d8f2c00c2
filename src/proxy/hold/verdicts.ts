/**
 * Which messages somebody wants to see before they go on: for each direction of a channel a table of 256 bytes, by
 * message number, the last one for all numbers above. A message that nobody armed for costs one look into it, or none
 * where there is no table. Pure.
 */
import type { Filter } from '../../decode/filter/filter.ts';
import { lex } from '../../decode/filter/lex.ts';
import type { Channel, Direction } from '../../decode/frame.ts';

/** A message up to this many payload bytes is gathered to be seen whole; a longer one passes unseen. */
export const largestArmed = 64 * 1024 * 1024;

/** Numbers with an entry of their own; the last entry is for all others. */
const entries = 256;

/** A table that has nothing armed. */
export function emptyTable(): Uint8Array {
  return new Uint8Array(entries);
}

/** The entry of a table for a message number. */
export function entryOf(id: number): number {
  return id < entries - 1 ? id : entries - 1;
}

/** Whether a message number is armed for. */
export function isArmed(table: Uint8Array, id: number): boolean {
  return table[entryOf(id)] !== 0;
}

/**
 * The messages of one direction that a filter may match, by what their headers alone tell. Numbers above 254 share an
 * entry, armed where the filter may match one of them.
 */
export function tableOf(filter: Filter, channel: Channel, dir: Direction): Uint8Array {
  const mayMatch = (id: number): boolean =>
    [false, true].some(reply => filter.head({ kind: 'message', channel, dir, id, reply }) !== 'no');
  const table = emptyTable();
  for (let id = 0; id < entries - 1; id++) if (mayMatch(id)) table[id] = 1;
  if (looksIntoNumbers(filter.text) || largeNumbers(filter.text).some(mayMatch)) table[entries - 1] = 1;
  return table;
}

/** Numbers without an entry of their own that stand for all: those that a filter names, their neighbours, and the first. */
function largeNumbers(filter: string): number[] {
  const named = lex(filter).flatMap(({ text }) => Number(/\((\d+)\)$/.exec(text)?.[1] ?? text));
  return [entries - 1, ...named.flatMap(n => [n - 1, n, n + 1]).filter(n => n >= entries)];
}

/** Whether a filter asks for digits or bits of the number of a message: which numbers have them cannot be told. */
function looksIntoNumbers(filter: string): boolean {
  const words = lex(filter).map(({ text }) => text.toLowerCase());
  return words.some(
    (word, i) => word === 'id' && ['~', '!~', 'matches', 'contains', '&', 'has'].includes(words[i + 1] ?? ''),
  );
}

/** Both tables in one; undefined where neither has anything. */
export function merged(tables: readonly Uint8Array[]): Uint8Array | undefined {
  const table = emptyTable();
  for (const one of tables) for (let i = 0; i < entries; i++) if (one[i] !== 0) table[i] = 1;
  return table.includes(1) ? table : undefined;
}
