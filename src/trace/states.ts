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

/** Who folds the rows, one after the other: whoever looks at every message anyway, so that it is done once. */
export interface Folding {
  readonly connections: Connections;
  /** Takes the next row, with its message where it has one. */
  take(frame: Frame, message: Message | undefined, row: number): void;
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
  readonly #front: Folding;
  #length = 0;
  /** Where the last question led: the next one is often about the row behind it. */
  #asked: { row: number; connections: Connections } | undefined;

  /** @param front folds the rows in the place of the states themselves */
  constructor(trace: Trace, { distance = 4096, most = 2048 }: Marking = {}, front: Folding = plainly()) {
    this.#trace = trace;
    this.#front = front;
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
   * @returns false once all rows that are indexed are folded
   */
  advance(rows = 4000): boolean {
    const end = Math.min(this.#length + rows, this.#trace.length);
    for (; this.#length < end; this.#length++) {
      this.#mark();
      const frame = this.#trace.frame(this.#length);
      this.#front.take(frame, messageOf(frame), this.#length);
    }
    return this.#length < this.#trace.length;
  }

  /** What is known after a row, from 0; `undefined` where that row is not folded yet. */
  at(row: number): Moment | undefined {
    if (row < 0 || row >= this.#length) return undefined;
    const connections = this.#before(row);
    const frame = this.#trace.frame(row);
    fold(connections, frame, messageOf(frame));
    this.#asked = { row: row + 1, connections };
    return { row, connection: connections.of(frame), connections: connections.all() };
  }

  /** The connections before a row: from the nearest place where they are known. */
  #before(row: number): Connections {
    const mark = this.#marks[Math.floor(row / this.#distance)] as Mark;
    const asked = this.#asked;
    const near = asked !== undefined && asked.row <= row && asked.row >= mark.row;
    const connections = near ? asked.connections : new Connections(mark.connections);
    for (let at = near ? asked.row : mark.row; at < row; at++) {
      const frame = this.#trace.frame(at);
      fold(connections, frame, messageOf(frame));
    }
    return connections;
  }

  #mark(): void {
    if (this.#length % this.#distance !== 0) return;
    if (this.#marks.length === this.#most) {
      this.#marks = this.#marks.filter((_, i) => i % 2 === 0);
      this.#distance *= 2;
    }
    if (this.#length % this.#distance === 0)
      this.#marks.push({ row: this.#length, connections: this.#front.connections.all().map(lasting) });
  }
}

/** A connection to be kept: requests that wait no longer hold the large pieces of the file that they were read with. */
function lasting(connection: Connection): Connection {
  const { backEnd, waiting } = connection;
  const kept = { ...connection, waiting: ownBytes(waiting) };
  return backEnd ? { ...kept, backEnd: { ...backEnd, waiting: ownBytes(backEnd.waiting) } } : kept;
}

function ownBytes(waiting: Connection['waiting']): Connection['waiting'] {
  const own = (all: Connection['waiting']['main']) =>
    all.map(({ frame, ...asked }) => ({ ...asked, frame: { ...frame, bytes: frame.bytes.slice() } }));
  return { main: own(waiting.main), 'backend-req': own(waiting['backend-req']), gpu: own(waiting.gpu) };
}

function messageOf(frame: Frame): Message | undefined {
  return frame.kind === 'message' ? decodeFrame(frame) : undefined;
}

/** Folds one record. */
function fold(connections: Connections, frame: Frame, message: Message | undefined): void {
  if (message) connections.message(frame, message);
  else if (frame.kind === 'event') connections.event(frame);
  else if (frame.kind === 'raw') connections.raw(frame);
}

function plainly(): Folding {
  const connections = new Connections();
  return { connections, take: (frame, message) => fold(connections, frame, message) };
}
