import { monotonicNs } from '../sys/clock.ts';
import { Epoll } from '../sys/epoll.ts';

/** Told that a descriptor is ready; `events` is a sum of `readiness` bits. */
export interface Handler {
  ready(fd: number, events: number): void;
  /** An exception came out of `ready`. */
  failed?(): void;
}

/** Not waited for at all, not even for a hang-up. */
export const unwatched = -1;

/** The descriptors a thread waits for, each with its handler, and the things it will do at a certain time. */
export class Poller {
  readonly #epoll = new Epoll();
  readonly #handlers: (Handler | undefined)[] = [];
  readonly #events: number[] = [];
  readonly #timers = new Set<Timer>();
  readonly #onError: (error: unknown) => void;

  /** @param onError hears of exceptions in handlers and timers, which end neither the loop nor anything else */
  constructor(onError: (error: unknown) => void) {
    this.#onError = onError;
  }

  /** Waits for `events` on a descriptor from now on; 0 for a hang-up only, `unwatched` for nothing. */
  watch(fd: number, events: number, handler: Handler): void {
    const before = this.#handlers[fd] === undefined ? unwatched : (this.#events[fd] as number);
    if (before === events) return;
    if (events === unwatched) {
      this.forget(fd);
      return;
    }
    if (before === unwatched) this.#epoll.add(fd, events);
    else this.#epoll.modify(fd, events);
    this.#handlers[fd] = handler;
    this.#events[fd] = events;
  }

  /** Waits for nothing on a descriptor any more; to be called before it is closed. */
  forget(fd: number): void {
    if (this.#handlers[fd] === undefined) return;
    this.#handlers[fd] = undefined;
    this.#epoll.remove(fd);
  }

  /** Does something after so many milliseconds. */
  after(milliseconds: number, action: () => void): Timer {
    const timer = { due: monotonicNs() + milliseconds * 1e6, action };
    this.#timers.add(timer);
    return timer;
  }

  cancel(timer: Timer | undefined): void {
    if (timer !== undefined) this.#timers.delete(timer);
  }

  /** Waits at most so many milliseconds, then tells the handlers of what is ready; returns how many there were. */
  turn(timeout: number): number {
    const ready = this.#epoll.wait(this.#timers.size === 0 ? timeout : this.#untilDue(timeout));
    // An earlier handler may close descriptors that are ready too; their handlers are then gone.
    for (let i = 0; i < ready; i++) {
      const fd = this.#epoll.readyFd(i);
      const handler = this.#handlers[fd];
      if (handler === undefined) continue;
      try {
        handler.ready(fd, this.#epoll.readyFor(i));
      } catch (error) {
        this.#onError(error);
        this.#attempt(() => handler.failed?.());
      }
    }
    if (this.#timers.size > 0) this.#runDue();
    return ready;
  }

  #untilDue(timeout: number): number {
    const now = monotonicNs();
    let least = timeout;
    for (const { due } of this.#timers) least = Math.min(least, Math.max(0, Math.ceil((due - now) / 1e6)));
    return least;
  }

  #runDue(): void {
    const now = monotonicNs();
    for (const timer of [...this.#timers]) {
      if (timer.due > now || !this.#timers.delete(timer)) continue;
      this.#attempt(timer.action);
    }
  }

  #attempt(action: () => void): void {
    try {
      action();
    } catch (error) {
      this.#onError(error);
    }
  }

  close(): void {
    this.#timers.clear();
    this.#epoll.close();
  }
}

/** Something to do at a certain time. */
export interface Timer {
  readonly due: number;
  readonly action: () => void;
}
