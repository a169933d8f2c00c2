/**
 * The relay: every pair of a process, its sessions, and the loop that waits for them. Runs on a thread of its own, see
 * `relay-worker.ts`, or step by step in a test.
 */
import { Objects } from '../decode/objects.ts';
import type { Side } from '../decode/side.ts';
import { monotonicNs, wallOffsetNs } from '../sys/clock.ts';
import { readiness } from '../sys/epoll.ts';
import { close } from '../sys/libc.ts';
import { Desk } from './hold/desk.ts';
import { Pair, type PairOwner } from './pair.ts';
import { type Handler, Poller } from './poller.ts';
import type { Origin, Recording } from './recording.ts';
import type { Command, EventPlace, PairSetting, Questions, Report } from './reports.ts';
import type { Session } from './session.ts';

/** The time of day is compared with the monotonic clock whenever there is nothing to do, and every so many turns. */
const clockTurns = 4096;
/** Descriptors that may be open at a time only to be described. Those beyond are closed, so that room is left for others. */
const mostLate = 1024;

/** Forwards the messages of its pairs and records them. */
export class Relay implements PairOwner {
  readonly poller: Poller;
  readonly recording: Recording;
  readonly objects = new Objects();
  readonly desk: Desk;
  readonly #report: (report: Report) => void;
  readonly #pairs = new Map<string, Pair>();
  readonly #sessions = new Map<number, Session>();
  readonly #answers: { [Name in keyof Questions]: (params: Questions[Name]['params']) => Questions[Name]['result'] };
  #lastConnection = 0;
  #turns = 0;
  /** Descriptors that the engine has to describe. */
  #late = 0;
  /** When a stop is complete at the latest, on the monotonic clock. */
  #stopAt: number | undefined;

