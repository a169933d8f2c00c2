/**
 * What a person wants to hear when a session went wrong: what happened, who did it, what that usually means, what to
 * change, how sure that is, and what would confirm it. Rules judge single messages; a diagnosis judges the story of a
 * connection, from its first message to its end.
 */
import type { Finding } from '../check/rule.ts';
import type { Peers } from '../dialects/peers.ts';
import type { Frame } from '../frame.ts';
import type { Message } from '../message.ts';
import type { Asked } from '../session/connection.ts';
import type { Session } from '../session/session.ts';
import type { Side } from '../side.ts';

/** How a channel ended, as the recording tells it. */
export interface Ending {
  readonly frame: Frame;
  readonly how: string;
  /** Who went first. */
  readonly first: Side | 'proxy' | 'unknown';
}

/** A peer's process after the end. */
export interface Exit {
  readonly side: Side;
  readonly state: string;
  readonly afterMs: number;
}

/** Something that vhuscope did on request: to a message, or in a peer's place. */
export interface Intervention {
  /** The event that tells of it, and the message. */
  readonly n: number;
  readonly of: number;
  /** `edited`, `dropped`, `injected`. */
  readonly how: string;
  /** The rule or the person. */
  readonly by: string;
}

/** The story of one connection, as the front-end knows it. */
export interface Story {
  readonly pair: string;
  readonly session: number;
  readonly epoch: number;
  /** Its state at the end. */
  readonly state: Session;
  /** The last state of the connection before it, after a reconnect. */
  readonly previous: Session | undefined;
  /** Requests that reached the side they ask and were never answered, oldest first. */
  readonly waiting: readonly Asked[];
  /** The front-end still waits for an answer: none has come, or none has reached it. */
  readonly frontEndWaits: boolean;
  /** The last message in each direction of the main channel that reached the other side. */
  readonly lastRequest: { readonly frame: Frame; readonly message: Message } | undefined;
  readonly lastReply: { readonly frame: Frame; readonly message: Message } | undefined;
  /** The answer that took longest. */
  readonly slowest: { readonly ns: bigint; readonly n: number; readonly name: string } | undefined;
  readonly ending: Ending | undefined;
  readonly exits: readonly Exit[];
  /** What vhuscope did itself, the first few. */
  readonly interventions: readonly Intervention[];
  readonly findings: readonly Finding[];
  /** Nanoseconds (wall clock) between the first record and the last one. */
  readonly durationNs: bigint;
  /** Time of the last record of the recording, where the connection is still open. */
  readonly lastNs: bigint;
  readonly device: number | undefined;
  /** Record that tells that the back-end was not there, where the pair has no connection at all. */
  readonly absentAt?: number;
  /** Who the peers are, as far as that is known. */
  readonly peers: Peers;
}

/** How sure a diagnosis is. */
export type Certainty = 'certain' | 'likely' | 'possible';

/** What a diagnosis says about a story. */
export interface Told {
  /** One sentence: what happened on the wire, and who did it. */
  readonly what: string;
  readonly side?: Side;
  readonly certainty: Certainty;
  readonly records: readonly number[];
}

/** A diagnosis: an entry with its own test of a story. */
export interface Diagnosis {
  /** Stable, never reused. */
  readonly id: string;
  readonly title: string;
  /** What it usually means. */
  readonly meaning: string;
  /** What to change. */
  readonly remedy: string;
  /** What would confirm it. */
  readonly confirm: string;
  /** Diagnoses that are silent where this one speaks, since it explains them. */
  readonly explains?: readonly string[];
  readonly tell: (story: Story) => Told | undefined;
}

/** A diagnosis that applies. */
export interface Verdict extends Told {
  readonly id: string;
  readonly title: string;
  readonly meaning: string;
  readonly remedy: string;
  readonly confirm: string;
  readonly pair: string;
  readonly session: number;
  readonly epoch: number;
}
