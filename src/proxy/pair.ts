/**
 * Brings the two sides of a pair together: accepts whoever connects, connects to whoever listens, and makes a session
 * of one front-end and one back-end.
 */
import { otherSide, type Side } from '../decode/side.ts';
import { readiness } from '../sys/epoll.ts';
import { close, errno } from '../sys/libc.ts';
import { acceptFrom, connectTo, isHungUp, openSocket } from '../sys/socket.ts';
import { errorName } from '../sys/system-error.ts';
import type { Handler, Poller, Timer } from './poller.ts';
import type { PairSetting, Report } from './reports.ts';
import { Session, type SessionOwner } from './session.ts';
import { Survivors } from './survivors.ts';

/** How long a connection is kept whose other side turns out not to listen; closing at once would make it try again at once. */
const backOffMs = 1000;
/** Milliseconds between tries to connect. */
const retryMs = 50;
/** After so long without a byte, a connection to a listening front-end is taken to wait behind another. */
const queuedMs = 1000;
/** Connections taken from a listening socket in one go. */
const acceptsAtOnce = 32;

/** A connection whose other side is still missing. */
interface Waiting {
  fd: number;
  side: Side;
  /** When the other side was found not to listen. */
  absentSince: number | undefined;
  timer: Timer | undefined;
}

/** What a pair needs of the relay around it. */
export interface PairOwner extends SessionOwner {
  connectionNumber(): number;
  opened(session: Session): void;
  /** Records an event that belongs to no connection, or to one that is over, with its numbers. */
  pairEvent(
    pair: string,
    event: { event: string } & Record<string, unknown>,
    numbers?: { session: number; epoch: number },
  ): void;
}

/** One configured pair. */
export class Pair implements Handler {
  readonly setting: PairSetting;
  readonly #owner: PairOwner;
  readonly #poller: Poller;
  readonly #listeners = new Map<number, Side>();
  readonly #waiting = new Map<number, Waiting>();
  readonly #sessions = new Set<Session>();
  /** Epochs so far of each session number, and whether it lives; the last to end comes last. */
  readonly #epochs = new Map<number, { epochs: number; live: boolean }>();
  readonly #numbers = new Map<Session, number>();
  readonly #survivors: Survivors;
  #stopping = false;

  constructor(owner: PairOwner, setting: PairSetting) {
    this.setting = setting;
    this.#owner = owner;
    this.#poller = owner.poller;
    this.#survivors = new Survivors(owner.poller);
    for (const side of ['front-end', 'back-end'] as const) {
      const reach = this.#reach(side);
      if (reach.role === 'fd') this.#arrived(reach.fd, side);
    }
  }

