/** The kernel objects a peer makes and names: memory, eventfds, pipes. They live until the peer ends. */
import { ftruncateSync, readSync } from 'node:fs';
import { createEventFd, signalEventFd } from '../sys/event-fd.ts';
import { close, Memory, memfdCreate, pipe, userfaultfd } from '../sys/libc.ts';
import { checked } from '../sys/system-error.ts';

const closeOnExec = 1;
const nonBlockingCloseOnExec = 0o2000000 | 0o4000;
const userModeOnly = 1;
const pair = new Memory(8);

/** Objects by name; each is made when it is first asked for. */
export class Resources {
  readonly #fds = new Map<string, number>();

  #named(name: string, make: () => number): number {
    const found = this.#fds.get(name);
    if (found !== undefined) return found;
    const fd = make();
    this.#fds.set(name, fd);
    return fd;
  }

  /** A memfd of that many bytes. */
  memory(name: string, bytes: number): number {
    return this.#named(`memory ${name}`, () => {
      const fd = checked(memfdCreate(name, closeOnExec), `cannot make ${bytes} bytes of memory`);
      ftruncateSync(fd, bytes);
      return fd;
    });
  }

  event(name: string): number {
    return this.#named(`event ${name}`, createEventFd);
  }

  signal(name: string): void {
    signalEventFd(this.event(name));
  }

  /** A userfaultfd of the kind that needs no privilege; undefined where a sandbox forbids even that. */
  userfault(name: string): number | undefined {
    const known = this.#fds.get(`userfault ${name}`);
    if (known !== undefined) return known;
    const fd = userfaultfd(userModeOnly | nonBlockingCloseOnExec);
    return fd < 0 ? undefined : this.#named(`userfault ${name}`, () => fd);
  }

  /** One end of a pipe, non-blocking and close-on-exec. */
  pipe(name: string, end: 'read' | 'write'): number {
    return this.#named(`pipe ${name} ${end}`, () => {
      checked(pipe(pair.address, nonBlockingCloseOnExec), 'cannot make a pipe');
      const [read, write] = pair.u32 as unknown as [number, number];
      this.#fds.set(`pipe ${name} ${end === 'read' ? 'write' : 'read'}`, end === 'read' ? write : read);
      return end === 'read' ? read : write;
    });
  }

  /** Closes one end of a pipe, or both, so that the other side can see its end. */
  dropPipe(name: string, ends: readonly ('read' | 'write')[] = ['read', 'write']): void {
    for (const key of ends.map(end => `pipe ${name} ${end}`)) {
      const fd = this.#fds.get(key);
      if (fd !== undefined) close(fd);
      this.#fds.delete(key);
    }
  }

  close(): void {
    for (const fd of this.#fds.values()) close(fd);
    this.#fds.clear();
  }
}

/** What can be read at once: nothing at the end, `undefined` where more may come. */
export function readSome(fd: number): Uint8Array | undefined {
  const bytes = new Uint8Array(65_536);
  try {
    return bytes.slice(0, readSync(fd, bytes));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return undefined;
    throw error;
  }
}
