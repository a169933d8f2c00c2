/** What each peer knows of a record: its author what it said, the other side what reached it. Pure. */
import type { Frame } from '../frame.ts';
import { type Side, sideOf } from '../side.ts';

/** Whether what one side said is not what reached the other: it was changed, kept back, not delivered, or made by vhuscope. */
export function isAltered({ sentBytes, injected }: Frame): boolean {
  return sentBytes !== undefined || injected === true;
}

/** A record as a peer knows it; undefined where it knows nothing of it. */
export function knownTo(side: Side, frame: Frame): Frame | undefined {
  const { sentBytes, sentLength, sentFds } = frame;
  if (sideOf(frame.dir) === side) return frame.injected ? undefined : frame;
  if (sentBytes === undefined) return frame;
  if (sentBytes.length === 0) return undefined;
  const arrived = { ...frame, bytes: sentBytes, wireLength: sentLength ?? sentBytes.length };
  if (sentFds === undefined) return arrived;
  const { fdCount: _, ...rest } = arrived;
  return { ...rest, fds: sentFds };
}
