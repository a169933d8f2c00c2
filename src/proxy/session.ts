/**
 * One connection between a front-end and a back-end: the main channel and the sockets that are passed over it.
 */
import { readFileSync } from 'node:fs';
import { DeviceInference, type KnownDevice, outweighs } from '../decode/device.ts';
import type { Channel, Context } from '../decode/frame.ts';
import type { Objects } from '../decode/objects.ts';
import type { Side } from '../decode/side.ts';
import { close } from '../sys/libc.ts';
import { type Connection, connectionOf } from '../sys/process.ts';
import { type DeviceEvent, deviceEvent } from './device-event.ts';
import type { Flow } from './flow.ts';
import type { RawReason } from './framing.ts';
import type { Course } from './hold/course.ts';
import type { Desk } from './hold/desk.ts';
import type { Step } from './hold/plan.ts';
import { channelOpenedBy, interposed } from './interposing.ts';
import { Ledger } from './ledger.ts';
import { Link, type LinkOwner } from './link.ts';
import type { Substitution } from './passed-fds.ts';
import type { Passing } from './passing.ts';
import type { Poller } from './poller.ts';
import type { Recording } from './recording.ts';
import type { Closed, PairSetting, Report } from './reports.ts';

/** What a session needs of the relay around it. */
export interface SessionOwner {
  readonly poller: Poller;
  readonly recording: Recording;
  readonly objects: Objects;
  readonly desk: Desk;
  report(report: Report): void;
  /** Takes over descriptors of a record that are still to be described. */
  describeLater(late: Extract<Report, { type: 'late-fds' }>): void;
  /** The first byte has come: gives the session its numbers. */
  numbers(session: Session): { session: number; epoch: number };
  /** Takes over a socket of its main channel: it is to hear that the other side, `gone`, has closed. */
  survived(session: Session, fd: number, gone: Side): void;
  /** Its main channel is over. */
  mainClosed(session: Session): void;
  /** Nothing of it is left. */
  gone(session: Session): void;
}

/** A connection through the relay. It has numbers from its first byte on; one that never spoke keeps the number 0. */
export class Session implements LinkOwner {
  readonly setting: PairSetting;
  /** A number that no other connection has. */
  readonly connection: number;
  session = 0;
  epoch = 0;
  contexts: readonly [Context, Context];
  readonly inference = new DeviceInference();
  readonly main: Link;
  readonly #owner: SessionOwner;
  readonly #ledgers = new Map<Link, Ledger>();
  /** Events from before the first byte. */
  readonly #early: ({ event: string } & Record<string, unknown>)[] = [];
  /** Events about a message that is on its way; they stand behind it. */
  readonly #behind: ({ event: string } & Record<string, unknown>)[] = [];
  readonly #peers: { frontEnd: Connection; backEnd: Connection };

