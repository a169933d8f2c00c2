/** The requests at the outset of a connection, as comparisons align them: what was asked, in which phase, when. */
import type { Channel, Frame } from '../frame.ts';
import type { Message } from '../message.ts';
import { Course, type Phase } from '../phase.ts';
import { baseWord } from '../session/vring.ts';

/** One request, or several of the same kind that follow each other. */
export interface OutsetStep {
  /** Record, that of the first of them. */
  readonly n: number;
  /** Nanoseconds since 1970. */
  readonly wallNs: bigint;
  readonly name: string;
  readonly channel: Channel;
  /** The ring it is about. */
  readonly ring: number | undefined;
  readonly phase: Phase;
  readonly needReply: boolean;
  readonly times: number;
}

/** Steps that are kept: a negotiation with 256 queues has fewer. */
const mostSteps = 2048;

/** Gathers steps until there are enough. */
export class Outset {
  readonly steps: OutsetStep[] = [];
  /** Where each ring was first told to begin, by its index. */
  readonly firstBases = new Map<number, number>();
  readonly #course = new Course();

  /** Takes the next message of the connection. */
  take(frame: Frame, message: Message): void {
    if (this.steps.length >= mostSteps) return;
    const phase = this.#course.next(message);
    if (message.reply || message.channel === 'gpu') return;
    const { name, channel, needReply, payload } = message;
    const ring = typeof payload.index === 'number' ? payload.index : undefined;
    if (name === 'SET_VRING_BASE' && ring !== undefined && !this.firstBases.has(ring)) {
      this.firstBases.set(ring, baseWord(payload));
    }
    const last = this.steps.at(-1);
    if (last?.name === name && last.ring === ring && last.channel === channel && last.phase === phase) {
      this.steps[this.steps.length - 1] = { ...last, times: last.times + 1 };
    } else this.steps.push({ n: frame.n, wallNs: frame.wallNs, name, channel, ring, phase, needReply, times: 1 });
  }
}
