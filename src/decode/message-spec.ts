/** What is declared of a message beside its layout: number, descriptors, replies, what it requires and leaves behind. */
import type { FdKind } from './frame.ts';
import type { Cond, Struct } from './schema.ts';

/** How many descriptors accompany a message. */
export type FdCount =
  | readonly ['none']
  | readonly ['exactly', number]
  /** One for each entry of that array. */
  | readonly ['per', string]
  /** One, unless that part of the payload is set. */
  | readonly ['unless', string]
  /** One, if that field of the payload is not zero. */
  | readonly ['if', string]
  /** That many where the condition holds, none otherwise. */
  | readonly ['when', Cond, number]
  | readonly ['up-to', number];

/** The descriptors of a message: how many, of what kind, and what they are for. */
export interface FdRule {
  readonly count: FdCount;
  /** What the kernel should show; nothing where anything goes. */
  readonly kinds?: readonly FdKind[];
  /** What they are for: `kick`, `memory`, `log`, … */
  readonly role?: string;
}

/** One layout among several for the same message. */
export interface Variant {
  readonly when?: Cond;
  readonly payload: Struct;
  readonly doc?: string;
}

/** One shape a reply can have. */
export interface ReplyShape extends Variant {
  readonly fds?: FdRule;
}

/** When a message is answered and how. */
export interface ReplyRule {
  /** `ack`: only if need_reply is set (REPLY_ACK). `always`: by itself. A condition: by itself where it holds. */
  readonly when: 'never' | 'ack' | 'always' | Cond;
  /** Tried in order; the last one is taken where none fits. */
  readonly shapes: readonly ReplyShape[];
}

/** What a record of this message leaves behind for later ones, so that a rotated capture can carry it. */
export type Retain =
  /** The last one counts. */
  | 'last'
  /** The last one for each value of that field. */
  | readonly ['per', string]
  /** It adds to or removes from what is kept, by that field. */
  | readonly ['add', string]
  | readonly ['remove', string, message: string];

/** The declaration of a message. */
export interface MessageSpec {
  readonly name: string;
  readonly id: number;
  /** The layout, or several of which the first that applies is taken, the last otherwise. */
  readonly payload: Struct | readonly Variant[];
  readonly fds?: FdRule;
  readonly reply: ReplyRule;
  /** What must have been negotiated before it may be sent. */
  readonly requires?: Cond;
  /** Where several messages share the number: when this one is meant. */
  readonly meant?: Cond;
  /** First QEMU release, or the peers that speak it, for private messages. */
  readonly since: string;
  /** Other spellings: older names, those of DPDK and the kernel. */
  readonly aliases?: readonly string[];
  /** What it does, in one line. */
  readonly doc: string;
  /** Section of the specification. */
  readonly spec: string;
  /** Fields worth a place in a one-line summary, in order; all of them where absent. */
  readonly telling?: readonly string[];
  readonly retain?: Retain;
  /** Not in the specification: whose it is. */
  readonly private?: string;
}
