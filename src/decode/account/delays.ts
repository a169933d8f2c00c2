/** How long messages spent in the proxy: a histogram of a few kilobytes, whatever the number of messages. */
import type { Frame } from '../frame.ts';

/** Steps of the histogram for each doubling: a step is 4.4 % wide. */
const perDoubling = 16;
/** Up to 2^48 ns, three days. */
const steps = 48 * perDoubling;

/** What is known of the delays, in nanoseconds. */
export interface DelaySummary {
  /** Messages that were sent on. */
  readonly count: number;
  readonly median: number;
  /** 99 of 100 messages took no longer. */
  readonly p99: number;
  readonly most: number;
  /** Record that took longest. */
  readonly mostAt: number;
}

/** Counts delays. */
export class Delays {
  /** Messages by step; most connections of a recording that has many are short and need few steps. */
  readonly #histogram = new Map<number, number>();
  #count = 0;
  #most = 0;
  #mostAt = 0;

  /** Takes a message: from its complete header to the last byte the other socket accepted, without what was held. */
  take({ sentNs, receivedNs, heldNs = 0n, carried, n }: Frame): void {
    if (sentNs === 0n || carried) return;
    const ns = Math.max(1, Number(sentNs - receivedNs - heldNs));
    const step = Math.min(steps - 1, Math.ceil(Math.log2(ns) * perDoubling));
    this.#histogram.set(step, (this.#histogram.get(step) ?? 0) + 1);
    this.#count += 1;
    if (ns > this.#most) [this.#most, this.#mostAt] = [ns, n];
  }

  /** The delays so far; undefined where no message was sent on. */
  summary(): DelaySummary | undefined {
    if (this.#count === 0) return undefined;
    const most = this.#most;
    return { count: this.#count, median: this.#below(0.5), p99: this.#below(0.99), most, mostAt: this.#mostAt };
  }

  /** The smallest delay that this share of messages does not exceed, rounded up to a step. */
  #below(share: number): number {
    let left = Math.ceil(this.#count * share);
    for (const step of [...this.#histogram.keys()].sort((a, b) => a - b)) {
      left -= this.#histogram.get(step) ?? 0;
      if (left <= 0) return Math.min(this.#most, Math.round(2 ** (step / perDoubling)));
    }
    return this.#most;
  }
}
