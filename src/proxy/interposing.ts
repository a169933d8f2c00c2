/** Putting ourselves into the sockets that are passed over the main connection. */
import type { Channel } from '../decode/frame.ts';
import { inspect } from '../sys/descriptor.ts';
import { close } from '../sys/libc.ts';
import { copySocketSettings, socketNature, socketPair } from '../sys/socket.ts';
import type { Substitution } from './passed-fds.ts';

const setBackendReqFd = 21;
const gpuSetSocket = 33;

/** The channel that a front-end's request with this number opens by passing a socket. */
export function channelOpenedBy(id: number): Channel | undefined {
  if (id === setBackendReqFd) return 'backend-req';
  return id === gpuSetSocket ? 'gpu' : undefined;
}

/** What is sent instead of a socket, and our end of it; or why that is not possible. */
export type Interposition = (Substitution & { ours: number }) | { why: string };

/**
 * Makes a pair of sockets to stand in for one end of a channel. The original stays ours as the end towards the
 * front-end. Where it cannot be done the original is passed on, so that the session does not fail for it.
 */
export function interposed(original: number): Interposition {
  if (socketNature(original) !== 'connection') return { why: 'not a connected UNIX stream socket' };
  let pair: [number, number];
  try {
    pair = socketPair();
  } catch (error) {
    return { why: (error as Error).message };
  }
  const [ours, substitute] = pair;
  copySocketSettings(original, substitute);
  return {
    ours,
    substitute,
    identity: inspect(original).identity,
    commit: () => void close(substitute),
    abandon: () => {
      close(substitute);
      close(ours);
      close(original);
    },
  };
}
