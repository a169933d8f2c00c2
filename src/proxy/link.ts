/**
 * One channel of a session: two connected sockets and a flow each way. Owns both sockets and closes them once.
 */
import type { Channel } from '../decode/frame.ts';
import { channels } from '../decode/frame.ts';
import type { Side } from '../decode/side.ts';
import { readiness } from '../sys/epoll.ts';
import { close } from '../sys/libc.ts';
import { isHungUp, isUnreadByPeer, shutDown, unreadBytes } from '../sys/socket.ts';
import { delivered, type EndKind } from './ending.ts';
import { Flow } from './flow.ts';
import type { FlowOwner } from './flow-owner.ts';
import type { RawReason } from './framing.ts';
import { Crossing, type CrossingOwner } from './hold/crossing.ts';
import { Detour } from './hold/detour.ts';
import { merged } from './hold/verdicts.ts';
import { channelOpenedBy } from './interposing.ts';
import type { Substitution } from './passed-fds.ts';
import type { Passing } from './passing.ts';
import { type Handler, type Poller, unwatched } from './poller.ts';
import type { Closed } from './reports.ts';

/** What a channel tells its session. */
export interface LinkOwner extends CrossingOwner {
  readonly preserveSegments: boolean;
  spoke(): void;
  passed(link: Link, flow: Passing, dropped: boolean): number;
  /** The kernel dropped descriptors of record `n`. */
  truncated(link: Link, n: number): void;
  turnedRaw(link: Link, flow: Flow, reason: RawReason): void;
  linkClosed(link: Link, closed: Closed): void;
  /** Takes over the socket of the side that is to hear that the other one, `gone`, has closed. */
  closeSurvivor(link: Link, fd: number, gone: Side | 'proxy'): void;
  closeSlowly(fd: number): void;
}

/** Milliseconds until another try where the kernel refused a message that it may take later. */
const retryMs = 5;

/** One channel: main, backend-req or gpu. */
export class Link implements FlowOwner, Handler {
  readonly channel: Channel;
  readonly channelNumber: number;
  readonly front: number;
  readonly back: number;
  /** Front-end to back-end, and the other way. */
  readonly forth: Flow;
  readonly backward: Flow;
  closed = false;
  readonly #owner: LinkOwner;
  readonly #poller: Poller;
  #firstEnd: { how: EndKind; side: Side } | undefined;
  /** Bytes that were taken in and could not be delivered. */
  #undelivered = 0;
  #retrying = false;
  #crossing: Crossing | undefined;

  constructor(owner: LinkOwner, poller: Poller, channel: Channel, front: number, back: number) {
    this.#owner = owner;
    this.#poller = poller;
    this.channel = channel;
    this.channelNumber = channels.indexOf(channel);
    this.front = front;
    this.back = back;
    this.forth = new Flow(this, 1, front, back);
    this.backward = new Flow(this, 2, back, front);
    this.#watch();
  }

  /** Records an event of one direction; returns its number. */
  told(flow: Flow, event: { event: string } & Record<string, unknown>): number {
    return this.#owner.told(this, flow, event);
  }

