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
 * entry, armed where a filter cannot say that it means none of them.
 */
export function tableOf(filter: Filter, channel: Channel, dir: Direction): Uint8Array {
  const table = emptyTable();
  for (let id = 0; id < entries; id++) {
    const heads = [false, true].map(reply => filter.head({ kind: 'message', channel, dir, id, reply }));
    if (heads.some(verdict => verdict !== 'no')) table[id] = 1;
  }
  // A filter for one large number says no to the number of the entry that all of them share.
  if (mayMeanLarge(filter.text)) table[entries - 1] = 1;
  return table;
}

/** Whether a filter asks for the number of a message, or names a number, in some base, that has no entry of its own. */
function mayMeanLarge(filter: string): boolean {
  return lex(filter).some(({ kind, text }) =>
    kind === 'number' ? Number(text) >= entries - 1 : /^id$|\(\d+\)$/i.test(text),
  );
}

/** Both tables in one; undefined where neither has anything. */
export function merged(tables: readonly Uint8Array[]): Uint8Array | undefined {
  const table = emptyTable();
  for (const one of tables) for (let i = 0; i < entries; i++) if (one[i] !== 0) table[i] = 1;
  return table.includes(1) ? table : undefined;
}
