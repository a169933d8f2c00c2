import { answer } from './answer.ts';
import { close } from './close.ts';
import { corrupt } from './corrupt.ts';
import { delay } from './delay.ts';
import { drop } from './drop.ts';
import { duplicate } from './duplicate.ts';
import { fds } from './fds.ts';
import { force } from './force.ts';
import { hold } from './hold.ts';
import { inject } from './inject.ts';
import { mask } from './mask.ts';
import { note } from './note.ts';
import { payload } from './payload.ts';
import { replace } from './replace.ts';
import { set } from './set.ts';
import { split } from './split.ts';
import { stopReading } from './stop-reading.ts';
import type { Tamper } from './tamper.ts';

const list = [
  ...[mask, force, set, replace, payload, fds, corrupt, split],
  ...[delay, hold, drop, duplicate, answer, inject, stopReading, close, note],
];

/** Everything a rule can do, by the key below `do:`. */
export const tampers: Readonly<Record<string, Tamper>> = Object.fromEntries(list.map(one => [one.name, one]));

/** One thing a rule does; plain data, checked against the tamper's settings. */
export interface Action {
  readonly tamper: string;
  readonly settings: unknown;
}
