/**
 * Where the relay's rules are applied and its held messages are kept, and where the orders about them are carried out.
 * One for all pairs; it lives on the relay's thread.
 */
import { composed } from '../../decode/edit.ts';
import { Subject } from '../../decode/filter/filter.ts';
import type { Direction } from '../../decode/frame.ts';
import { maskSecrets } from '../../decode/secrets.ts';
import { parseLine } from '../../decode/text/parse.ts';
import { monotonicNs } from '../../sys/clock.ts';
import type { Flow } from '../flow.ts';
import type { Link } from '../link.ts';
import type { Report } from '../reports.ts';
import { apply } from './applying.ts';
import { answered, edited } from './changing.ts';
import { Course } from './course.ts';
import { type Clock, type Held, lookSoon, shownHold } from './held.ts';
import type { Obeyed, Orders } from './orders.ts';
import { Parcel } from './parcel.ts';
import { after, atOnce, noting, type Plan, passageOf, plainPlan, type Step, without } from './plan.ts';
import { type ArmedRule, armedRule, isSameRule, tableIndex, Watcher } from './rule.ts';
import { contextOf, type DeskSession, envelopeOf, lineOf, SeenFrame, sessionFor } from './seen.ts';
import { shownRule } from './shown-rule.ts';
import { entryOf } from './verdicts.ts';

/** What the desk needs of the relay. */
export interface DeskOwner {
  readonly sessions: Iterable<DeskSession>;
  report(report: Report): void;
  readonly poller: Clock;
}

/** Holds that are over and remembered, so that a late order hears what became of them. */
const mostPast = 1000;
/** Bytes of a held message that its event tells. */
const mostTold = 4096;

/** The rules and held messages of an engine. */
export class Desk {
  readonly #owner: DeskOwner;
  #fromFile: readonly Watcher[] = [];
  #added: readonly Watcher[] = [];
  readonly #held = new Map<number, Held>();
  readonly #past = new Map<number, string>();
  /** The engine is ending: what comes now is not made to wait any more. */
  #closing = false;
  /** Who lets a message go at present. */
  #by: string | undefined;

  constructor(owner: DeskOwner) {
    this.#owner = owner;
  }

  /** Those that do not rest; worked out by `#arm`. */
  #watchers: readonly Watcher[] = [];

  /** The messages of a direction that some rule is about. */
  tables(link: Link, flow: Flow): Uint8Array[] {
    const index = tableIndex(link.channelNumber, flow.direction);
    return this.#watchers.map(({ tables }) => tables[index] as Uint8Array);
  }

  /** What becomes of a message by the rules; undefined where none of them fires. */
  planned(session: DeskSession, link: Link, flow: Flow, answers: number): Course | undefined {
    const { cargo } = flow;
    const bytes = cargo.memory.bytes.subarray(0, cargo.have);
    const index = tableIndex(link.channelNumber, flow.direction);
    const entry = entryOf(cargo.id);
    const { count } = cargo.fds;
    const passage = passageOf(bytes, envelopeOf(session, link, flow, count));
    const subject = new Subject(new SeenFrame(session, link, flow, passage, answers));
    const name = (): string => passage.message.name;
    let plan: Plan | undefined;
    for (const watcher of this.#watchers) {
      if ((watcher.tables[index] as Uint8Array)[entry] === 0) continue;
      if (!watcher.fires(subject, name, session.connection)) continue;
      plan ??= plainPlan(bytes, count, session.setting.preserveSegments ? cargo.pieces.ends : []);
      plan = apply(watcher, plan, passage);
    }
    if (plan === undefined) return undefined;
    this.#forgetSpent();
    if (plan.deeds.length === 0) return undefined;
    return new Course(this.#closing ? atOnce(plan) : plan, { parcel: Parcel.from(cargo, bytes) });
  }

  /** Breakpoints that have fired as often as they should are gone. */
  #forgetSpent(): void {
    const spent = this.#added.filter(({ rule, tally }) => rule.times !== undefined && tally.fired >= rule.times);
    if (spent.length === 0) return;
    this.#added = this.#added.filter(watcher => !spent.includes(watcher));
    this.#arm();
  }

  #arm(): void {
    this.#watchers = [...this.#fromFile, ...this.#added].filter(({ off }) => !off);
    for (const session of this.#owner.sessions) for (const link of session.links) link.arm();
  }

