/** Counts, latencies and rates of a trace, gathered record by record in bounded memory. */
import type { Frame } from '../decode/frame.ts';
import type { Message } from '../decode/message.ts';

/** Messages of one name. */
export interface NameCount {
  readonly name: string;
  readonly requests: number;
  readonly replies: number;
  readonly bytes: number;
}

/** An answer that took long. */
export interface SlowAnswer {
  readonly row: number;
  readonly n: number;
  readonly name: string;
  readonly latencyNs: number;
}

/** What was counted. */
export interface Statistics {
  readonly messages: number;
  /** Most frequent first. */
  readonly names: readonly NameCount[];
  readonly answers: number;
  /** Upper bounds in nanoseconds and how many answers were at most that slow, but slower than the bound before. */
  readonly latencies: readonly { readonly most: number; readonly count: number }[];
  /** Latencies that so many of a hundred answers do not exceed, exact within a tenth. */
  readonly percentiles: readonly { readonly percent: number; readonly ns: number }[];
  /** Messages in stretches of time of equal length, from the first record on. */
  readonly rate: { readonly stretchNs: number; readonly counts: readonly number[] };
  /** Slowest first. */
  readonly slowest: readonly SlowAnswer[];
}

/** Parts of a factor of two that latencies are told apart by. */
const parts = 8;
const mostSlow = 50;
/** Stretches of time that are kept; when there are more, two become one. */
const mostStretches = 256;
const shownPercents = [50, 90, 99, 99.9, 100];
/** Messages of other names are counted as one. */
const mostNames = 512;

/** Counts. */
export class Counting {
  readonly #names = new Map<string, { requests: number; replies: number; bytes: number }>();
  readonly #latencies: number[] = [];
  #slowest: SlowAnswer[] = [];
  #messages = 0;
  #answers = 0;
  #firstNs: bigint | undefined;
  #stretchNs = 1_000_000;
  #counts: number[] = [];

  /** Takes a message; `latencyNs` where it is a reply to a request that is known. */
  take(row: number, frame: Frame, { name, reply }: Message, latencyNs: number | undefined): void {
    this.#messages++;
    const key = this.#names.has(name) || this.#names.size < mostNames ? name : 'others';
    const count = this.#names.get(key) ?? { requests: 0, replies: 0, bytes: 0 };
    if (reply) count.replies++;
    else count.requests++;
    count.bytes += frame.wireLength;
    this.#names.set(key, count);
    this.#at(frame.wallNs);
    if (latencyNs !== undefined) this.#answer({ row, n: frame.n, name, latencyNs });
  }

  /** What was counted so far. */
  result(): Statistics {
    const names = Array.from(this.#names, ([name, count]) => ({ name, ...count }));
    return {
      messages: this.#messages,
      names: names.sort((a, b) => b.requests + b.replies - (a.requests + a.replies)),
      answers: this.#answers,
      latencies: this.#octaves(),
      percentiles:
        this.#answers === 0 ? [] : shownPercents.map(percent => ({ percent, ns: this.#percentile(percent) })),
      rate: { stretchNs: this.#stretchNs, counts: Array.from(this.#counts, count => count ?? 0) },
      slowest: this.#slowest,
    };
  }

  #at(wallNs: bigint): void {
    this.#firstNs ??= wallNs;
    const since = Math.max(0, Number(wallNs - this.#firstNs));
    while (since / this.#stretchNs >= mostStretches) {
      const { length } = this.#counts;
      const halved = Array.from({ length: Math.ceil(length / 2) }, (_, i) => {
        return (this.#counts[i * 2] ?? 0) + (this.#counts[i * 2 + 1] ?? 0);
      });
      this.#counts = halved;
      this.#stretchNs *= 2;
    }
    const stretch = Math.floor(since / this.#stretchNs);
    this.#counts[stretch] = (this.#counts[stretch] ?? 0) + 1;
  }

  #answer(answer: SlowAnswer): void {
    this.#answers++;
    const bucket = Math.max(0, Math.floor(Math.log2(Math.max(1, answer.latencyNs)) * parts));
    this.#latencies[bucket] = (this.#latencies[bucket] ?? 0) + 1;
    const least = this.#slowest.at(-1)?.latencyNs ?? -1;
    if (this.#slowest.length >= mostSlow && answer.latencyNs <= least) return;
    this.#slowest = [...this.#slowest, answer].sort((a, b) => b.latencyNs - a.latencyNs).slice(0, mostSlow);
  }

  #octaves(): Statistics['latencies'] {
    const octaves: number[] = [];
    for (const [bucket, count] of this.#latencies.entries()) {
      const octave = Math.floor(bucket / parts);
      octaves[octave] = (octaves[octave] ?? 0) + (count ?? 0);
    }
    const all = Array.from(octaves, (count, octave) => ({ most: 2 ** (octave + 1), count: count ?? 0 }));
    const first = all.findIndex(({ count }) => count > 0);
    return first < 0 ? [] : all.slice(first);
  }

  #percentile(percent: number): number {
    if (percent === 100) return this.#slowest[0]?.latencyNs ?? 0;
    let left = Math.ceil((this.#answers * percent) / 100);
    for (const [bucket, count] of this.#latencies.entries()) {
      left -= count ?? 0;
      if (left <= 0) return Math.min(2 ** ((bucket + 1) / parts), this.#slowest[0]?.latencyNs ?? 0);
    }
    return 0;
  }
}
