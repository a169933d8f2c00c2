import { close, eventfd, Memory, read, write } from './libc.ts';
import { checked } from './system-error.ts';

const flags = { closeOnExec: 0o2000000, nonBlocking: 0o4000 } as const;
const one = new Memory(8);
const scratch = new Memory(8);
one.setPointer(0, 1);

/** Makes an eventfd: non-blocking, close-on-exec, counter 0. */
export function createEventFd(): number {
  return checked(eventfd(0, flags.closeOnExec | flags.nonBlocking), 'cannot create an eventfd');
}

/** Adds one to the counter, which wakes whoever waits for the eventfd. Another thread may do it. */
export function signalEventFd(fd: number): void {
  write(fd, one.address, 8);
}

/** Takes the counter back to 0; returns what it was. */
export function clearEventFd(fd: number): number {
  return read(fd, scratch.address, 8) === 8 ? scratch.getPointer(0) : 0;
}

/** Closes it; for symmetry with `createEventFd`. */
export function closeEventFd(fd: number): void {
  close(fd);
}
