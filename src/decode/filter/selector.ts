/** A field as a filter sees it: where its values come from and what may be compared with them. */
import { plain } from '../plain.ts';
import { hex } from '../u64.ts';
import type { Head, Subject } from './subject.ts';

/** A value that is compared. */
export type FilterValue = number | bigint | string | boolean | Uint8Array;

/** What the values of a field are. */
export type FilterKind = 'number' | 'text' | 'switch' | 'bytes';

/** A field that can be asked for. */
export interface Selector {
  readonly name: string;
  readonly kind: FilterKind;
  /** What it means, in one line. */
  readonly doc: string;
  /** How a number with a unit is to be read; a time needs its unit where `bare` is not given. */
  readonly unit?: 'time' | 'size';
  /** Nanoseconds that a number without a unit stands for. */
  readonly bare?: number;
  /** Named by its path in the payload, which depends on the message, and not by its meaning. */
  readonly byPath?: boolean;
  /** The mask that it is a bit of. */
  readonly mask?: string;
  /** Its numbers are masks, addresses or handles. */
  readonly hex?: boolean;
  /** Names that stand for numbers. */
  readonly names?: readonly string[];
  /** The number a name stands for in this record; a bit as the mask that has it. */
  readonly numberOf?: (name: string, subject: Subject | undefined) => number | bigint | undefined;
  /** Values that texts are brought to the form of, as old message names to the new ones. */
  readonly textOf?: (text: string) => string;
  /** Its values in a record; several where it stands in a list. */
  values(subject: Subject): readonly FilterValue[];
  /** The values where the head alone tells them. */
  readonly fromHead?: (head: Head) => readonly FilterValue[];
  /** Whether a record with this head can have the field at all. */
  readonly mayHave?: (head: Head) => boolean;
}

/** No values. */
export const nothingThere: readonly FilterValue[] = [];

/** One value, or none where there is none. */
export function maybe(value: FilterValue | undefined): readonly FilterValue[] {
  return value === undefined ? nothingThere : [value];
}

/** A value as it is printed in a column: safe for a terminal, without tabs and line ends. */
export function shownValue(selector: Selector, value: FilterValue): string {
  if (value instanceof Uint8Array) return Array.from(value, byte => byte.toString(16).padStart(2, '0')).join('');
  if (typeof value === 'number' || typeof value === 'bigint') {
    if (selector.hex) return hex(value);
    const { bare = 1 } = selector;
    return bare === 1 ? String(value) : (Number(value) / bare).toFixed(9);
  }
  return typeof value === 'string' ? plain(value) : String(value);
}
