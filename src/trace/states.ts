/**
 * The state of a trace at any of its rows: every connection with its session and the requests that wait. A mark is kept
 * every few thousand rows, and what lies between is folded again when somebody asks, so that any place of ten million
 * records is shown in milliseconds and the memory stays bounded.
 */
import type { Frame } from '../decode/frame.ts';
import { decodeFrame, type Message } from '../decode/message.ts';
import type { Connection } from '../decode/session/connection.ts';
import { Connections } from '../decode/session/connections.ts';
import type { Trace } from './trace.ts';

/** How marks are kept. */
export interface Marking {
  /** Rows between two marks at first. */
  readonly distance?: number;
  /** Marks there may be: when there are more, every second one goes and the distance doubles. */
  readonly most?: number;
}

/** What is known after a row. */
export interface Moment {
  readonly row: number;
  /** The connection of that row; absent where it belongs to none, or before its first message. */
  readonly connection: Connection | undefined;
  /** All that are open, and of each session the last one where it has ended. Immutable, shared between moments. */
  readonly connections: readonly Connection[];
}

/** Is shown every row as it is folded, with its message and connection where it has one. */
export type Seen = (row: number, frame: Frame, message: Message | undefined, change: Folded | undefined) => void;

/** A connection before and after a message. */
export interface Folded {
  readonly before: Connection;
  readonly after: Connection;
}

/** The connections before a row. */
interface Mark {
  readonly row: number;
  readonly connections: readonly Connection[];
}

/** The states of a trace. Rows are folded in slices by `advance()`; what was folded can be asked for. */
export class States {
  readonly #trace: Trace;
  readonly #most: number;
  #marks: Mark[] = [];
  #distance: number;
  #front = new Connections();
  #length = 0;
  /** Where the last question led: the next one is often about the row behind it. */
  #asked: { row: number; connections: Connections } | undefined;

  constructor(trace: Trace, { distance = 4096, most = 2048 }: Marking = {}) {
    this.#trace = trace;
    this.#distance = distance;
    this.#most = most;
  }

  /** Rows that are folded so far. */
  get length(): number {
    return this.#length;
  }

  /**
   * Folds on, for at most so many rows (4000 take about 5 ms).
   *
   * @param seen is shown each of them, so that whoever wants to look at every message need not decode it again
   * @returns false once all rows that are indexed are folded
   */
  advance(rows = 4000, seen?: Seen): boolean {
    const end = Math.min(this.#length + rows, this.#trace.length);
    for (; this.#length < end; this.#length++) {
      this.#mark();
      take(this.#front, this.#trace.frame(this.#length), this.#length, seen);
    }
    return this.#length < this.#trace.length;
  }

  /** What is known after a row, from 0; `undefined` where that row is not folded yet. */
  at(row: number): Moment | undefined {
    if (row < 0 || row >= this.#length) return undefined;
    const connections = this.#before(row);
    const frame = this.#trace.frame(row);
    take(connections, frame);
    this.#asked = { row: row + 1, connections };
    return { row, connection: connections.of(frame), connections: connections.all() };
  }

  /** The connections before a row: from the nearest place where they are known. */
  #before(row: number): Connections {
    const mark = this.#marks[Math.floor(row / this.#distance)] as Mark;
    const asked = this.#asked;
    const near = asked !== undefined && asked.row <= row && asked.row >= mark.row;
    const connections = near ? asked.connections : new Connections(mark.connections);
    for (let at = near ? asked.row : mark.row; at < row; at++) take(connections, this.#trace.frame(at));
    return connections;
  }

  #mark(): void {
    if (this.#length % this.#distance !== 0) return;
    if (this.#marks.length === this.#most) {
      this.#marks = this.#marks.filter((_, i) => i % 2 === 0);
      this.#distance *= 2;
    }
    if (this.#length % this.#distance === 0) this.#marks.push({ row: this.#length, connections: this.#front.all() });
  }
}

/** Folds one record. */
function take(connections: Connections, frame: Frame, row = 0, seen?: Seen): void {
  const message = frame.kind === 'message' ? decodeFrame(frame) : undefined;
  const folded = message && connections.message(frame, message);
  if (frame.kind === 'event') connections.event(frame);
  else if (frame.kind === 'raw') connections.raw(frame);
  seen?.(row, frame, message, folded);
}
