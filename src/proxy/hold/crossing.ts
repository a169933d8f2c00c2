/** Between the detours of a channel and its session: what both directions share. */
import { isReply } from '../../decode/header.ts';
import type { Flow } from '../flow.ts';
import type { Link } from '../link.ts';
import type { Substitution } from '../passed-fds.ts';
import type { Passing } from '../passing.ts';
import type { Poller, Timer } from '../poller.ts';
import { Course } from './course.ts';
import type { DetourOwner } from './detour.ts';
import { Parcel } from './parcel.ts';
import { noting, type Parting, plainPlan, type Step, without } from './plan.ts';
import { emptyTable, entryOf } from './verdicts.ts';

/** What a channel's session decides and records about messages that do not just go on. */
export interface CrossingOwner {
  /** What is to become of a message that is armed for; undefined where it goes on as if nobody had looked. */
  planned(link: Link, flow: Flow): Course | undefined;
  /** A message is held. */
  held(link: Link, flow: Flow, course: Course, step: Extract<Step, { do: 'hold' }>): void;
  /** A held message goes on, or will never. */
  letGo(course: Course, how: string): void;
  /** Something was done to a message, which has its record by now. */
  done(link: Link, flow: Flow, course: Course): void;
  /** Records an event of a direction; returns its number. */
  told(link: Link, flow: Flow, event: { event: string } & Record<string, unknown>): number;
  /** The messages of a direction that rules and people want to see. */
  armed(link: Link, flow: Flow): readonly Uint8Array[];
  /** The number of the request that a reply of that direction would answer; 0 where there is none. */
  answeredBy(link: Link, flow: Flow, id: number): number;
  substitution(link: Link, direction: 1 | 2, id: number, fd: number): Substitution | undefined;
}

/** Serves the detours of one channel. */
export class Crossing implements DetourOwner {
  readonly #link: Link;
  readonly #owner: CrossingOwner;
  readonly #poller: Poller;
  /** Requests of ours whose replies are kept from the side that did not ask, with their message numbers. */
  readonly #kept = new Map<number, number>();

  constructor(link: Link, owner: CrossingOwner, poller: Poller) {
    this.#link = link;
    this.#owner = owner;
    this.#poller = poller;
  }

  /** Replies that must not pass unseen. */
  get awaited(): Uint8Array {
    const table = emptyTable();
    for (const id of this.#kept.values()) table[entryOf(id)] = 1;
    return table;
  }

  /** What is to become of a message. */
  planned(flow: Flow): Course | undefined {
    return this.#keptBack(flow) ?? this.#owner.planned(this.#link, flow);
  }

  /** The course of a reply to a request of ours: it ends here. */
  #keptBack(flow: Flow): Course | undefined {
    if (this.#kept.size === 0) return undefined;
    const { u32 } = flow.cargo.memory;
    const id = u32[0] as number;
    const dir = flow.direction === 1 ? 'front-to-back' : 'back-to-front';
    if (!isReply(this.#link.channel, dir, u32[1] as number)) return undefined;
    const n = this.#owner.answeredBy(this.#link, flow, id);
    if (!this.#kept.delete(n)) return undefined;
    this.#link.arm();
    const parcel = Parcel.from(flow.cargo);
    const what = `kept from the ${flow.direction === 1 ? 'back-end' : 'front-end'}, which did not ask`;
    return new Course(noting(without(plainPlan(parcel.bytes, 0)), { by: `request ${n}`, what }), { parcel });
  }

  recorded(_flow: Flow, passing: Passing, lost: boolean): number {
    return this.#link.record(passing, lost);
  }

  told(flow: Flow, event: { event: string } & Record<string, unknown>): number {
    return this.#owner.told(this.#link, flow, event);
  }

  held(flow: Flow, course: Course, step: Extract<Step, { do: 'hold' }>): void {
    this.#owner.held(this.#link, flow, course, step);
  }

  done(flow: Flow, course: Course): void {
    this.#owner.done(this.#link, flow, course);
  }

  letGo(course: Course, how: string): void {
    this.#owner.letGo(course, how);
  }

  answer(flow: Flow, parting: Parting, course: Course): void {
    const { bytes, fds, cuts } = parting;
    const step: Step = { do: 'inject', keepReply: false, why: `answers ${course.n} for its peer`, bytes, fds, cuts };
    const by = course.deeds.at(-1)?.by;
    const plan = { steps: [step], deeds: [] };
    const reply = new Course(plan, { answers: course.n, ...(by !== undefined && { by }) });
    this.#link.detour(this.#link.opposite(flow)).insert(reply);
  }

  keepReply(_flow: Flow, n: number, id: number): void {
    this.#kept.set(n, id);
    this.#link.arm();
  }

  substitution(flow: Flow, id: number, fd: number): Substitution | undefined {
    return this.#owner.substitution(this.#link, flow.direction, id, fd);
  }

  closeSlowly(fd: number): void {
    this.#link.closeSlowly(fd);
  }

  close(): void {
    this.#link.close();
  }

  after(milliseconds: number, action: () => void): Timer {
    return this.#poller.after(milliseconds, action);
  }

  cancel(timer: Timer | undefined): void {
    this.#poller.cancel(timer);
  }

  run(): void {
    if (!this.#link.closed) this.#link.run();
  }
}
