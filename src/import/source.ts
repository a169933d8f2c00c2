/** What a reader of some format is given: where connections go, and whom to tell what it cannot understand. */
import type { Conversation, Scribe } from './scribe.ts';

/** A format that can be read. */
export interface Format {
  readonly name: string;
  /** What it is, for people. */
  readonly title: string;
  /** What it can never tell, as names of what records hold. */
  readonly lacks: readonly string[];
  /** Whether a line looks like one of this format. */
  recognizes(line: string): boolean;
  /** Reads all lines. Never throws for what a line holds. */
  read(lines: Iterable<string>, source: Source): void;
}

/** Something in a text that could not be understood. */
export interface Complaint {
  /** Number of the line, from 1. */
  line: number;
  message: string;
}

/** More complaints than this are only counted. */
const mostComplaints = 20;

/** The text that is read, towards its reader. */
export class Source {
  readonly scribe: Scribe;
  /** Only the connection on this socket. */
  readonly socket: string | undefined;
  readonly complaints: Complaint[] = [];
  /** Complaints that are not listed. */
  unlisted = 0;
  readonly notes = new Set<string>();
  readonly #nameOf: (socket: string | undefined) => string;

  /** @param nameOf the name of the pair behind a socket */
  constructor(scribe: Scribe, nameOf: (socket: string | undefined) => string, socket?: string) {
    this.scribe = scribe;
    this.#nameOf = nameOf;
    this.socket = socket;
  }

  /** A connection has begun, on a socket that the text may name. */
  connect(path: string | undefined, numbers?: { session: number; epoch: number }): Conversation {
    return this.scribe.connect(this.#nameOf(path), numbers);
  }

  /** A line cannot be understood. */
  complain(line: number, message: string): void {
    if (this.complaints.length < mostComplaints) this.complaints.push({ line, message });
    else this.unlisted++;
  }

  /** Something is missing as a whole; told once. */
  note(text: string): void {
    this.notes.add(text);
  }
}
