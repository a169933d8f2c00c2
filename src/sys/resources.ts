/** The kernel objects a peer makes and names: memory, eventfds, pipes. They live until the peer ends. */
import { ftruncateSync, readSync } from 'node:fs';
import { createEventFd, signalEventFd } from './event-fd.ts';
import { close, fcntl, Memory, mapping, memfdCreate, mmap, munmap, pipe, userfaultfd } from './libc.ts';
import { checked } from './system-error.ts';

const closeOnExec = 1;
const allowSealing = 2;
const hugePages = 4;
/** Where the exponent of the huge page size stands in the flags of memfd_create(2). */
const hugeSizeShift = 26;
const addSeals = 1033;
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

  /** A memfd of that many bytes, sparse; `seals` are set once it has its size. */
  memory(name: string, bytes: number, seals = 0): number {
    return this.#named(`memory ${name}`, () => {
      const flags = closeOnExec | (seals === 0 ? 0 : allowSealing);
      const fd = checked(memfdCreate(name, flags), `cannot make ${bytes} bytes of memory`);
      ftruncateSync(fd, bytes);
      if (seals > 0) fcntl(fd, addSeals, seals);
      return fd;
    });
  }

  /**
   * A memfd on huge pages, all of them reserved, with `seals`; undefined where this machine has not enough of that size.
   * Whoever touched a page that is not there would die of it (SIGBUS).
   */
  hugeMemory(name: string, bytes: number, pageSize: number, seals = 0): number | undefined {
    const known = this.#fds.get(`memory ${name}`);
    if (known !== undefined) return known;
    const sealing = seals === 0 ? 0 : allowSealing;
    const fd = memfdCreate(name, closeOnExec | hugePages | sealing | (Math.log2(pageSize) << hugeSizeShift));
    if (fd < 0) return undefined;
    if (!hasReserved(fd, Math.ceil(bytes / pageSize) * pageSize)) {
      close(fd);
      return undefined;
    }
    if (seals > 0) fcntl(fd, addSeals, seals);
    return this.#named(`memory ${name}`, () => fd);
  }

  /** Takes a descriptor over, to be closed with the others. */
  keep(name: string, fd: number): void {
    this.#named(name, () => fd);
  }

  /** Gives a descriptor up: its taker closes it. */
  release(name: string): void {
    this.#fds.delete(name);
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

/** Sizes a file on huge pages, and reserves them: a shared mapping does, and they stay reserved once it is gone. */
function hasReserved(fd: number, bytes: number): boolean {
  try {
    ftruncateSync(fd, bytes);
  } catch {
    return false;
  }
  const address = mmap(0, bytes, mapping.readAndWrite, mapping.shared, fd, 0);
  if (address >= 0) munmap(address, bytes);
  return address >= 0;
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
