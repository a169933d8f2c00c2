import type { EndKind } from './ending.ts';
import type { Flow } from './flow.ts';
import type { RawReason } from './framing.ts';
import type { Substitution } from './passed-fds.ts';

/** What a direction needs from the channel it belongs to. */
export interface FlowOwner {
  readonly channelNumber: number;
  /** Keep the pieces a message arrived in. */
  readonly preserveSegments: boolean;
  /** The first byte of this connection has arrived. */
  spoke(): void;
  /** Whether descriptors of a message with that number, or one not known yet, may be exchanged. */
  mayExchange(id: number | undefined): boolean;
  /** A message that is armed for is complete. Whether somebody has taken it over, to send it or not. */
  diverted(flow: Flow): boolean;
  /** A message is complete and will now be sent; its only descriptor may be exchanged. */
  substitution(flow: Flow, fd: number): Substitution | undefined;
  /** A message, or a part of it, has been sent on (or, with `dropped`, could not be). */
  passed(flow: Flow, dropped: boolean): void;
  /** The direction forwards without knowing messages from now on. */
  turnedRaw(flow: Flow, reason: RawReason): void;
  /** The source has ended, and everything it sent has been passed on. */
  sourceEnded(flow: Flow, how: EndKind): void;
  /** The target takes nothing more. */
  targetBroke(flow: Flow, how: 'epipe' | 'reset'): void;
  closeSlowly(fd: number): void;
}