  /** Takes both sockets over. */
  constructor(owner: SessionOwner, setting: PairSetting, connection: number, front: number, back: number) {
    this.#owner = owner;
    this.setting = setting;
    this.connection = connection;
    const context = withDevice({}, setting.device);
    this.contexts = [context, context];
    this.#peers = { frontEnd: connectionOf(front), backEnd: connectionOf(back) };
    this.main = this.#open('main', front, back);
    owner.report({ type: 'connected', pair: setting.name, connection, ...this.#peers });
  }

  get preserveSegments(): boolean {
    return this.setting.preserveSegments;
  }

  /** Whether nothing is on its way in any channel. */
  get idle(): boolean {
    for (const { forth, backward } of this.#ledgers.keys()) if (!forth.idle || !backward.idle) return false;
    return true;
  }

  #open(channel: Channel, front: number, back: number): Link {
    const link = new Link(this, this.#owner.poller, channel, front, back);
    const { recording, objects } = this.#owner;
    const snapLength = this.setting.snapLength[channel] ?? Number.POSITIVE_INFINITY;
    this.#ledgers.set(link, new Ledger(this, link, recording, objects, `${this.setting.name}/${channel}`, snapLength));
    link.arm();
    return link;
  }

  /** Closes what is left of it. */
  close(): void {
    for (const link of [...this.#ledgers.keys()]) link.close();
  }

  /** Records an event of this connection; returns its number. */
  event(event: { event: string } & Record<string, unknown>, link: Link = this.main, direction: 0 | 1 | 2 = 0): number {
    return this.#safely(() => this.#ledgers.get(link)?.event(event, direction)) ?? 0;
  }

  /** Records something. Whatever goes wrong in that must not reach the bytes that are on their way. */
  #safely<Result>(action: () => Result): Result | undefined {
    try {
      return action();
    } catch (error) {
      this.#report({ type: 'internal-error', message: (error as Error).stack ?? String(error) });
      return undefined;
    }
  }

  /** Records an event as soon as the connection has its numbers. */
  eventOnceSpeaking(event: { event: string } & Record<string, unknown>): void {
    if (this.session > 0) this.event(event);
    else this.#early.push(event);
  }

  takeDevice(device: KnownDevice): DeviceEvent | undefined {
    const { setting } = this;
    if (device.id === setting.device?.id) return undefined;
    const better = outweighs(device, setting.device);
    if (better) {
      setting.device = device;
      this.#learn(withDevice({}, device));
      this.#report({ type: 'device', device: device.id, from: device.from, reason: device.reason });
    }
    return deviceEvent(device, better);
  }

  /** Hears what implementations they are. */
  takeDialects(dialects: Pick<Context, 'frontEnd' | 'backEnd'>): void {
    this.#learn(dialects);
  }

  #learn(news: Context): void {
    const [front, back] = this.contexts;
    const context = { ...front, ...news };
    this.contexts = [context, front === back ? context : { ...back, ...news }];
  }

  /** Hears what somebody outside knows of the device type, and records it. */
  learnDevice(device: KnownDevice): void {
    const event = this.takeDevice(device);
    if (event !== undefined) this.eventOnceSpeaking(event);
  }

  #report(report: { type: string } & Record<string, unknown>): void {
    this.#owner.report({ ...report, pair: this.setting.name, connection: this.connection } as unknown as Report);
  }

  spoke(): void {
    if (this.session > 0) return;
    const { session, epoch } = this.#owner.numbers(this);
    this.session = session;
    this.epoch = epoch;
    this.#report({ type: 'speaking', session, epoch });
    const { frontEnd, backEnd } = this.#peers;
    this.event({
      event: 'connected',
      connection: this.connection,
      front_end: { ...frontEnd.credentials, comm: commandName(frontEnd.credentials?.pid) },
      back_end: { ...backEnd.credentials, comm: commandName(backEnd.credentials?.pid) },
    });
    for (const event of this.#early.splice(0)) this.event(event);
  }

  /** Its channels. */
  get links(): Iterable<Link> {
    return this.#ledgers.keys();
  }

  armed(link: Link, flow: Flow): readonly Uint8Array[] {
    return this.#owner.desk.tables(link, flow);
  }

  planned(link: Link, flow: Flow): Course | undefined {
    const answers = this.answeredBy(link, flow, flow.cargo.id);
    return this.#safely(() => this.#owner.desk.planned(this, link, flow, answers));
  }

  held(link: Link, flow: Flow, course: Course, step: Extract<Step, { do: 'hold' }>): void {
    this.#safely(() => this.#owner.desk.held(this, link, flow, course, step));
  }

  letGo(course: Course, how: string): void {
    this.#safely(() => this.#owner.desk.letGo(course, how));
  }

  done(link: Link, flow: Flow, course: Course): void {
    this.#safely(() => this.#owner.desk.done(link, flow, course));
  }

  told(link: Link, flow: Flow, event: { event: string } & Record<string, unknown>): number {
    return this.event(event, link, flow.direction);
  }

  answeredBy(link: Link, flow: Flow, id: number): number {
    return this.#ledgers.get(link)?.answeredBy(flow.direction, id) ?? 0;
  }

  substitution(link: Link, direction: 1 | 2, id: number, fd: number): Substitution | undefined {
    if (link !== this.main || direction !== 1) return undefined;
    const channel = channelOpenedBy(id);
    if (channel === undefined) return undefined;
    const made = this.setting.interpose ? interposed(fd) : { why: 'switched off' };
    if ('why' in made) {
      this.#behind.push({ event: 'not-interposed', channel, why: made.why });
      this.#report({ type: 'not-interposed', channel, why: made.why });
      return undefined;
    }
    const commit = (): void => {
      made.commit();
      this.#open(channel, fd, made.ours);
      this.#behind.push({ event: 'interposed', channel });
      this.#report({ type: 'interposed', channel });
    };
    return { substitute: made.substitute, identity: made.identity, commit, abandon: made.abandon };
  }

  passed(link: Link, flow: Passing, dropped: boolean): number {
    const n = this.#safely(() => this.#ledgers.get(link)?.passed(flow, dropped)) ?? 0;
    if (this.#behind.length > 0) for (const event of this.#behind.splice(0)) this.event(event);
    const fds = flow.fds.takeLate();
    if (fds.length > 0)
      this.#owner.describeLater({ type: 'late-fds', pair: this.setting.name, connection: this.connection, n, fds });
    return n;
  }

  truncated(link: Link, n: number): void {
    const why = 'no room for more open descriptors, or forbidden';
    this.#report({ type: 'ctrunc', channel: link.channel, n, why });
  }

  turnedRaw(link: Link, flow: Flow, reason: RawReason): void {
    const direction = flow.direction === 1 ? 'front-to-back' : 'back-to-front';
    this.event({ event: 'raw', reason }, link, flow.direction);
    this.#report({ type: 'raw', channel: link.channel, direction, reason });
  }

  closeSlowly(fd: number): void {
    this.#owner.report({ type: 'close-slowly', fd });
  }

  closeSurvivor(link: Link, fd: number, gone: Side | 'proxy'): void {
    if (link !== this.main || gone === 'proxy') close(fd);
    else this.#owner.survived(this, fd, gone);
  }

  linkClosed(link: Link, closed: Closed): void {
    const { channel } = link;
    const spoke = this.session > 0;
    this.event({ event: 'closed', channel, ...(!spoke && { spoke, connection: this.connection }), ...closed }, link);
    this.#ledgers.delete(link);
    this.#report({ type: 'closed', channel, spoke, ...closed });
    if (link === this.main) this.#owner.mainClosed(this);
    if (this.#ledgers.size > 0) return;
    this.#owner.objects.endSession(this.connection);
    this.#owner.desk.forget(this.connection);
    this.#owner.gone(this);
  }
}

const withDevice = (context: Context, device: KnownDevice | undefined): Context =>
  device === undefined ? context : { ...context, device: device.id, deviceFrom: device.from };

/** The name a process gave itself, where it can be seen. */
function commandName(pid: number | undefined): string | undefined {
  if (!pid) return undefined;
  try {
    return readFileSync(`/proc/${pid}/comm`, 'utf8').trimEnd();
  } catch {
    return undefined;
  }
}
