import { Memory, pidfdOpen, poll } from './libc.ts';

const readable = 1;
const entry = new Memory(8);

/** Opens a descriptor that stands for one process whatever happens to its number; undefined when it is gone. */
export function openPidFd(pid: number): number | undefined {
  const fd = pidfdOpen(pid);
  return fd < 0 ? undefined : fd;
}

/** Whether the process behind a pidfd has exited. */
export function hasExited(pidFd: number): boolean {
  entry.u32[0] = pidFd;
  new Uint16Array(entry.bytes.buffer, 4, 1)[0] = readable;
  return poll(entry.address, 1, 0) > 0;
}
