/**
 * What a viewer asks of a trace, and what it is answered. Both cross from one thread to another, so they are plain
 * values. A question says everything the answer depends on: an answer that comes late is recognised and dropped.
 */
import type { ChannelEnd } from '../decode/account/account.ts';
import type { Peer } from '../decode/account/peer.ts';
import type { Severity } from '../decode/check/rule.ts';
import type { Comparison } from '../decode/compare/compare.ts';
import type { Problem } from '../decode/decode.ts';
import type { Verdict } from '../decode/diagnose/diagnosis.ts';
import type { FdIdentity, Frame } from '../decode/frame.ts';
import type { Phase } from '../decode/phase.ts';
import type { Difference } from '../decode/session/differences.ts';
import type { IotlbEntry } from '../decode/session/mappings.ts';
import type { Session } from '../decode/session/session.ts';
import type { Side } from '../decode/side.ts';
import type { TreeNode } from '../decode/tree.ts';
import type { ExportOrder } from './saving/export.ts';
import type { Choice } from './selection.ts';
import type { Statistics } from './statistics.ts';
import type { PlacedFinding, Stretch } from './survey.ts';

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
  /** What it is part of; absent where the survey has not come that far. */
  readonly phase?: Phase;
  /** The worst thing that was found here. */
  readonly severity?: Severity;
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

/** A feature mask of a message as both sides see it. */
export interface TellingMask {
  readonly of: 'virtio' | 'protocol';
  /** The field of the message that holds it. */
  readonly field: string;
  /** What the back-end offered; undefined where that is not known. */
  readonly offered: bigint | undefined;
  /** What the front-end acknowledged; undefined where it has not, or not yet. */
  readonly accepted: bigint | undefined;
}

/** Everything about one record. */
export interface Detail {
  readonly row: ListedRow;
  readonly frame: Frame;
  /** The fields with their byte ranges; empty for what is no message. */
  readonly tree: readonly TreeNode[];
  /** Those of what was sent on in its place, where that was something else. */
  readonly sentTree?: readonly TreeNode[];
  /** The keys of an event. */
  readonly body: readonly (readonly [key: string, value: string])[];
  readonly declared?: Declared;
  readonly fds: readonly PassedFd[];
  readonly problems: readonly Problem[];
  /** What was found at this record. */
  readonly findings: readonly PlacedFinding[];
  /** Functions through which QEMU sends it, outermost first. */
  readonly callPath?: readonly string[];
  /** Where it offers or acknowledges features. */
  readonly mask?: TellingMask;
}

/** A session as a plain value: what is kept in pieces there is a list here. */
export type PlainSession = Omit<Session, 'mappings'> & {
  readonly mappings: Omit<Session['mappings'], 'iotlb'> & { readonly iotlb: readonly IotlbEntry[] };
};

/** A connection at a row. */
export interface ConnectionState {
  readonly row: number;
  readonly n: number;
  readonly pair: string;
  readonly session: number;
  readonly epoch: number;
  /** Virtio device id, where known. */
  readonly device: number | undefined;
  /** As the front-end knows it. */
  readonly state: PlainSession;
  /** What the back-end knows otherwise, where vhuscope has stepped in. */
  readonly apart: readonly Difference[];
  /** The state before that row, to tell what changed with it. */
  readonly before: PlainSession | undefined;
  /** Requests that wait for an answer, oldest first. */
  readonly waiting: readonly { readonly n: number; readonly name: string }[];
  readonly ended: boolean;
}

/** A connection as a list of them shows it. */
export interface ListedConnection {
  readonly pair: string;
  readonly session: number;
  readonly epoch: number;
  readonly device: number | undefined;
  readonly deviceReason: string | undefined;
  readonly peers: { readonly [side in Side]: Peer };
  /** Row of its first record, where that is known. */
  readonly first: number | undefined;
  readonly fromNs: bigint;
  readonly toNs: bigint;
  readonly messages: number;
  readonly findings: { readonly [severity in Severity]: number };
  readonly ends: readonly ChannelEnd[];
  readonly verdicts: readonly Verdict[];
}

