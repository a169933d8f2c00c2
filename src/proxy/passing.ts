import type { FdIdentity } from '../decode/frame.ts';
import type { Memory } from '../sys/libc.ts';
import type { LateFd } from './late-fds.ts';
import type { Pieces } from './pieces.ts';

/** A message, or a part of it, as it is recorded: what a direction has just passed on, or what was taken out of it. */
export interface Passing {
  /** 1 front-to-back, 2 back-to-front. */
  readonly direction: 1 | 2;
  readonly memory: Memory;
  /** Bytes in memory. */
  readonly have: number;
  /** Bytes of a streamed message that have been passed on before those in memory. */
  readonly passedBefore: number;
  readonly mode: 'message' | 'stream' | 'raw';
  readonly streamOffset: number;
  readonly receivedNs: number;
  readonly sentNs: number;
  readonly fds: {
    readonly identities: FdIdentity[];
    readonly count: number;
    readonly at: number;
    readonly truncated: boolean;
    takeLate(): LateFd[];
  };
  /** The pieces in which it came. */
  readonly pieces: Pieces;
  /** What was done to it on purpose. */
  readonly alteration?: Alteration;
}

/** What a person or a rule did to a message. */
export interface Alteration {
  /** Nanoseconds for which it was kept back; 0 for not at all. */
  readonly heldNs: number;
  /** The whole message as it was sent on, where that differs; empty where it was not. */
  readonly sentBytes?: Uint8Array;
  /** The descriptors that were sent on, where those differ. */
  readonly sentFds?: FdIdentity[];
  /** It is ours: nobody sent it. */
  readonly injected?: boolean;
  /** Number of the request that a reply of ours answers. */
  readonly answers?: number;
}
