/**
 * Filters: one language for what to print, show, hold, change and export. `docs/filters.md` tells it to users.
 */
import type { Frame } from '../frame.ts';
import type { Message } from '../message.ts';
import type { RecordFacts } from '../timing.ts';
import type { Verdict } from './node.ts';
import { parse } from './parse.ts';
import { type Head, Subject } from './subject.ts';

export { fieldNamed, fieldNames } from './fields.ts';
export { type Selector, shownValue } from './selector.ts';
export { type Head, Subject } from './subject.ts';

/** A compiled filter. */
export interface Filter {
  /** As it was written. */
  readonly text: string;
  /** Whether a record matches. It is decoded only where its head does not tell. */
  matches(frame: Frame, facts?: RecordFacts, message?: Message): boolean;
  /** The same for several filters that look at one record, which is then decoded once. */
  test(subject: Subject): boolean;
  /** What the head alone tells, for a table that is consulted before a message has arrived. */
  head(head: Head): Verdict;
}

/**
 * Compiles a filter; an empty one matches everything.
 *
 * @throws SyntaxProblem that names the column
 */
export function compileFilter(text: string): Filter {
  if (text.trim() === '') return { text, matches: () => true, test: () => true, head: () => 'yes' };
  const node = parse(text);
  return {
    text,
    matches: (frame, facts, message) => node.test(new Subject(frame, facts, message)),
    test: subject => node.test(subject),
    head: head => node.head(head),
  };
}
