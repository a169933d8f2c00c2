/**
 * What people and rules have a direction send: courses, one after the other. While there is one its flow reads nothing,
 * so the messages behind it keep their order, in the source's socket. Nothing else waits: the other direction and the
 * other channels go on.
 */
import type { FdIdentity } from '../../decode/frame.ts';
import { monotonicNs } from '../../sys/clock.ts';
import { close } from '../../sys/libc.ts';
import { send } from '../../sys/transfer.ts';
import type { Flow } from '../flow.ts';
import type { Substitution } from '../passed-fds.ts';
import type { Passing } from '../passing.ts';
import type { Timer } from '../poller.ts';
import type { Course, Sending } from './course.ts';
import { identified, identitiesOf, loadFds } from './loaded-fds.ts';
import { Parcel } from './parcel.ts';
import type { Parting, Step } from './plan.ts';

/** What a detour needs of the channel it belongs to. */
export interface DetourOwner {
  /** Records a message and returns its number; `lost` where it could not be delivered. */
  recorded(flow: Flow, passing: Passing, lost: boolean): number;
  /** Records an event of that direction. */
  told(flow: Flow, event: { event: string } & Record<string, unknown>): number;
  /** A message is held, as the event of that number says. */
  held(flow: Flow, course: Course, step: Extract<Step, { do: 'hold' }>): void;
  /** Something was done to a message on its way, or it was made. */
  done(flow: Flow, course: Course): void;
  /** A held message goes on, or will never. */
  letGo(course: Course, how: string): void;
  /** Sends a message back to where the flow's messages come from. */
  answer(flow: Flow, parting: Parting, course: Course): void;
  /** The reply to record `n` is not for the side that did not ask. */
  keepReply(flow: Flow, n: number, id: number): void;
  substitution(flow: Flow, id: number, fd: number): Substitution | undefined;
  closeSlowly(fd: number): void;
  /** Closes the channel as a peer would. */
  close(): void;
  after(milliseconds: number, action: () => void): Timer;
  cancel(timer: Timer | undefined): void;
  /** Lets both directions go on. */
  run(): void;
}

/** The detour of one direction. */
export class Detour {
  readonly #flow: Flow;
  readonly #owner: DetourOwner;
  #courses: Course[] = [];
  #running = false;

  constructor(flow: Flow, owner: DetourOwner) {
    this.#flow = flow;
    this.#owner = owner;
  }

  /** Bytes that came from the source and have not been sent. */
  get held(): number {
    return this.#courses.reduce((sum, { parcel, n }) => sum + (n === 0 ? (parcel?.have ?? 0) : 0), 0);
  }

  /** Nothing more is read behind what was sent, for good. */
  get stopped(): boolean {
    return this.#courses[0]?.waiting?.why === 'stop-reading';
  }

  /** Takes a course for a message that was taken out of the flow. */
  take(course: Course): void {
    this.#courses.push(course);
    this.#flow.pause();
  }

