/** A compiled filter is a tree of these: each part can test a record, and say what its head alone tells. */
import type { Head, Subject } from './subject.ts';

/** What a head tells: never matches, always matches, or the record must be seen. */
export type Verdict = 'no' | 'yes' | 'maybe';

/** A part of a filter. */
export interface Node {
  /** 0 where only the head is looked at, 1 where the record is, 2 where its payload must be decoded. */
  readonly cost: number;
  test(subject: Subject): boolean;
  head(head: Head): Verdict;
}

/** Every part matches. The cheap ones are tried first. */
export function all(parts: readonly Node[]): Node {
  const ordered = [...parts].sort((a, b) => a.cost - b.cost);
  return {
    cost: Math.max(...parts.map(part => part.cost)),
    test: subject => ordered.every(part => part.test(subject)),
    head: head => {
      const verdicts = ordered.map(part => part.head(head));
      if (verdicts.includes('no')) return 'no';
      return verdicts.includes('maybe') ? 'maybe' : 'yes';
    },
  };
}

/** At least one part matches. */
export function any(parts: readonly Node[]): Node {
  const ordered = [...parts].sort((a, b) => a.cost - b.cost);
  return {
    cost: Math.max(...parts.map(part => part.cost)),
    test: subject => ordered.some(part => part.test(subject)),
    head: head => {
      const verdicts = ordered.map(part => part.head(head));
      if (verdicts.includes('yes')) return 'yes';
      return verdicts.includes('maybe') ? 'maybe' : 'no';
    },
  };
}

/** The part does not match. */
export function not(part: Node): Node {
  return {
    cost: part.cost,
    test: subject => !part.test(subject),
    head: head => ({ no: 'yes', yes: 'no', maybe: 'maybe' })[part.head(head)] as Verdict,
  };
}

/** A test of the head alone. */
export function onHead(test: (head: Head) => boolean): Node {
  return { cost: 0, test, head: head => (test(head) ? 'yes' : 'no') };
}
