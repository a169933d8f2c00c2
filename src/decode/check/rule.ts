/**
 * What a conformance rule is. A rule is one entry: its data can be printed, and its function looks at one message with
 * the session before and after it, or at the end of a connection. It says what is wrong with this message, or nothing.
 *
 * Rules name the culprit: the author of the bytes, unless they say otherwise. Ids are never reused.
 */
import type { Peers } from '../dialects/peers.ts';
import type { Frame } from '../frame.ts';
import type { Kind } from '../kind.ts';
import type { Asked } from '../session/connection.ts';
import type { Change, Session } from '../session/session.ts';
import type { Side } from '../side.ts';

/** `error` violates a must or breaks peers, `warning` a should or some peers, `note` is legal but notable. */
export type Severity = 'error' | 'warning' | 'note';

/** Where a rule comes from: the text, what implementations were seen to do, or a conclusion from their sources. */
export type Confidence = 'spec' | 'observed' | 'inferred';

/** A message in its session. */
export interface Step extends Change {
  /** Who the peers are, as far as this message tells. */
  readonly peers: Peers;
  /** The last state of the connection before this one, after a reconnect. */
  readonly previous: Session | undefined;
  /** On a reply: the request it answers, where one was waiting. */
  readonly request: Asked | undefined;
  /** On a reply: vhuscope held its direction back after it had passed the request on; when it was given is not known. */
  readonly heldBack: boolean;
  /** The connection is recorded from its first byte: what was not seen was not sent. */
  readonly fromStart: boolean;
  /** Requests of this channel that wait for an answer, oldest first, before this message. */
  readonly waiting: readonly Asked[];
}

/** The end of a connection. */
export interface End {
  readonly frame: Frame;
  /** The connection is recorded from its first byte. */
  readonly fromStart: boolean;
  readonly session: Session;
  /** Requests that were never answered, on any channel. */
  readonly waiting: readonly Asked[];
  /** Who ended it: a side, `proxy` or `unknown`. */
  readonly first: string;
}

/** Bytes that could not be taken for a message. */
export interface RawStep {
  readonly frame: Frame;
  /** The first of its channel and direction: it begins where a message should. */
  readonly first: boolean;
}

/** What a rule found; a bare text takes the rule's own severity and the author of the message. */
export type Found =
  | string
  | {
      readonly message: string;
      readonly severity?: Severity;
      readonly side?: Side;
      /** Other records that show it. */
      readonly records?: readonly number[];
    };

interface About {
  /** `AREA-nn`, stable. */
  readonly id: string;
  /** The same for people, as in `vring-kick-before-num`. */
  readonly name: string;
  readonly severity: Severity;
  /** Exactly when it fires. */
  readonly condition: string;
  /** Section of the specification. */
  readonly spec: string;
  /** What to change. */
  readonly remedy: string;
  /** Rules that stay silent on a record where this one fires. */
  readonly supersedes?: readonly string[];
  /** Implementations known to do it. */
  readonly offenders?: string;
  readonly confidence: Confidence;
}

/** A rule about messages. */
export interface MessageRule extends About {
  /** Names of messages, or all requests, all replies, all messages. */
  readonly on: readonly string[] | 'requests' | 'replies' | 'messages';
  /** Of those, the kinds it can fire on; asked once for each kind, so that a rule costs nothing where it has no say. */
  readonly only?: (kind: Kind) => boolean;
  readonly check: (step: Step) => Found | readonly Found[] | undefined;
}

/** A rule about the end of a connection. */
export interface EndRule extends About {
  readonly atEnd: (end: End) => Found | readonly Found[] | undefined;
}

/** A rule about bytes that are no message. */
export interface RawRule extends About {
  readonly checkRaw: (step: RawStep) => Found | readonly Found[] | undefined;
}

/** Any rule. */
export type Rule = MessageRule | EndRule | RawRule;

/** A rule that fired. */
export interface Finding {
  readonly rule: string;
  readonly name: string;
  readonly severity: Severity;
  readonly message: string;
  /** Who is at fault. */
  readonly side: Side | undefined;
  /** The record where it became true first, then others that show it. */
  readonly records: readonly number[];
  readonly pair: string;
  readonly session: number;
  readonly epoch: number;
  readonly spec: string;
  readonly remedy: string;
}
