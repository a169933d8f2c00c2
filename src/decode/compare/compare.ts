/** Compares two connections by meaning: what was offered, accepted, sized, ordered and timed differently. Pure. */
import type { ConnectionAccount } from '../account/account.ts';
import { isSame } from './aspect.ts';
import { aspects } from './aspects/index.ts';
import { type Aligned, align } from './order.ts';

/** A fact that is not the same, or that only one side has. */
export interface Difference {
  readonly name: string;
  readonly a?: string;
  readonly b?: string;
}

/** One aspect of both connections. */
export interface AspectComparison {
  readonly id: string;
  readonly title: string;
  readonly counts: boolean;
  /** Facts that are the same. */
  readonly same: number;
  readonly different: readonly Difference[];
}

/** Two connections next to each other. */
export interface Comparison {
  /** They negotiated the same, in the same order, and came to the same end. */
  readonly same: boolean;
  readonly aspects: readonly AspectComparison[];
  readonly order: readonly Aligned[];
}

/** Compares two connections. */
export function compare(a: ConnectionAccount, b: ConnectionAccount): Comparison {
  const compared = aspects.map(({ id, title, counts, facts }): AspectComparison => {
    const [left, right] = [facts(a), facts(b)];
    const names = [...new Set([...left.keys(), ...right.keys()])];
    const different = names
      .filter(name => !isSame(left.get(name), right.get(name)))
      .map(name => ({ name, ...told('a', left.get(name)?.text), ...told('b', right.get(name)?.text) }));
    return { id, title, counts, same: names.length - different.length, different };
  });
  const order = align(a.steps, b.steps);
  const same =
    order.every(row => row.change === 'same') && compared.every(one => !one.counts || one.different.length === 0);
  return { same, aspects: compared, order };
}

function told(side: 'a' | 'b', value: string | undefined): Partial<Difference> {
  return value === undefined ? {} : { [side]: value };
}
