import { close, epollCreate, epollCtl, epollWait, errno, Memory } from './libc.ts';
import { checked } from './system-error.ts';

/** Readiness bits of epoll(7) that are used here. */
export const readiness = { in: 0x1, out: 0x4, error: 0x8, hangUp: 0x10, readHangUp: 0x2000 } as const;

const operation = { add: 1, remove: 2, modify: 3 } as const;
const closeOnExec = 0o2000000;

// struct epoll_event is packed on x86-64 only.
const eventSize = process.arch === 'x64' ? 12 : 16;
const dataOffset = process.arch === 'x64' ? 1 : 2; // in 32-bit words

/** A set of descriptors and what is waited for on each; level-triggered. */
export class Epoll {
  readonly fd: number;
  readonly #room: number;
  readonly #events: Memory;
  readonly #one = new Memory(16);

  /** @param room how many ready descriptors one wait reports at most */
  constructor(room = 64) {
    this.#room = room;
    this.#events = new Memory(eventSize * room);
    this.fd = checked(epollCreate(closeOnExec), 'cannot create an epoll instance');
  }

  /** Waits for `events` (a sum of `readiness` bits) on fd; hang-up and error are always reported. */
  add(fd: number, events: number): number {
    return this.#control(operation.add, fd, events);
  }

  modify(fd: number, events: number): number {
    return this.#control(operation.modify, fd, events);
  }

  remove(fd: number): number {
    return this.#control(operation.remove, fd, 0);
  }

  #control(what: number, fd: number, events: number): number {
    this.#one.u32[0] = events;
    this.#one.u32[dataOffset] = fd;
    return epollCtl(this.fd, what, fd, this.#one.address);
  }

  /** Waits until something is ready or `timeout` milliseconds have passed; returns how many are ready. */
  wait(timeout: number): number {
    const ready = epollWait(this.fd, this.#events.address, this.#room, timeout);
    if (ready === -errno.EINTR) return 0;
    return checked(ready, 'cannot wait for sockets');
  }

  /** The i-th ready descriptor of the last wait. */
  readyFd(i: number): number {
    return this.#events.u32[i * (eventSize >> 2) + dataOffset] as number;
  }

  /** What it is ready for: a sum of `readiness` bits. */
  readyFor(i: number): number {
    return this.#events.u32[i * (eventSize >> 2)] as number;
  }

  close(): void {
    close(this.fd);
  }
}
