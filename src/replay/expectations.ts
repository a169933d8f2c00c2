/** Which messages of a recording have been said or have come, and which one a message that comes stands for. Pure. */
import { kindOf, type Step } from './recording.ts';

/** A request of ours that will be answered. */
export interface Asked {
  readonly step: Step;
  readonly adapted: boolean;
}

/** The state of a replay, message by message. */
export class Expectations {
  readonly #steps: readonly Step[];
  readonly #settled = new Set<number>();
  /** Given up, but may still come. */
  readonly #given = new Set<number>();
  /** Kinds of requests that were waited for in vain. */
  readonly #hopeless = new Set<string>();
  /** Requests of the other side that may come, by kind, in order. */
  readonly #awaited = new Map<string, Step[]>();
  /** Requests of ours that will be answered, by channel. */
  readonly #asked = new Map<string, Asked[]>();
  /** The last recorded position from which the other side has asked something. */
  #furthest = -1;
  /** No step before this one is open. */
  #firstOpen = 0;

  constructor(steps: readonly Step[]) {
    this.#steps = steps;
    for (const step of steps) {
      if (step.ours || step.message.reply) continue;
      const kind = kindOf(step.frame.channel, step.message);
      const queue = this.#awaited.get(kind) ?? [];
      queue.push(step);
      this.#awaited.set(kind, queue);
    }
  }

  isSettled({ at }: Step): boolean {
    return this.#settled.has(at);
  }

  /** It was said, has come, or need not be thought of any more. */
  settle(step: Step): void {
    this.#settled.add(step.at);
    while (this.#settled.has(this.#firstOpen)) this.#firstOpen++;
  }

  /** It was waited for in vain; others of its kind are not waited for then. */
  giveUp(step: Step): void {
    this.settle(step);
    this.#given.add(step.at);
    if (!step.message.reply) this.#hopeless.add(kindOf(step.frame.channel, step.message));
  }

  isHopeless({ frame, message }: Step): boolean {
    return this.#hopeless.has(kindOf(frame.channel, message));
  }

  /** Open messages of the other side before a position. */
  *openBefore(at: number): Generator<Step, void, undefined> {
    for (let i = this.#firstOpen; i < Math.min(at, this.#steps.length); i++) {
      const step = this.#steps[i] as Step;
      if (!step.ours && !this.#settled.has(i)) yield step;
    }
  }

  /** All that was neither said nor came. */
  get open(): Step[] {
    return this.#steps.filter(step => !this.#settled.has(step.at));
  }

  /** The recorded request that one of this kind stands for; it counts as come from now on. */
  requested(kind: string): Step | undefined {
    return this.#awaited.get(kind)?.shift();
  }

  /** A message of the other side has come. True where it had been given up. */
  came(step: Step): boolean {
    this.settle(step);
    if (!step.message.reply) this.#furthest = Math.max(this.#furthest, step.at);
    return this.#given.delete(step.at);
  }

  /** Notes that a request of ours will be answered. */
  ask(asked: Asked): void {
    const { channel } = asked.step.frame;
    this.#asked.set(channel, [...(this.#asked.get(channel) ?? []), asked]);
  }

  /** The request that a reply with this number answers. */
  answered(channel: string, id: number): Asked | undefined {
    const open = this.#asked.get(channel) ?? [];
    const at = open.findIndex(({ step }) => step.message.id === id);
    return at < 0 ? undefined : open.splice(at, 1)[0];
  }

  /** Whether a request of ours still waits for its answer. */
  isAsked(step: Step | undefined): boolean {
    return step !== undefined && (this.#asked.get(step.frame.channel) ?? []).some(asked => asked.step === step);
  }

  /** Whether the other side has come as far as it had when this was said. */
  isDue({ at }: Step): boolean {
    for (let i = this.#furthest + 1; i < at; i++) {
      const step = this.#steps[i] as Step;
      if (!step.ours && !step.message.reply && !this.#settled.has(i)) return false;
    }
    return true;
  }
}