  /** Looks anew at what is armed for. */
  arm(): void {
    const awaited = this.#crossing === undefined ? [] : [this.#crossing.awaited];
    for (const flow of [this.forth, this.backward]) flow.armed = merged([...this.#owner.armed(this, flow), ...awaited]);
  }

  /** What people and rules have a direction send. */
  detour(flow: Flow): Detour {
    flow.detour ??= new Detour(flow, this.#shared());
    return flow.detour;
  }

  #shared(): Crossing {
    this.#crossing ??= new Crossing(this, this.#owner, this.#poller);
    return this.#crossing;
  }

  get preserveSegments(): boolean {
    return this.#owner.preserveSegments;
  }

  ready(fd: number, events: number): void {
    const reader = fd === this.front ? this.forth : this.backward;
    const writer = fd === this.front ? this.backward : this.forth;
    const gone = (events & (readiness.hangUp | readiness.error)) !== 0;
    if (gone && reader.detour?.stopped) {
      this.#finish((events & readiness.error) !== 0 ? 'reset' : 'eof', this.#sideOf(fd));
      return;
    }
    if (reader.phase === 'receiving' && (gone || (events & readiness.in) !== 0)) reader.run();
    if ((writer.phase === 'sending' || writer.phase === 'detoured') && (gone || (events & readiness.out) !== 0))
      writer.run();
    if (gone && reader.phase === 'closed' && !this.closed)
      this.#finish((events & readiness.error) !== 0 ? 'reset' : 'eof', this.#sideOf(fd));
    this.#watch();
  }

  /** Lets both directions go on, whatever they wait for. */
  run(): void {
    this.forth.run();
    this.backward.run();
    this.#watch();
  }

  /** An error of ours in handling this channel: it forwards without knowing messages from now on. */
  failed(): void {
    if (this.closed) return;
    for (const flow of [this.forth, this.backward]) if (flow.cargo.mode !== 'raw') flow.turnRaw('internal-error');
    this.run();
  }

  #sideOf(fd: number): Side {
    return fd === this.front ? 'front-end' : 'back-end';
  }

  #watch(): void {
    if (this.closed) return;
    this.#poller.watch(this.front, interest(this.forth, this.backward), this);
    this.#poller.watch(this.back, interest(this.backward, this.forth), this);
    if (this.forth.blocked !== 'later' && this.backward.blocked !== 'later') return;
    if (this.#retrying) return;
    this.#retrying = true;
    this.#poller.after(retryMs, () => {
      this.#retrying = false;
      if (!this.closed) this.run();
    });
  }

  spoke(): void {
    this.#owner.spoke();
  }

  mayExchange(id: number | undefined): boolean {
    return this.channel === 'main' && (id === undefined || channelOpenedBy(id) !== undefined);
  }

  substitution(flow: Flow, fd: number): Substitution | undefined {
    return this.#owner.substitution(this, flow.direction, flow.cargo.id, fd);
  }

  diverted(flow: Flow): boolean {
    const course = this.#shared().planned(flow);
    if (course !== undefined) this.detour(flow).take(course);
    return course !== undefined;
  }

  passed(flow: Flow, dropped: boolean): void {
    if (dropped && !this.closed) this.#undelivered += flow.cargo.have - flow.cargo.sent;
    this.#tell(flow.cargo, dropped);
  }

  /** Records a message that took a detour; with `lost` it could not be delivered. Returns its number. */
  record(passing: Passing, lost: boolean): number {
    if (lost && !this.closed) this.#undelivered += passing.have;
    return this.#tell(passing, lost);
  }

  #tell(passing: Passing, dropped: boolean): number {
    const n = this.#owner.passed(this, passing, dropped);
    if (passing.fds.truncated) this.#owner.truncated(this, n);
    return n;
  }

  /** The other direction. */
  opposite(flow: Flow): Flow {
    return flow === this.forth ? this.backward : this.forth;
  }

  turnedRaw(flow: Flow, reason: RawReason): void {
    this.#owner.turnedRaw(this, flow, reason);
  }

  closeSlowly(fd: number): void {
    this.#owner.closeSlowly(fd);
  }

  sourceEnded(flow: Flow, how: EndKind): void {
    const side = this.#sideOf(flow.from);
    if (how !== 'shutdown') {
      this.#finish(how, side);
      return;
    }
    this.#firstEnd ??= { how, side };
    shutDown(flow.to, 'write');
    flow.close();
    const other = this.opposite(flow);
    if (other.phase === 'closed') this.#finish(how, side);
  }

  targetBroke(flow: Flow, how: 'epipe' | 'reset'): void {
    const side = this.#sideOf(flow.to);
    this.#firstEnd ??= { how, side };
    flow.close();
    if (this.closed) return;
    const other = this.opposite(flow);
    if (other.phase === 'closed') {
      this.#finish(how, side);
      return;
    }
    // What the target sent before it went is still to be delivered; its end will be found behind that.
    if (isHungUp(flow.to)) other.run();
    if (!this.closed) shutDown(flow.from, 'read');
  }

  /** Ends the channel from our side. */
  close(): void {
    this.#finish('eof', 'proxy');
  }

  #finish(how: EndKind, first: Side | 'proxy'): void {
    if (this.closed) return;
    this.closed = true;
    const survivor = first === 'front-end' ? this.back : this.front;
    const towardsGone = first === 'front-end' ? this.backward : this.forth;
    const held = this.#undelivered + towardsGone.held;
    const unread = unreadBytes(survivor);
    const fromGone = this.opposite(towardsGone);
    const neverRead = fromGone.detour?.stopped ? unreadBytes(fromGone.from) : 0;
    const afterShutdown = how === 'shutdown' || this.#firstEnd?.how === 'shutdown';
    const unseen = afterShutdown && (isUnreadByPeer(this.front) || isUnreadByPeer(this.back));
    this.forth.close();
    this.backward.close();
    if (unread > 0) towardsGone.showUnread();
    if (neverRead > 0) fromGone.showUnread();
    this.#poller.forget(this.front);
    this.#poller.forget(this.back);
    close(survivor === this.front ? this.back : this.front);
    this.#owner.closeSurvivor(this, survivor, first);
    const end = this.#firstEnd;
    this.#owner.linkClosed(this, {
      how: end?.how ?? how,
      first: end?.side ?? first,
      undelivered_bytes: held + unread + neverRead,
      delivered: delivered({ how: end?.how === 'reset' ? 'reset' : how, held, unread, unseen }),
    });
  }
}

/** What to wait for on a socket that one flow reads and another writes. */
function interest(reader: Flow, writer: Flow): number {
  let events = 0;
  if (reader.phase === 'receiving') events |= readiness.in;
  const sends = writer.phase === 'sending' || writer.phase === 'detoured';
  if (sends && writer.blocked === 'output') events |= readiness.out;
  // A hang-up is always told, again and again: not to be heard while the reader cannot act on it. One that will never
  // read again ends with its sender.
  const busy = reader.phase === 'sending' || (reader.phase === 'detoured' && !reader.detour?.stopped);
  return events === 0 && busy ? unwatched : events;
}
