/** Tests of one field: what it is compared with, and how. */
import { hex } from '../u64.ts';
import type { Literal } from './literal.ts';
import type { Node } from './node.ts';
import type { Regular } from './regular.ts';
import type { FilterValue, Selector } from './selector.ts';
import type { Head, Subject } from './subject.ts';

type Check = (value: FilterValue, subject: Subject | undefined) => boolean;

/** A field of which any value passes. A record that does not have the field never matches. */
export function anyValue(selector: Selector, check: Check): Node {
  return testOf(selector, (values, subject) => values.some(value => check(value, subject)));
}

/** A field that is there, and of which no value passes. */
export function noValue(selector: Selector, check: Check): Node {
  return testOf(selector, (values, subject) => values.length > 0 && !values.some(value => check(value, subject)));
}

function testOf(
  selector: Selector,
  passes: (values: readonly FilterValue[], subject: Subject | undefined) => boolean,
): Node {
  const { fromHead, mayHave } = selector;
  if (fromHead) {
    const test = (head: Head): boolean => passes(fromHead(head), undefined);
    return { cost: 0, test, head: head => (test(head) ? 'yes' : 'no') };
  }
  return {
    cost: mayHave ? 2 : 1,
    test: subject => (!mayHave || mayHave(subject)) && passes(selector.values(subject), subject),
    head: head => (mayHave && !mayHave(head) ? 'no' : 'maybe'),
  };
}

/** Comparisons by their sign. */
export const comparisons: Readonly<Record<'==' | '<' | '<=' | '>' | '>=', (literal: Literal) => Check>> = {
  '==': literal => (value, subject) => equal(value, literal(subject)),
  '<': literal => (value, subject) => order(value, literal(subject)) < 0,
  '<=': literal => (value, subject) => order(value, literal(subject)) <= 0,
  '>': literal => (value, subject) => order(value, literal(subject)) > 0,
  '>=': literal => (value, subject) => order(value, literal(subject)) >= 0,
};

/** Whether a value lies between two others, both included. */
export function between(least: Literal, most: Literal): Check {
  return (value, subject) => order(value, least(subject)) >= 0 && order(value, most(subject)) <= 0;
}

/** Whether a mask has all bits of each of the others. */
export function hasBits(masks: readonly Literal[]): Check {
  return (value, subject) =>
    masks.every(literal => {
      const mask = literal(subject);
      if (!isNumber(value) || !isNumber(mask)) return false;
      return (BigInt(value) & BigInt(mask)) === BigInt(mask);
    });
}

/** Whether a mask has a bit in common with another one; `compare` looks at what they have in common. */
export function inCommon(literal: Literal, compare: Check = value => value !== 0n): Check {
  return (value, subject) => {
    const mask = literal(subject);
    return isNumber(value) && isNumber(mask) && compare(BigInt.asUintN(64, BigInt(value)) & BigInt(mask), subject);
  };
}

/** Whether a pattern occurs in a value, numbers and bytes as they are shown. */
export function matching(pattern: Regular): Check {
  return value => pattern.test(shown(value));
}

function shown(value: FilterValue): string {
  if (value instanceof Uint8Array) return Array.from(value, byte => byte.toString(16).padStart(2, '0')).join('');
  return typeof value === 'bigint' ? hex(value) : String(value);
}

function isNumber(value: FilterValue | undefined): value is number | bigint {
  return typeof value === 'number' || typeof value === 'bigint';
}

function equal(value: FilterValue, other: FilterValue | undefined): boolean {
  if (value instanceof Uint8Array) {
    return other instanceof Uint8Array && value.length === other.length && value.every((byte, i) => byte === other[i]);
  }
  // biome-ignore lint/suspicious/noDoubleEquals: a number and a bigint may be equal
  return isNumber(value) && isNumber(other) ? value == other : value === other;
}

/** Negative, zero or positive as the first is smaller, equal or larger; NaN where they cannot be compared. */
function order(value: FilterValue, other: FilterValue | undefined): number {
  if (isNumber(value) && isNumber(other)) return value < other ? -1 : value > other ? 1 : 0;
  if (typeof value === 'string' && typeof other === 'string') return value < other ? -1 : value > other ? 1 : 0;
  return Number.NaN;
}
