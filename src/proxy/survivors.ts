/**
 * Connections whose other side has closed and which are to hear of it a little later. The one that closed is somebody we
 * connect to; it may be about to end. A survivor that tries again at once, as DPDK does within 2 ms, would find us still
 * listening, although the one behind us does not: so it hears of the close only when that is known. What it sends in the
 * meantime would have failed without us; it is taken, so that the end stays a plain one, and told.
 */
import { close, Memory } from '../sys/libc.ts';
import { unreadBytes } from '../sys/socket.ts';
import { arrival, receive } from '../sys/transfer.ts';
import type { Poller, Timer } from './poller.ts';

/** After so long a survivor hears of the close in any case. */
const longestMs = 200;
const scratchBytes = 4096;

/** The survivors of a pair. Owns their sockets and closes them once. */
export class Survivors {
  readonly #poller: Poller;
  readonly #all = new Map<number, { timer: Timer; told: (bytes: number) => void; unread: boolean }>();

  constructor(poller: Poller) {
    this.#poller = poller;
  }

  /** Takes a socket over. `told` hears how many bytes came that nobody can take any more, if there were any. */
  add(fd: number, told: (bytes: number) => void): void {
    const timer = this.#poller.after(longestMs, () => this.#close(fd));
    this.#all.set(fd, { timer, told, unread: unreadBytes(fd) > 0 });
  }

  /** Lets all of them know now. */
  close(): void {
    for (const fd of [...this.#all.keys()]) this.#close(fd);
  }

  #close(fd: number): void {
    const survivor = this.#all.get(fd);
    if (survivor === undefined) return;
    this.#all.delete(fd);
    this.#poller.cancel(survivor.timer);
    // What lay unread when the other side closed stays so: closing on it is what makes a reset of the end.
    const bytes = survivor.unread ? 0 : takeAll(fd);
    close(fd);
    if (bytes > 0) survivor.told(bytes);
  }
}

/** Reads what lies in a socket, and closes descriptors that lie there too; returns the number of bytes. */
function takeAll(fd: number): number {
  const scratch = new Memory(scratchBytes);
  let bytes = 0;
  for (let taken = receive(fd, scratch.address, scratchBytes); taken > 0; ) {
    for (const passed of arrival.fds) close(passed);
    bytes += taken;
    taken = receive(fd, scratch.address, scratchBytes);
  }
  return bytes;
}
