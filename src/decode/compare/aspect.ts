/**
 * A comparison looks at two connections aspect by aspect. An aspect states facts about one connection; what differs is
 * found by putting the facts of two next to each other. A new aspect is a file of its own and a line in the index.
 */
import type { ConnectionAccount } from '../account/account.ts';
import { duration } from '../text/remarks.ts';

/** What is known of a connection under one name: `accepted` under `RING_PACKED`. */
export interface Fact {
  readonly text: string;
  /** A time in nanoseconds: times that are close to each other are the same. */
  readonly ns?: number;
}

/** Facts by name. */
export type Facts = ReadonlyMap<string, Fact>;

/** One side of a connection's story, as facts. */
export interface Aspect {
  /** Stable, for JSON. */
  readonly id: string;
  readonly title: string;
  /**
   * Whether two connections that differ here negotiated differently. Who the peers are, how long things took and how far
   * the rings have come differ between any two recordings.
   */
  readonly counts: boolean;
  readonly facts: (connection: ConnectionAccount) => Facts;
}

/** Facts from pairs, those without a value left out. */
export function factsOf(
  pairs: readonly (readonly [name: string, value: string | number | bigint | undefined])[],
): Facts {
  return new Map(
    pairs.flatMap(([name, value]) => (value === undefined ? [] : [[name, { text: String(value) }] as const])),
  );
}

/** Facts about times, in nanoseconds; those without a value left out. */
export function timesOf(pairs: readonly (readonly [name: string, ns: number | undefined])[]): Facts {
  return new Map(
    pairs.flatMap(([name, ns]) => (ns === undefined ? [] : [[name, { text: duration(ns), ns }] as const])),
  );
}

/** Times differ where one is at least twice the other, and by a millisecond. */
export function isSame(a: Fact | undefined, b: Fact | undefined): boolean {
  if (a?.ns === undefined || b?.ns === undefined) return a?.text === b?.text;
  const [less, more] = [Math.min(a.ns, b.ns), Math.max(a.ns, b.ns)];
  return more < 2 * less || more - less < 1e6;
}
