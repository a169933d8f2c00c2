/**
 * What a viewer asks of a trace, and what it is answered. Both cross from one thread to another, so they are plain
 * values. A question says everything the answer depends on: an answer that comes late is recognised and dropped.
 */
import type { Problem } from '../decode/decode.ts';
import type { FdIdentity, Frame } from '../decode/frame.ts';
import type { TreeNode } from '../decode/tree.ts';
import type { Choice } from './selection.ts';

/** A record as a list shows it. */
export interface ListedRow {
  /** Its place in the trace, from 0. */
  readonly row: number;
  readonly n: number;
  readonly kind: Frame['kind'];
  readonly channel: Frame['channel'];
  readonly dir: Frame['dir'];
  readonly pair: string;
  readonly session: number;
  readonly epoch: number;
  readonly wallNs: bigint;
  readonly sinceFirstNs: number;
  /** Nanoseconds since the record before it in the trace; negative where the clock was set back. */
  readonly sincePreviousNs: number;
  /** Name of the message or event. */
  readonly name: string;
  /** Who speaks and what, as `read` prints it in colour. */
  readonly said: string;
  readonly reply: boolean;
  /** On a reply: the row of its request. On a request: that of its reply. */
  readonly partner?: number;
  readonly latencyNs?: number;
  /** On a request with a reply: what that said, without direction and name. */
  readonly answer?: string;
  readonly fds: number;
  /** How many bytes or declarations do not fit. */
  readonly problems: number;
  /** A person or a rule changed, dropped or made it. */
  readonly touched: boolean;
}

/** A descriptor of a message. */
export interface PassedFd {
  readonly identity: FdIdentity;
  /** Every record that carried the same object, in order. */
  readonly passings: readonly { readonly row: number; readonly n: number; readonly name: string }[];
}

/** What the declaration says of a message. */
export interface Declared {
  readonly name: string;
  readonly doc: string;
  /** Section of the specification. */
  readonly section: string;
  readonly since: string;
  readonly private?: string;
  readonly aliases: readonly string[];
}

/** Everything about one record. */
export interface Detail {
  readonly row: ListedRow;
  readonly frame: Frame;
  /** The fields with their byte ranges; empty for what is no message. */
  readonly tree: readonly TreeNode[];
  /** The keys of an event. */
  readonly body: readonly (readonly [key: string, value: string])[];
  readonly declared?: Declared;
  readonly fds: readonly PassedFd[];
  readonly problems: readonly Problem[];
}

/** Where to look for text. */
export interface SearchOrder {
  readonly choice: Choice;
  /** A filter, or else words that occur in the line. */
  readonly text: string;
  /** The row to begin behind or before. */
  readonly from: number;
  readonly direction: 1 | -1;
}

/** What may be asked, and the answer to it. */
export interface Dialogue {
  rows: {
    question: { readonly choice: Choice; readonly from: number; readonly count: number };
    answer: readonly ListedRow[];
  };
  /** The position of a row in a choice, or of the next row in it. */
  place: {
    question: { readonly choice: Choice; readonly row: number };
    answer: { readonly position: number; readonly shown: boolean };
  };
  detail: { question: { readonly row: number }; answer: Detail };
  /** The next row that matches; undefined where there is none. */
  search: { question: SearchOrder; answer: number | undefined };
  /** The row of a record by its number; undefined where there is none. */
  number: { question: { readonly n: number }; answer: number | undefined };
}

export type QuestionKind = keyof Dialogue;
/** One question. */
export type Question<K extends QuestionKind = QuestionKind> = {
  [Kind in K]: { readonly kind: Kind } & Dialogue[Kind]['question'];
}[K];
/** The answer to a kind of question. */
export type Answer<K extends QuestionKind = QuestionKind> = Dialogue[K]['answer'];

/** How far a trace is known, told now and then without being asked. */
export interface Standing {
  /** Rows that are indexed. */
  readonly rows: number;
  /** Rows of the current choice, and how many of all rows were looked at for it. */
  readonly chosen: number;
  readonly examined: number;
  readonly choice: Choice;
  /** Bytes that are indexed, and those there are. */
  readonly indexed: number;
  readonly size: number;
  /** Nothing is being worked on. */
  readonly settled: boolean;
  /** What cannot be read, in words; only told while nothing is being worked on. */
  readonly problems: readonly string[];
}