  #reach(side: Side): PairSetting['frontEnd'] {
    return side === 'front-end' ? this.setting.frontEnd : this.setting.backEnd;
  }

  #report(report: { type: string } & Record<string, unknown>): void {
    this.#owner.report({ ...report, pair: this.setting.name } as unknown as Report);
  }

  /** Accepts connections of a side on a listening socket, which is ours from now on. */
  listen(side: Side, fd: number): void {
    this.#listeners.set(fd, side);
    this.#poller.watch(fd, readiness.in, this);
  }

  /** Closes the listening socket of a side. */
  unlisten(side: Side): void {
    for (const [fd, at] of this.#listeners) {
      if (at !== side) continue;
      this.#listeners.delete(fd);
      this.#poller.forget(fd);
      close(fd);
    }
  }

  ready(fd: number): void {
    const side = this.#listeners.get(fd);
    if (side !== undefined) {
      this.#accept(fd, side);
      return;
    }
    const waiting = this.#waiting.get(fd);
    // Nobody reads from a waiting connection, so all that is heard of it is its end.
    if (waiting !== undefined && isHungUp(fd)) this.#giveUp(waiting);
    else if (waiting !== undefined) this.#poller.watch(fd, 0, this);
  }

  #accept(listener: number, side: Side): void {
    for (let i = 0; i < acceptsAtOnce; i++) {
      const fd = acceptFrom(listener);
      if (fd >= 0) this.#arrived(fd, side);
      else {
        if (fd === -errno.EMFILE || fd === -errno.ENFILE || fd === -errno.ENOMEM)
          this.#pauseAccepting(listener, side, fd);
        return;
      }
    }
  }

  #pauseAccepting(listener: number, side: Side, error: number): void {
    this.#report({ type: 'accept-failed', side, error: errorName(-error) });
    this.#poller.forget(listener);
    this.#poller.after(retryMs, () => {
      if (this.#listeners.has(listener)) this.#poller.watch(listener, readiness.in, this);
    });
  }

  /** A side is connected; brings it together with the other. */
  #arrived(fd: number, side: Side): void {
    const waiting: Waiting = { fd, side, absentSince: undefined, timer: undefined };
    this.#waiting.set(fd, waiting);
    this.#poller.watch(fd, readiness.readHangUp, this);
    if (this.#reach(otherSide(side)).role === 'connect') this.#reachOther(waiting);
    else this.#match();
  }

  /** Makes sessions of connections that wait on both sides, first come first served. */
  #match(): void {
    const all = [...this.#waiting.values()];
    const front = all.find(each => each.side === 'front-end');
    const back = all.find(each => each.side === 'back-end');
    if (front !== undefined && back !== undefined) this.#join(front.fd, back.fd);
  }

  #reachOther(waiting: Waiting): void {
    const reach = this.#reach(otherSide(waiting.side));
    if (reach.role !== 'connect') return;
    // A listening front-end serves one connection: the old one must be gone before it looks at the new one.
    if (otherSide(waiting.side) === 'front-end') for (const session of [...this.#sessions]) session.close();
    const fd = openSocket();
    const result = connectTo(fd, reach.address);
    if (result === 0) {
      const [front, back] = waiting.side === 'front-end' ? [waiting.fd, fd] : [fd, waiting.fd];
      this.#join(front, back);
      return;
    }
    close(fd);
    this.#notReached(waiting, result);
  }

  #notReached(waiting: Waiting, result: number): void {
    const now = performance.now();
    const side = otherSide(waiting.side);
    if (result !== -errno.EAGAIN && waiting.absentSince === undefined) {
      waiting.absentSince = now;
      this.#report({ type: 'absent', side, error: errorName(-result) });
    }
    const givenUp =
      !this.setting.waitBackEnd && waiting.absentSince !== undefined && now - waiting.absentSince >= backOffMs;
    if (givenUp) {
      const error = errorName(-result);
      this.#owner.pairEvent(this.setting.name, { event: `${side}-absent`, error, closed_after_ms: backOffMs });
      this.#report({ type: 'refused', side, error });
      this.#giveUp(waiting);
      return;
    }
    waiting.timer = this.#poller.after(retryMs, () => this.#reachOther(waiting));
  }

  #giveUp(waiting: Waiting): void {
    this.#forget(waiting);
    close(waiting.fd);
  }

  #forget(waiting: Waiting): void {
    this.#poller.cancel(waiting.timer);
    this.#poller.forget(waiting.fd);
    this.#waiting.delete(waiting.fd);
  }

  /** Connects to both sides, the front-end first: some back-ends serve one connection only. */
  dial(): void {
    const { frontEnd, backEnd } = this.setting;
    if (this.#stopping || frontEnd.role !== 'connect' || backEnd.role !== 'connect') return;
    if (this.#sessions.size > 0 || this.#waiting.size > 0) return;
    const fd = openSocket();
    const result = connectTo(fd, frontEnd.address);
    if (result === 0) {
      this.#arrived(fd, 'front-end');
      return;
    }
    close(fd);
    this.#report({ type: 'absent', side: 'front-end', error: errorName(-result) });
  }

  #join(front: number, back: number): void {
    for (const fd of [front, back]) {
      const waiting = this.#waiting.get(fd);
      if (waiting !== undefined) this.#forget(waiting);
    }
    this.join(front, back);
  }

  /** Makes a session of two connected sockets, which are its from now on. */
  join(front: number, back: number): Session {
    const session = new Session(this.#owner, this.setting, this.#owner.connectionNumber(), front, back);
    this.#sessions.add(session);
    this.#owner.opened(session);
    if (this.setting.frontEnd.role === 'connect') this.#poller.after(queuedMs, () => this.#tellIfQueued(session));
    return session;
  }

  #tellIfQueued(session: Session): void {
    if (session.session > 0 || session.main.closed) return;
    session.event({ event: 'queued', connection: session.connection });
    this.#report({ type: 'queued', connection: session.connection });
  }

  /**
   * Numbers a connection that has begun to speak. One that follows another is the next epoch of its session; one that
   * overlaps all the others is a new session.
   */
  numbers(session: Session): { session: number; epoch: number } {
    const free = [...this.#epochs].findLast(([, { live }]) => !live);
    const number = free?.[0] ?? this.#epochs.size + 1;
    const entry = free?.[1] ?? { epochs: 0, live: true };
    entry.live = true;
    entry.epochs++;
    this.#epochs.delete(number);
    this.#epochs.set(number, entry);
    this.#numbers.set(session, number);
    return { session: number, epoch: entry.epochs };
  }

  /** One side of a session has closed: has the other one hear of it, in time not to try again in vain. */
  survived({ session, epoch }: Session, fd: number, gone: Side): void {
    const mayTryAgain = this.#reach(gone).role === 'connect' && [...this.#listeners.values()].includes(otherSide(gone));
    const event = { event: 'unheard', side: otherSide(gone) };
    if (!mayTryAgain) close(fd);
    else
      this.#survivors.add(fd, bytes =>
        this.#owner.pairEvent(this.setting.name, { ...event, bytes }, { session, epoch }),
      );
  }

  /** It is known who still listens. */
  settled(): void {
    this.#survivors.close();
  }

  /** The main channel of a session is over. */
  mainClosed(session: Session): void {
    this.#sessions.delete(session);
    const number = this.#numbers.get(session);
    if (number === undefined) return;
    this.#numbers.delete(session);
    const entry = this.#epochs.get(number) as { epochs: number; live: boolean };
    entry.live = false;
    this.#epochs.delete(number);
    this.#epochs.set(number, entry);
  }

  /** Stops to accept, and to wait for sides that are missing. */
  stopAccepting(): void {
    this.#stopping = true;
    this.unlisten('front-end');
    this.unlisten('back-end');
    for (const waiting of [...this.#waiting.values()]) this.#giveUp(waiting);
    this.#survivors.close();
  }
}
