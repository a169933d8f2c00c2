import { hold } from './hold.ts';
import type { Tamper } from './tamper.ts';

/** Everything a rule can do, by the key below `do:`. */
export const tampers: Readonly<Record<string, Tamper>> = Object.fromEntries([hold].map(one => [one.name, one]));

/** One thing a rule does; plain data, checked against the tamper's settings. */
export interface Action {
  readonly tamper: string;
  readonly settings: unknown;
}
