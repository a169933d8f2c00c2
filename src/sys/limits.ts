import { writeFileSync } from 'node:fs';
import { Memory, prlimit } from './libc.ts';

const openFiles = 7;
const limit = new Memory(16);

/** A resource limit; `Infinity` is no limit. */
export interface Limit {
  soft: number;
  hard: number;
}

/** RLIMIT_NOFILE of this process. */
export function openFilesLimit(): Limit {
  prlimit(0, openFiles, 0, limit.address);
  return { soft: get(0), hard: get(8) };
}

/** RLIM_INFINITY has all bits set. */
function get(offset: number): number {
  const value = limit.getPointer(offset);
  return value >= 2 ** 63 ? Number.POSITIVE_INFINITY : value;
}

function put(offset: number, value: number): void {
  if (value === Number.POSITIVE_INFINITY) limit.bytes.fill(0xff, offset, offset + 8);
  else limit.setPointer(offset, value);
}

/** Sets the soft RLIMIT_NOFILE; false where that is not allowed. */
export function setOpenFilesLimit(soft: number): boolean {
  const { hard } = openFilesLimit();
  put(0, soft);
  put(8, hard);
  return prlimit(0, openFiles, limit.address, 0) === 0;
}

/** Raises RLIMIT_NOFILE as far as allowed; returns the soft limit that was there, for the children that are started. */
export function raiseOpenFilesLimit(): number {
  const { soft, hard } = openFilesLimit();
  if (hard > soft) setOpenFilesLimit(hard);
  return soft;
}

/**
 * Asks the kernel to kill others first when memory runs out, since our end cuts a virtual machine's device.
 * Needs CAP_SYS_RESOURCE; returns whether it was granted. Children inherit it.
 */
export function protectFromOutOfMemory(): boolean {
  try {
    writeFileSync('/proc/self/oom_score_adj', '-900');
    return true;
  } catch {
    return false;
  }
}
