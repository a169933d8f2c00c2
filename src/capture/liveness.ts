/** Whether a capture file is still being written: its last block is then not torn but not there yet. */
import { readdirSync, readFileSync, statSync } from 'node:fs';

/** A process that has the file open for writing; `gone` when there is none; `unknown` where not every one was seen. */
export type WriterState = { state: 'alive'; pid: number } | { state: 'gone' } | { state: 'unknown' };

/**
 * Looks through /proc for a process that has the file open for writing. Processes of other users cannot be looked
 * into: unless they could not have opened the file (it is the caller's own and closed to others), the answer is then
 * `unknown`. A file that is not there any more is written by nobody.
 */
export function writerOf(path: string): WriterState {
  const file = statSync(path, { throwIfNoEntry: false });
  if (file === undefined) return { state: 'gone' };
  const isPrivate = file.uid === process.getuid?.() && (file.mode & 0o022) === 0;
  let allSeen = true;
  for (const name of readdirSync('/proc')) {
    const pid = Number(name);
    if (!Number.isInteger(pid)) continue;
    const found = writesTo(pid, file.dev, file.ino);
    if (found) return { state: 'alive', pid };
    if (found === undefined) allSeen = false;
  }
  return { state: allSeen || isPrivate ? 'gone' : 'unknown' };
}

/** Whether a process writes to a file; undefined where its descriptors may not be seen. */
function writesTo(pid: number, dev: number, ino: number): boolean | undefined {
  let descriptors: string[];
  try {
    descriptors = readdirSync(`/proc/${pid}/fd`);
  } catch (error) {
    // A process that has ended in the meantime writes to nothing.
    return (error as NodeJS.ErrnoException).code === 'EACCES' ? undefined : false;
  }
  return descriptors.some(fd => {
    try {
      const found = statSync(`/proc/${pid}/fd/${fd}`);
      return found.ino === ino && found.dev === dev && isWritable(readFileSync(`/proc/${pid}/fdinfo/${fd}`, 'latin1'));
    } catch {
      return false;
    }
  });
}

/** The access mode stands in the two lowest bits of the octal `flags`: 0 is reading only. */
function isWritable(fdinfo: string): boolean {
  const flags = Number.parseInt(/^flags:\s*([0-7]+)/m.exec(fdinfo)?.[1] ?? '0', 8);
  return (flags & 3) !== 0;
}
