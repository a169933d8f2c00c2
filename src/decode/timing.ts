/** What a record's place among the others says about it: time since the first, and how long an answer took. */
import type { Frame } from './frame.ts';
import type { Phase } from './phase.ts';

/** What is known of a record besides the record. */
export interface RecordFacts {
  /** Nanoseconds since the first record; may be negative in merged files. */
  sinceFirstNs: number;
  /** On a reply: nanoseconds from the sending of the request to the receipt of the reply. */
  latencyNs?: number | undefined;
  /** On a request: the number of its reply, where records are read with what follows them. */
  answeredBy?: number | undefined;
  /** What the message is part of, where records are labelled. */
  phase?: Phase | undefined;
  /** The functions of QEMU that send it, where records are labelled. */
  path?: readonly string[] | undefined;
}

/** Requests whose sending is remembered; a power of two. An answer that comes later has no latency. */
const remembered = 8192;

/**
 * Directions that vhuscope held back. What came in one meanwhile waited in the socket and was read afterwards: nobody knows
 * when it arrived, so that how long its author took is not known either. Goes along with records in their order.
 */
export class HeldBack {
  /** When the last message that was held went on, by direction of a channel. */
  readonly #until = new Map<string, bigint>();

  /** Takes the next record. */
  take(frame: Frame): void {
    if (frame.heldNs !== undefined) this.#until.set(streamOf(frame), frame.receivedNs + frame.heldNs);
  }

  /** Whether the direction of a record was held back at some time after the given one. */
  since(frame: Frame, ns: bigint): boolean {
    return this.#until.size > 0 && (this.#until.get(streamOf(frame)) ?? 0n) > ns;
  }
}

const streamOf = ({ pair, session, epoch, channel, dir }: Frame) => `${pair}/${session}/${epoch}/${channel}/${dir}`;

/** Goes along with records in their order. Bounded memory. */
export class Timing {
  #firstNs: bigint | undefined;
  readonly #numbers = new Float64Array(remembered);
  readonly #sent: bigint[] = new Array(remembered).fill(0n);
  readonly #captures: (bigint | undefined)[] = new Array(remembered).fill(undefined);
  readonly #heldBack = new HeldBack();

  /** The facts about the next record. */
  next(frame: Frame): RecordFacts {
    // What a rotated file repeats is older than the file, and not timed.
    if (!frame.carried) this.#firstNs ??= frame.wallNs;
    const sinceFirstNs = Number(frame.wallNs - (this.#firstNs ?? frame.wallNs));
    if (frame.kind !== 'message') return { sinceFirstNs };
    const latencyNs = frame.reply ? this.#latency(frame) : undefined;
    this.#heldBack.take(frame);
    if (frame.reply) return { sinceFirstNs, latencyNs };
    const slot = frame.n % remembered;
    this.#numbers[slot] = frame.n;
    this.#sent[slot] = frame.sentNs;
    this.#captures[slot] = frame.captureId;
    return { sinceFirstNs };
  }

  #latency(reply: Frame): number | undefined {
    const { answers, captureId } = reply;
    if (answers === undefined) return undefined;
    const slot = answers % remembered;
    if (this.#numbers[slot] !== answers || this.#captures[slot] !== captureId) return undefined;
    const sentNs = this.#sent[slot] as bigint;
    return this.#heldBack.since(reply, sentNs) ? undefined : latencyOf(reply, { sentNs });
  }
}

/** Nanoseconds from the sending of a request to the receipt of its reply; what was held back does not count. */
export function latencyOf(reply: Frame, request: Pick<Frame, 'sentNs'>): number | undefined {
  if (request.sentNs === 0n || reply.carried) return undefined;
  return Number(reply.receivedNs - request.sentNs);
}