/** What was found in a trace. */
export interface Found {
  readonly findings: readonly PlacedFinding[];
  readonly verdicts: readonly Verdict[];
  /** Findings behind those, too many to be kept. */
  readonly unlisted: number;
}

/** Two connections next to each other. */
export interface ComparedConnections {
  /** `1.2`: session and epoch, behind the pair where there are several. */
  readonly a: string;
  readonly b: string;
  readonly comparison: Comparison;
}

/** Words that somebody wrote about a record. */
export interface ListedNote {
  /** Row of the note itself. */
  readonly row: number;
  /** Row of what it is about, where that is in the trace. */
  readonly about?: number;
  readonly text: string;
  readonly author?: string;
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

/** Which row to look for. */
export interface NearestOrder {
  readonly what: 'finding' | 'phase';
  readonly from: number;
  readonly direction: 1 | -1;
  /** The next one, or the one behind that, and so on. */
  readonly steps: number;
}

/** What may be asked, and the answer to it. */
export interface Dialogue {
  rows: {
    /** `surveyed`: the survey has come so far; before, phases and findings are not known. */
    question: { readonly choice: Choice; readonly from: number; readonly count: number; readonly surveyed: boolean };
    answer: readonly ListedRow[];
  };
  /** The position of a row in a choice, or of the next row in it. */
  place: {
    question: { readonly choice: Choice; readonly row: number };
    answer: { readonly position: number; readonly shown: boolean };
  };
  detail: { question: { readonly row: number; readonly surveyed: boolean }; answer: Detail };
  /** The connection of a row; undefined where it belongs to none. */
  state: { question: { readonly row: number }; answer: ConnectionState | undefined };
  /** `surveyed`: how many rows the survey had gone through; a question with more is a new one. */
  found: { question: { readonly surveyed: number }; answer: Found };
  connections: { question: { readonly surveyed: number }; answer: readonly ListedConnection[] };
  stretches: { question: { readonly surveyed: number }; answer: readonly Stretch[] };
  statistics: { question: { readonly surveyed: number }; answer: Statistics };
  notes: { question: { readonly surveyed: number }; answer: readonly ListedNote[] };
  /** The row of a finding, or the first of a phase, that comes next in a direction; undefined where there is none. */
  nearest: { question: NearestOrder; answer: number | undefined };
  /** Writes a note into a capture that nobody records into any more, about a row; the number of its record. */
  note: { question: { readonly row: number; readonly text: string }; answer: number };
  /** The next row that matches; undefined where there is none. */
  search: { question: SearchOrder; answer: number | undefined };
  /** The connections of two rows compared; undefined where both are of the same one, or of none. */
  comparison: {
    question: { readonly a: number; readonly b: number; readonly surveyed: number };
    answer: ComparedConnections | undefined;
  };
  /** Writes what is chosen into a new file; the number of records in it. */
  save: { question: { readonly choice: Choice } & ExportOrder; answer: number };
  /** The file of a row and the number of its packet there, as Wireshark counts; `open`: it is to be opened there. */
  packet: {
    question: { readonly row: number; readonly open: boolean };
    answer: { readonly path: string; readonly number: number };
  };
  /** The row of a record by its number; undefined where there is none. `rows`: asked again when there are more. */
  number: { question: { readonly n: number; readonly rows?: number }; answer: number | undefined };
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
  /** Rows the survey has gone through, and what it has found. */
  readonly surveyed: number;
  readonly findings: { readonly [severity in Severity]: number };
  /** Bytes that are indexed, and those there are. */
  readonly indexed: number;
  readonly size: number;
  /** Nothing is being worked on. */
  readonly settled: boolean;
  /** What cannot be read, in words; only told while nothing is being worked on. */
  readonly problems: readonly string[];
}