  /** A message is held: tells of it, and keeps it for orders. */
  held(session: DeskSession, link: Link, flow: Flow, course: Course, step: Extract<Step, { do: 'hold' }>): void {
    const bytes = course.parting?.bytes ?? new Uint8Array(0);
    const fds = course.parcel?.fds.all ?? [];
    course.parcel?.fds.identify();
    const envelope = envelopeOf(session, link, flow, fds.length);
    const { name } = passageOf(bytes, envelope).message;
    const shown = session.setting.keepSecrets ? bytes : (maskSecrets(bytes, envelope) ?? bytes);
    const rule = course.deeds.at(-1)?.by ?? '';
    const { ms } = step;
    const n = link.told(flow, {
      ...{ event: 'held', channel: link.channel, direction: envelope.dir, name, rule },
      ...(step.why !== '' && { why: step.why }),
      ...(Number.isFinite(ms) && { deadline_ms: ms }),
      line: lineOf(session, link, flow, course).slice(0, mostTold),
      size: bytes.length,
      bytes: Buffer.from(shown.subarray(0, mostTold)).toString('hex'),
      fds: (course.parcel?.fds.identities ?? []).map(({ kind, size }) => ({
        kind,
        ...(size !== undefined && { size }),
      })),
    });
    course.heldAs = n;
    const held: Held = { course, session, link, flow, name, rule, since: monotonicNs(), ms, spanMs: ms };
    this.#held.set(n, held);
    lookSoon(held, () => this.#held.has(n), this.#owner.poller);
    const at = { pair: session.setting.name, connection: session.connection, channel: link.channel };
    const direction = envelope.dir as Direction;
    this.#owner.report({ type: 'held', ...at, direction, n, name, rule, ...(Number.isFinite(ms) && { ms }) });
  }

  /** A held message goes on, or will never. */
  letGo(course: Course, how: string): void {
    const n = course.heldAs;
    const held = this.#held.get(n);
    if (held === undefined) return;
    this.#held.delete(n);
    this.#past.set(n, how);
    if (this.#past.size > mostPast) this.#past.delete(this.#past.keys().next().value as number);
    const by = this.#by === undefined ? {} : { by: this.#by };
    const held_ms = Math.round((monotonicNs() - held.since) / 1e6);
    held.link.told(held.flow, { event: 'released', hold: n, how, held_ms, ...by });
    const { session } = held;
    this.#owner.report({ type: 'let-go', pair: session.setting.name, connection: session.connection, n, how, ...by });
  }

  /** Something was done to a message: tells of it, now that the message has its number. */
  done(link: Link, flow: Flow, { deeds, n, heldAs, parcel }: Course): void {
    const sent = parcel?.alteration?.sentBytes;
    const told = deeds.filter(({ what }) => what !== '' && what !== 'held');
    if (told.length === 0) return;
    const event = sent === undefined ? 'tampered' : sent.length === 0 ? 'dropped' : 'edited';
    const by = [...new Set(told.map(each => each.by))].join(', ');
    const did = told.map(({ what }) => what);
    link.told(flow, { event, of: n, by, did, ...(heldAs > 0 && { hold: heldAs }) });
  }

  /** A connection is over. */
  forget(connection: number): void {
    for (const watcher of [...this.#fromFile, ...this.#added]) watcher.forget(connection);
  }

  /** Lets everything go: the engine is about to end. */
  close(): void {
    this.#closing = true;
    for (const { link, flow } of [...this.#held.values()]) link.detour(flow).hurry();
    for (const session of this.#owner.sessions)
      for (const link of session.links) for (const flow of [link.forth, link.backward]) flow.detour?.hurry();
  }

  readonly orders: { [Name in keyof Orders]: (params: Orders[Name]['params']) => Orders[Name]['result'] } = {
    'set-rules': ({ rules }) => {
      this.#fromFile = renewed(this.#fromFile, rules);
      this.#arm();
      return {};
    },
    rules: () => [...this.#fromFile, ...this.#added].map(watcher => shownRule(watcher, this.#added.includes(watcher))),
    'add-rule': ({ rule, by }) => {
      this.#added = [...this.#added.filter(each => each.rule.name !== rule.rule.name), new Watcher(rule, by)];
      this.#arm();
      return {};
    },
    'remove-rule': ({ name }) => {
      const removed = this.#added.map(({ rule }) => rule.name).filter(each => name === undefined || each === name);
      if (name !== undefined && removed.length === 0) throw new Error(`there is no breakpoint ${name}`);
      this.#added = this.#added.filter(({ rule }) => !removed.includes(rule.name));
      this.#arm();
      return { removed };
    },
    'switch-rule': ({ name, on }) => {
      const meant = [...this.#fromFile, ...this.#added].filter(({ rule }) => rule.name === name);
      if (meant.length === 0) throw new Error(`there is no rule or breakpoint ${name}`);
      for (const watcher of meant) watcher.off = !on;
      this.#arm();
      return { switched: meant.length };
    },
    holds: () => [...this.#held].map(([n, held]) => shownHold(n, held)),
    release: ({ n, by }) =>
      n === undefined ? [...this.#held.keys()].map(each => this.#goOn(each, by)) : [this.#goOn(n, by)],
    step: ({ n, by }) => {
      const held = this.#held.get(n);
      if (held !== undefined) this.#stepFrom(held, by);
      return this.#goOn(n, by);
    },
    edit: ({ n, by, change, fds }) => this.#treat(n, by, held => edited(held, change, fds), 'edited', 'held'),
    prolong: ({ n }) => {
      const held = this.#held.get(n);
      return held === undefined ? this.#tooLate(n) : this.#prolonged(n, held);
    },
    drop: ({ n, by }) => this.#treat(n, by, ({ course }) => without(course), 'dropped', 'released'),
    answer: ({ n, by, with: written }) =>
      this.#treat(n, by, held => answered(held, written), `answered with ${written}`, 'released'),
    close: ({ n, by }) =>
      this.#treat(n, by, ({ course }) => after(without(course), { do: 'close' }), 'closed', 'released'),
    inject: params => this.#inject(params),
  };

  #goOn(n: number, by: string): Obeyed {
    const held = this.#held.get(n);
    if (held === undefined) return this.#tooLate(n);
    this.#by = by;
    try {
      held.link.detour(held.flow).goOn(held.course, 'released');
    } finally {
      this.#by = undefined;
    }
    return { n, done: true, state: 'released' };
  }

  #tooLate(n: number): Obeyed {
    const state = this.#past.get(n);
    if (state === undefined) throw new Error(`no message is held as ${n}`);
    return { n, done: false, state };
  }

  /** Changes the plan of a held message, and lets it go unless it stays held. */
  #treat(n: number, by: string, change: (held: Held) => Plan, what: string, then: 'held' | 'released'): Obeyed {
    const held = this.#held.get(n);
    if (held === undefined) return this.#tooLate(n);
    const { course } = held;
    const plan = noting(change(held), { by, what });
    course.steps = plan.steps;
    course.deeds = plan.deeds;
    if (then === 'released') return this.#goOn(n, by);
    // Whoever edits is there.
    return this.#prolonged(n, held);
  }

  /** The time of a held message begins anew. */
  #prolonged(n: number, held: Held): Obeyed {
    held.link.detour(held.flow).prolong(held.course, held.spanMs);
    held.ms = held.spanMs + (monotonicNs() - held.since) / 1e6;
    return { n, done: true, state: 'held' };
  }

  #stepFrom({ session }: Held, by: string): void {
    const settings = { why: `step by ${by}` };
    const rule = {
      name: 'step',
      when: '',
      times: 1,
      connection: session.connection,
      do: [{ tamper: 'hold', settings }],
    };
    this.orders['add-rule']({ rule: armedRule(rule), by });
  }

  #inject({ change, channel, direction, fds = [], keepReply, by, ...where }: Orders['inject']['params']): {
    n?: number;
  } {
    const session = sessionFor(this.#owner.sessions, where);
    const line = 'line' in change ? parseLine(change.line) : undefined;
    const wanted = channel ?? line?.channel ?? 'main';
    const link = [...session.links].find(each => each.channel === wanted);
    if (link === undefined) throw new Error(`the connection has no ${wanted} channel`);
    const flow = (direction ?? line?.dir ?? 'front-to-back') === 'front-to-back' ? link.forth : link.backward;
    const { bytes } = composed(change, contextOf(session, (3 - flow.direction) as 1 | 2));
    for (const fd of fds) if (typeof fd === 'number') throw new Error('a new message can only have fresh descriptors');
    let sent: number | undefined;
    const step: Step = { do: 'inject', bytes, fds, cuts: [], keepReply, why: 'ordered' };
    const onSent = (n: number): void => {
      sent = n;
    };
    link.detour(flow).insert(new Course({ steps: [step], deeds: [] }, { by, onSent }));
    return sent === undefined ? {} : { n: sent };
  }
}

/** Rules that take the place of others; one that was among those goes on counting. */
function renewed(before: readonly Watcher[], rules: readonly ArmedRule[]): Watcher[] {
  const left = [...before];
  return rules.map(armed => {
    const at = left.findIndex(({ rule }) => isSameRule(rule, armed.rule));
    if (at < 0) return new Watcher(armed);
    const [watcher] = left.splice(at, 1) as [Watcher];
    watcher.rule = armed.rule;
    return watcher;
  });
}
