/** A plan on its way to be carried out. */
import type { Timer } from '../poller.ts';
import type { LoadedFds } from './loaded-fds.ts';
import type { Parcel } from './parcel.ts';
import type { Deed, Parting, Plan, Step } from './plan.ts';

/** What a course waits for. */
export interface Waiting {
  readonly why: 'hold' | 'wait' | 'stop-reading';
  /** Monotonic nanoseconds. */
  readonly since: number;
  timer: Timer | undefined;
}

/** Bytes on their way into a socket, and the descriptors that go with the first of them. */
export interface Sending extends LoadedFds {
  readonly parcel: Parcel;
  sent: number;
  /** The socket of another channel that stands in for the one that came; told when it has been sent. */
  readonly exchanged: boolean;
}

/** What becomes of one message, or of one that we make. */
export class Course {
  /** The message that was taken out of its direction; undefined where there was none. */
  readonly parcel: Parcel | undefined;
  steps: readonly Step[];
  deeds: readonly Deed[];
  /** Who ordered it, where a person did. */
  readonly by: string | undefined;
  /** The request that a message of ours answers. */
  readonly answers: number | undefined;
  /** Number of its record; 0 before it has one. */
  n = 0;
  waiting: Waiting | undefined;
  sending: Sending | undefined;
  /** Nanoseconds it was kept back so far. */
  heldNs = 0;
  /** Number of the event that told of its being held. */
  heldAs = 0;
  /** Told once a message of ours is on its way: its number. */
  onSent: ((n: number) => void) | undefined;

  constructor(plan: Plan, of: { parcel?: Parcel; by?: string; answers?: number; onSent?: (n: number) => void } = {}) {
    this.steps = plan.steps;
    this.deeds = plan.deeds;
    this.parcel = of.parcel;
    this.by = of.by;
    this.answers = of.answers;
    this.onSent = of.onSent;
  }

  /** The message as it is going to be sent; undefined where it is not. */
  get parting(): Parting | undefined {
    return this.steps.find(step => step.do === 'send');
  }

  /** Whether its own message is still to be recorded as not sent. */
  get isDropped(): boolean {
    return this.parcel !== undefined && this.n === 0 && this.parting === undefined;
  }

  /** Whether a step that is to come needs the descriptors that came. */
  get needsFds(): boolean {
    return this.steps.slice(1).some(step => 'fds' in step && step.fds.some(fd => typeof fd === 'number'));
  }
}