  /** @param report hears what happens; called from within `turn` */
  constructor(recording: Recording, report: (report: Report) => void) {
    this.recording = recording;
    this.#report = report;
    this.poller = new Poller(error => this.#failed(error));
    this.desk = new Desk(this);
    this.#answers = { counts: () => ({ records: this.recording.last }), ...this.desk.orders };
    this.recording.setWallOffset(wallOffsetNs());
  }

  /** Every connection. */
  get sessions(): Iterable<Session> {
    return this.#sessions.values();
  }

  /** Calls `action` whenever a descriptor can be read, such as an eventfd. */
  onReadable(fd: number, action: () => void): void {
    const handler: Handler = { ready: action };
    this.poller.watch(fd, readiness.in, handler);
  }

  /** Waits at most so many milliseconds for something to do, and does it; returns how many sockets were ready. */
  turn(timeout: number): number {
    const ready = this.poller.turn(timeout);
    if (ready > 0 && ++this.#turns < clockTurns) return ready;
    this.#turns = 0;
    this.recording.setWallOffset(wallOffsetNs());
    this.recording.lookForRoom();
    return ready;
  }

  addPair(setting: PairSetting): Pair {
    const pair = new Pair(this, setting);
    this.#pairs.set(setting.name, pair);
    return pair;
  }

  /** Does what the engine asks for. */
  obey(command: Command): void {
    switch (command.type) {
      case 'listen':
        this.#pairs.get(command.pair)?.listen(command.side, command.fd);
        return;
      case 'unlisten':
        this.#pairs.get(command.pair)?.unlisten(command.side);
        return;
      case 'settled':
        this.#pairs.get(command.pair)?.settled();
        return;
      case 'dial':
        this.#pairs.get(command.pair)?.dial();
        return;
      case 'dialects':
        this.#learnDialects(command);
        return;
      case 'device':
        this.#sessions.get(command.connection)?.learnDevice(command.device);
        return;
      case 'event':
        this.#event(command, command.event);
        return;
      case 'described':
        this.#late -= command.count;
        this.#event(command, command.event);
        return;
      case 'ask':
        this.#answer(command);
        return;
      case 'stop':
        this.stop(command.graceMs);
        return;
      case 'over':
        this.over = true;
        return;
      case 'close-all':
        for (const session of [...this.#sessions.values()]) session.close();
    }
  }

  #answer({ ask, question, params }: Extract<Command, { type: 'ask' }>): void {
    try {
      const result = this.ask(question, params as never);
      this.#report({ type: 'answer', ask, result });
    } catch (error) {
      this.#report({ type: 'answer', ask, error: (error as Error).message });
    }
  }

  /** Answers a question, or carries out an order. Throws for people where that is not possible. */
  ask<Name extends keyof Questions>(question: Name, params: Questions[Name]['params']): Questions[Name]['result'] {
    return this.#answers[question](params);
  }

  #event(place: EventPlace, event: { event: string } & Record<string, unknown>): void {
    const session = place.connection === undefined ? undefined : this.#sessions.get(place.connection);
    if (session !== undefined) session.eventOnceSpeaking(event);
    else this.pairEvent(place.pair ?? this.#anyPair(), event, place.numbers);
  }

  #anyPair(): string {
    return this.#pairs.keys().next().value ?? 'engine';
  }

  #learnDialects({ connection, frontEnd, backEnd }: Extract<Command, { type: 'dialects' }>): void {
    const session = this.#sessions.get(connection);
    if (session === undefined) return;
    session.takeDialects({ ...(frontEnd && { frontEnd }), ...(backEnd && { backEnd }) });
  }

  pairEvent(
    pair: string,
    event: { event: string } & Record<string, unknown>,
    numbers = { session: 0, epoch: 0 },
  ): void {
    const origin: Origin = {
      interfaceNumber: this.recording.interfaceNumber(`${pair}/main`),
      ...numbers,
      ...{ channel: 0, context: {}, snapLength: Number.POSITIVE_INFINITY },
    };
    this.recording.event(origin, event, monotonicNs());
  }

  report(report: Report): void {
    this.#report(report);
  }

  describeLater(late: Extract<Report, { type: 'late-fds' }>): void {
    if (this.#late + late.fds.length > mostLate) for (const { fd } of late.fds) close(fd);
    else {
      this.#late += late.fds.length;
      this.#report(late);
    }
  }

  connectionNumber(): number {
    return ++this.#lastConnection;
  }

  numbers(session: Session): { session: number; epoch: number } {
    return (this.#pairs.get(session.setting.name) as Pair).numbers(session);
  }

  opened(session: Session): void {
    this.#sessions.set(session.connection, session);
  }

  survived(session: Session, fd: number, gone: Side): void {
    (this.#pairs.get(session.setting.name) as Pair).survived(session, fd, gone);
  }

  mainClosed(session: Session): void {
    this.#pairs.get(session.setting.name)?.mainClosed(session);
  }

  gone(session: Session): void {
    this.#sessions.delete(session.connection);
  }

  #failed(error: unknown): void {
    const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
    this.#report({ type: 'internal-error', pair: this.#anyPair(), message });
  }

  /**
   * Begins to end: no new connections, and what is on its way is delivered for at most so many milliseconds. Called
   * again it can shorten that time. The loop goes on until `finished`.
   */
  stop(graceMs: number): void {
    const until = monotonicNs() + graceMs * 1e6;
    if (this.#stopAt === undefined) {
      for (const pair of this.#pairs.values()) pair.stopAccepting();
      this.desk.close();
    }
    this.#stopAt = Math.min(until, this.#stopAt ?? until);
  }

  /** Whether it is about to end. */
  get stopping(): boolean {
    return this.#stopAt !== undefined;
  }

  /** Whether a stop is complete; then every connection is closed. */
  finished(): boolean {
    if (this.#stopAt === undefined) return false;
    const sessions = [...this.#sessions.values()];
    if (monotonicNs() < this.#stopAt && (this.turn(0) > 0 || !sessions.every(session => session.idle))) return false;
    for (const session of sessions) session.close();
    return true;
  }

  /** Whether nothing more is to be recorded. */
  over = false;

  /** Waits for nothing any more. */
  close(): void {
    this.poller.close();
  }
}
