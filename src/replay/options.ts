import type { Frame } from '../decode/frame.ts';
import type { Outcome } from './outcome.ts';
import type { Step } from './recording.ts';
import type { States } from './state-pipes.ts';

/** How to play. */
export interface PlayOptions {
  /** Send the recorded bytes alone. */
  strict?: boolean;
  /** How long to wait for what the recording waited for, ms. */
  patience: number;
  /** How long one round of listening lasts at most, ms; 0 where two players share a thread. */
  idleMs?: number;
  /** Times the recorded pace; as fast as possible where absent. */
  speed?: number | undefined;
  /** Resolves when the next message may be said. */
  beforeSaying?: ((step: Step) => Promise<void>) | undefined;
  /** Is told each outcome as it comes. */
  tell?: (outcome: Outcome) => void;
  /** Is told each message that was said or heard, with its descriptors described. */
  keep?: ((frame: Frame) => void) | undefined;
  /** What is handed over as a device's state in a migration; where absent, nothing, and what comes is thrown away. */
  states?: States | undefined;
  /** Ends the replay. */
  signal?: AbortSignal;
}
