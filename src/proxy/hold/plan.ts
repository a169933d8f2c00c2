/**
 * What is to become of one message, as data: a row of steps, of which sending it on is one. Rules and people change
 * plans, `course.ts` carries them out. Pure.
 */
import { decodeMessage, type Envelope, type Message } from '../../decode/message.ts';

/**
 * A descriptor to be sent: one of those that came, by its place among them, or a fresh one. The same place may be named
 * more than once.
 */
export type FdChoice =
  | number
  | { readonly fresh: 'memfd'; readonly size: number }
  | { readonly fresh: 'eventfd' | 'null' };

/** Bytes and descriptors for one socket. */
export interface Parting {
  /** A whole message, header included. */
  readonly bytes: Uint8Array;
  readonly fds: readonly FdChoice[];
  /** Offsets at which it is cut into several sends, in order. */
  readonly cuts: readonly number[];
  /** Milliseconds between those. */
  readonly pauseMs?: number;
}

/** One step of a plan. */
export type Step =
  /** The message goes to the side it was meant for. */
  | ({ readonly do: 'send' } & Parting)
  /** Another message goes to that side; `keepReply` keeps the answer to it from the side that did not ask. */
  | ({ readonly do: 'inject'; readonly keepReply: boolean; readonly why: string } & Parting)
  /** A message goes back to the side that sent this one, in the name of the other. */
  | ({ readonly do: 'answer' } & Parting)
  | { readonly do: 'wait'; readonly ms: number }
  /** Wait for a person, at most so long; Infinity for ever. */
  | { readonly do: 'hold'; readonly why: string; readonly ms: number }
  /** Read nothing more in this direction, but go on with the other. */
  | { readonly do: 'stop-reading' }
  /** Close this channel, as a peer would. */
  | { readonly do: 'close' }
  | { readonly do: 'note'; readonly text: string };

/** A change that was made to a plan: who made it, and what it was, for the recording. */
export interface Deed {
  readonly by: string;
  readonly what: string;
}

/** The steps that a message takes, and who planned them so. */
export interface Plan {
  readonly steps: readonly Step[];
  readonly deeds: readonly Deed[];
}

/** A message on its way, as rules see it. */
export interface Passage {
  readonly bytes: Uint8Array;
  readonly envelope: Envelope;
  /** What the bytes say. */
  readonly message: Message;
}

/** A message on its way; decoded when somebody looks into it. */
export function passageOf(bytes: Uint8Array, envelope: Envelope): Passage {
  let message: Message | undefined;
  return {
    bytes,
    envelope,
    get message() {
      message ??= decodeMessage(bytes, envelope);
      return message;
    },
  };
}

/** The plan for a message that goes on as it came; `cuts` are the places where the input paused, if they are kept. */
export function plainPlan(bytes: Uint8Array, fdCount: number, cuts: readonly number[] = []): Plan {
  const fds = Array.from({ length: fdCount }, (_, i) => i);
  return { steps: [{ do: 'send', bytes, fds, cuts }], deeds: [] };
}

/** The message as it would be sent on; undefined where it is not. */
export function partingOf({ steps }: Plan): Parting | undefined {
  return steps.find(step => step.do === 'send');
}

/** The plan with the message itself changed; the same where it is not sent. */
export function withParting(plan: Plan, change: (parting: Parting) => Partial<Parting>): Plan {
  const steps = plan.steps.map(step => (step.do === 'send' ? { ...step, ...change(step) } : step));
  return { ...plan, steps };
}

/** The plan with steps put before the message, or before everything that is still to come where it is not sent. */
export function before(plan: Plan, ...steps: Step[]): Plan {
  const at = plan.steps.findIndex(step => step.do === 'send');
  return { ...plan, steps: plan.steps.toSpliced(Math.max(0, at), 0, ...steps) };
}

/** The plan with steps put right behind the message, or behind everything where it is not sent. */
export function behind(plan: Plan, ...steps: Step[]): Plan {
  const at = plan.steps.findIndex(step => step.do === 'send');
  return { ...plan, steps: plan.steps.toSpliced(at < 0 ? plan.steps.length : at + 1, 0, ...steps) };
}

/** The plan without anything that takes time. */
export function atOnce(plan: Plan): Plan {
  return { ...plan, steps: plan.steps.filter(step => step.do !== 'hold' && step.do !== 'wait') };
}

/** The plan with steps put behind the message and everything else. */
export function after(plan: Plan, ...steps: Step[]): Plan {
  return { ...plan, steps: [...plan.steps, ...steps] };
}

/** The plan without the message itself. */
export function without(plan: Plan): Plan {
  return { ...plan, steps: plan.steps.filter(step => step.do !== 'send') };
}

/** The plan with a deed noted. */
export function noting(plan: Plan, deed: Deed): Plan {
  return { ...plan, deeds: [...plan.deeds, deed] };
}