  /**
   * Sends something of ours as soon as there is a boundary between messages, before what is held. Throws for people
   * where the direction knows no messages any more.
   */
  insert(course: Course): void {
    const { cargo, phase } = this.#flow;
    if (phase === 'closed') throw new Error('that direction is closed');
    if (cargo.mode === 'raw')
      throw new Error('that direction passes bytes on without knowing messages, nothing can be put in between');
    const at = this.#courses.findIndex(each => each.waiting !== undefined && each.sending === undefined);
    this.#courses.splice(at < 0 ? this.#courses.length : at, 0, course);
    this.betweenMessages();
    if (!this.#running && this.#flow.phase === 'detoured') this.#owner.run();
  }

  /** The flow is between two messages: what waits for that may begin. */
  betweenMessages(): void {
    if (this.#courses.length > 0 && this.#flow.isBetweenMessages) this.#flow.pause();
  }

  /** Goes on until there is nothing more to do, or something to wait for. */
  run(): void {
    if (this.#running) return;
    this.#running = true;
    try {
      while (this.#flow.phase === 'detoured') {
        const course = this.#courses[0];
        if (course === undefined) this.#flow.resume();
        else if (!this.#advance(course)) return;
      }
    } finally {
      this.#running = false;
    }
  }

  /** Does the next step of a course; false where it has to wait. */
  #advance(course: Course): boolean {
    if (course.waiting !== undefined) return false;
    if (course.isDropped) this.#record(course, course.parcel as Parcel, new Uint8Array(0));
    const [step] = course.steps;
    if (step === undefined) {
      this.#finish(course);
      return true;
    }
    if (!this.#perform(course, step)) return false;
    course.steps = course.steps.slice(1);
    return true;
  }

  #perform(course: Course, step: Step): boolean {
    switch (step.do) {
      case 'send':
      case 'inject':
        return this.#send(course, step);
      case 'answer':
        this.#owner.answer(this.#flow, step, course);
        return true;
      case 'note':
        this.#owner.told(this.#flow, { event: 'note', text: step.text, ...(course.n > 0 && { of: course.n }) });
        return true;
      case 'close':
        this.#owner.close();
        return false;
      case 'wait':
        this.#wait(course, step.do, step.ms);
        return false;
      case 'stop-reading':
        this.#wait(course, step.do, Number.POSITIVE_INFINITY);
        return false;
      case 'hold':
        this.#wait(course, step.do, step.ms);
        this.#owner.held(this.#flow, course, step);
        return false;
    }
  }

  #wait(course: Course, why: 'hold' | 'wait' | 'stop-reading', ms: number): void {
    course.waiting = { why, since: monotonicNs(), timer: undefined };
    if (Number.isFinite(ms)) course.waiting.timer = this.#owner.after(ms, () => this.goOn(course, 'deadline'));
  }

  /** Has a held message wait for so many milliseconds from now; Infinity for ever. */
  prolong(course: Course, ms: number): void {
    if (course.waiting?.why !== 'hold') return;
    this.#owner.cancel(course.waiting.timer);
    course.waiting.timer = Number.isFinite(ms) ? this.#owner.after(ms, () => this.goOn(course, 'deadline')) : undefined;
  }

  /** Ends what a course waits for; `how` is for the recording. */
  goOn(course: Course, how: string): void {
    const { waiting } = course;
    if (waiting === undefined) return;
    this.#owner.cancel(waiting.timer);
    course.waiting = undefined;
    course.heldNs += monotonicNs() - waiting.since;
    if (course.sending === undefined) course.steps = course.steps.slice(1);
    if (waiting.why === 'hold') this.#owner.letGo(course, how);
    this.#owner.run();
  }

  /** Ends every wait: the engine is about to end. */
  hurry(): void {
    for (const course of [...this.#courses]) this.goOn(course, 'engine-ends');
  }

  #send(course: Course, step: Extract<Step, { do: 'send' | 'inject' }>): boolean {
    course.sending ??= this.#prepare(course, step);
    const { sending } = course;
    const { parcel } = sending;
    while (sending.sent < parcel.have) {
      const until = step.cuts.find(cut => cut > sending.sent && cut < parcel.have) ?? parcel.have;
      const fds = sending.sent === 0 ? sending.fds : none;
      const result = send(this.#flow.to, parcel.memory.address + sending.sent, until - sending.sent, fds);
      if (result < 0) {
        this.#flow.refused(result);
        return false;
      }
      sending.sent += result;
      if (sending.sent < parcel.have && step.pauseMs !== undefined && sending.sent === until) {
        this.#wait(course, 'wait', step.pauseMs);
        return false;
      }
    }
    this.#flow.blocked = 'no';
    parcel.sentNs = monotonicNs();
    course.sending = undefined;
    for (const fd of sending.fresh) close(fd);
    if (step.do === 'send') this.#sent(course, step, sending);
    else this.#injected(course, step, sending);
    return true;
  }

  /** Puts together what is to be sent. A descriptor that cannot be made is left out, and told. */
  #prepare(course: Course, step: Extract<Step, { do: 'send' | 'inject' }>): NonNullable<Course['sending']> {
    const came = course.parcel?.fds.all ?? none;
    const unchanged = step.do === 'send' && step.fds.length === came.length && step.fds.every((fd, i) => fd === i);
    const [only] = came;
    const { u32 } = course.parcel?.memory ?? { u32: noWords };
    const substitution =
      unchanged && came.length === 1 && only !== undefined
        ? this.#owner.substitution(this.#flow, u32[0] as number, only)
        : undefined;
    if (substitution !== undefined) course.parcel?.fds.exchange(substitution);
    const loaded = loadFds(step.fds, course.parcel?.fds, text => this.#owner.told(this.#flow, { event: 'note', text }));
    if (!unchanged) identified(loaded, course.parcel?.fds);
    const own = step.do === 'send' ? course.parcel : undefined;
    const parcel =
      own !== undefined && step.bytes === own.bytes
        ? own
        : Parcel.made(this.#flow.direction, step.bytes, monotonicNs(), fd => this.#owner.closeSlowly(fd));
    return { parcel, ...loaded, sent: 0, exchanged: substitution !== undefined };
  }

  /** The message itself has been sent, as it came or altered. */
  #sent(course: Course, step: Parting, { parcel: sent, exchanged, what }: Sending): void {
    const own = course.parcel as Parcel;
    own.sentNs = sent.sentNs;
    const sameFds = step.fds.length === own.fds.count && step.fds.every((fd, i) => fd === i);
    const same = sameFds && (sent === own || Buffer.compare(own.bytes, sent.bytes) === 0);
    if (course.needsFds && !exchanged) own.fds.identify();
    else own.fds.letGoAll();
    this.#record(course, own, same ? undefined : sent.bytes, sameFds ? undefined : identitiesOf(what, own.fds));
  }

  /** Records what came, and what became of it. */
  #record(course: Course, parcel: Parcel, sentBytes: Uint8Array | undefined, sentFds?: FdIdentity[]): void {
    if (sentBytes?.length === 0) {
      if (course.steps.some(step => 'fds' in step && step.fds.some(fd => typeof fd === 'number')))
        parcel.fds.identify();
      else parcel.fds.letGoAll();
    }
    const altered = sentBytes !== undefined || course.heldNs > 0;
    if (altered)
      parcel.alteration = {
        heldNs: course.heldNs,
        ...(sentBytes !== undefined && { sentBytes }),
        ...(sentFds !== undefined && { sentFds }),
      };
    course.n = this.#owner.recorded(this.#flow, parcel, false);
    this.#owner.done(this.#flow, course);
  }

  /** A message of ours has been sent. */
  #injected(course: Course, step: Extract<Step, { do: 'inject' }>, { parcel, what }: Sending): void {
    const { answers } = course;
    parcel.fds.describe(identitiesOf(what, course.parcel?.fds));
    parcel.alteration = { heldNs: 0, injected: true, ...(answers !== undefined && { answers }) };
    const n = this.#owner.recorded(this.#flow, parcel, false);
    const because = { ...(course.by !== undefined && { by: course.by }), ...(course.n > 0 && { beside: course.n }) };
    this.#owner.told(this.#flow, { event: 'injected', of: n, why: step.why, ...because });
    if (step.keepReply) this.#owner.keepReply(this.#flow, n, parcel.memory.u32[0] as number);
    course.onSent?.(n);
  }

  #finish(course: Course): void {
    course.parcel?.fds.letGoAll();
    this.#courses = this.#courses.filter(each => each !== course);
  }

  /** The direction is closed: nothing more will be sent. */
  abandon(): void {
    const courses = this.#courses;
    this.#courses = [];
    for (const course of courses) {
      this.#owner.cancel(course.waiting?.timer);
      const held = course.waiting?.why === 'hold';
      course.waiting = undefined;
      for (const fd of course.sending?.fresh ?? none) close(fd);
      if (course.parcel !== undefined) {
        course.parcel.fds.abandon();
        if (course.n === 0) course.n = this.#owner.recorded(this.#flow, course.parcel, true);
      }
      if (held) this.#owner.letGo(course, 'closed');
    }
  }
}

const none: readonly number[] = [];
const noWords = new Uint32Array(1);
