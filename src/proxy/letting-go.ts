import type { FdIdentity } from '../decode/frame.ts';
import { canWait, inspect, isPipeOrSocket } from '../sys/descriptor.ts';
import { close } from '../sys/libc.ts';

/** Descriptors of one message that are described at once; each takes 30 to 50 microseconds. */
const mostAtOnce = 32;

/** What became of descriptors. */
export interface LetGo {
  /** What the first ones were, in order. */
  identities: FdIdentity[];
  /** Places of those that are still open, to be described and closed later. */
  late: number[];
}

/**
 * Closes descriptors that have been sent on, and says what they were. Pipes and sockets go first: a copy we hold keeps
 * the other end from seeing its end. `closeSlowly` takes those whose closing may take long.
 */
export function letGo(fds: readonly number[], closeSlowly: (fd: number) => void): LetGo {
  const identities: FdIdentity[] = new Array(Math.min(fds.length, mostAtOnce));
  const rest: number[] = [];
  const late: number[] = [];
  for (let i = 0; i < fds.length; i++) {
    const fd = fds[i] as number;
    if (i >= mostAtOnce && canWait(fd)) late.push(i);
    else if (i < mostAtOnce && !isPipeOrSocket(fd)) rest.push(i);
    else {
      if (i < mostAtOnce) identities[i] = inspect(fd).identity;
      close(fd);
    }
  }
  for (const i of rest) {
    const fd = fds[i] as number;
    const { identity, slowToClose } = inspect(fd);
    identities[i] = identity;
    if (slowToClose) closeSlowly(fd);
    else close(fd);
  }
  return { identities, late };
}
