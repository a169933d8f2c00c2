import type { FdIdentity } from '../decode/frame.ts';
import { inspect, isPipeOrSocket } from '../sys/descriptor.ts';
import { close } from '../sys/libc.ts';

/** Descriptors of one message that are inspected in full; each takes 30 to 50 microseconds. */
const mostInspected = 32;

/**
 * Closes descriptors that have been sent on, and says what they were, in order. Pipes and sockets go first: a copy we
 * hold keeps the other end from seeing its end. `closeSlowly` takes those whose closing may take long.
 */
export function letGo(fds: readonly number[], closeSlowly: (fd: number) => void): FdIdentity[] {
  const identities: FdIdentity[] = new Array(Math.min(fds.length, mostInspected));
  const rest: number[] = [];
  for (let i = 0; i < fds.length; i++) {
    const fd = fds[i] as number;
    if (i < mostInspected && !isPipeOrSocket(fd)) rest.push(i);
    else {
      if (i < mostInspected) identities[i] = inspect(fd).identity;
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
  return identities;
}
