/** What a record's place among the others says about it: time since the first, and how long an answer took. */
import type { Frame } from './frame.ts';

/** What is known of a record besides the record. */
export interface RecordFacts {
  /** Nanoseconds since the first record; may be negative in merged files. */
  sinceFirstNs: number;
  /** On a reply: nanoseconds from the sending of the request to the receipt of the reply. */
  latencyNs?: number | undefined;
}

/** Requests whose sending is remembered; a power of two. An answer that comes later has no latency. */
const remembered = 8192;

/** Goes along with records in their order. Bounded memory. */
export class Timing {
  #firstNs: bigint | undefined;
  readonly #numbers = new Float64Array(remembered);
  readonly #sent: bigint[] = new Array(remembered).fill(0n);
  readonly #captures: (bigint | undefined)[] = new Array(remembered).fill(undefined);

  /** The facts about the next record. */
  next(frame: Frame): RecordFacts {
    this.#firstNs ??= frame.wallNs;
    const sinceFirstNs = Number(frame.wallNs - this.#firstNs);
    if (frame.kind !== 'message') return { sinceFirstNs };
    if (frame.reply) return { sinceFirstNs, latencyNs: this.#latency(frame) };
    const slot = frame.n % remembered;
    this.#numbers[slot] = frame.n;
    this.#sent[slot] = frame.sentNs;
    this.#captures[slot] = frame.captureId;
    return { sinceFirstNs };
  }

  #latency({ answers, captureId, receivedNs }: Frame): number | undefined {
    if (answers === undefined) return undefined;
    const slot = answers % remembered;
    const sent = this.#sent[slot];
    if (this.#numbers[slot] !== answers || this.#captures[slot] !== captureId || !sent) return undefined;
    return Number(receivedNs - sent);
  }
}
