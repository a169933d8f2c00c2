/**
 * Joins a message that stands in several records: a first one and its continuations, with the same capture id and
 * `n`. Records of other messages may stand between. Frames come out in the order of their first records.
 *
 * A message that lacks bytes waits for its continuations until the next message of the same stream (a connection's
 * channel and direction), which cannot begin before it has ended, or until too much waits behind it.
 */
import type { Frame } from '../decode/frame.ts';
import type { Piece } from './section.ts';

/** Frames that may wait behind an unfinished message, and bytes of them all: the largest GPU message has 132 MB. */
const maxWaiting = 4096;
const maxWaitingBytes = 192 * 1024 * 1024;

interface Waiting {
  frame: Piece;
  /** Set while continuations may still come. */
  parts?: Uint8Array[];
  /** Message bytes held so far. */
  length: number;
}

/** Takes records, gives frames. */
export class Joiner {
  readonly #queue: Waiting[] = [];
  #waitingBytes = 0;

  /** Takes a record and gives the frames that are complete by it. The result is used up before the next call. */
  push(piece: Piece): readonly Frame[] {
    if (this.#queue.length === 0 && !mayContinue(piece)) return [alone(piece)];
    if (piece.fragmentOffset === undefined) this.#begin(piece);
    else this.#continue(piece);
    if (this.#queue.length > maxWaiting || this.#waitingBytes > maxWaitingBytes) this.#close(this.#queue[0] as Waiting);
    return this.#ready();
  }

  /** Nothing further will come (for now): gives everything, as far as it is there. */
  flush(): readonly Frame[] {
    for (const waiting of this.#queue) this.#close(waiting);
    return this.#ready();
  }

  /** True while frames wait for a message's continuation. */
  get isWaiting(): boolean {
    return this.#queue.length > 0;
  }

  #begin(piece: Piece): void {
    for (const waiting of this.#queue) if (waiting.parts && sameStream(waiting.frame, piece)) this.#close(waiting);
    this.#waitingBytes += piece.bytes.length;
    const waiting: Waiting = { frame: piece, length: piece.bytes.length };
    if (mayContinue(piece)) waiting.parts = [piece.bytes];
    this.#queue.push(waiting);
  }

  #continue(piece: Piece): void {
    const waiting = this.#queue.find(({ frame, parts }) => parts && continues(piece, frame));
    if (waiting?.parts && piece.fragmentOffset === waiting.length) {
      waiting.parts.push(piece.bytes);
      waiting.length += piece.bytes.length;
      if (piece.sentNs > waiting.frame.sentNs) waiting.frame.sentNs = piece.sentNs;
      this.#waitingBytes += piece.bytes.length;
      if (piece.snapped || waiting.length >= waiting.frame.wireLength) this.#close(waiting);
    } else {
      this.#queue.push({ frame: alone(piece), length: piece.bytes.length });
      this.#waitingBytes += piece.bytes.length;
    }
  }

  /** The message has all it will get. */
  #close(waiting: Waiting): void {
    if (waiting.parts && waiting.parts.length > 1) waiting.frame.bytes = concatenated(waiting.parts, waiting.length);
    delete waiting.parts;
  }

  #ready(): Frame[] {
    let count = 0;
    while (count < this.#queue.length && this.#queue[count]?.parts === undefined) count++;
    return this.#queue.splice(0, count).map(({ frame, length }) => {
      this.#waitingBytes -= length;
      return frame;
    });
  }
}

/** Whether records that continue this one may follow. */
function mayContinue(piece: Piece): boolean {
  return piece.fragmentOffset === undefined && !piece.snapped && piece.bytes.length < piece.wireLength;
}

/** Whether a record continues the message that another one begins. */
export function continues(piece: Piece, first: Piece): boolean {
  return piece.n === first.n && piece.captureId === first.captureId && piece.fragmentOffset !== undefined;
}

/** Whether two records belong to one connection's channel and direction. */
export function sameStream(a: Piece, b: Piece): boolean {
  return (
    a.dir === b.dir &&
    a.channel === b.channel &&
    a.session === b.session &&
    a.epoch === b.epoch &&
    a.pair === b.pair &&
    a.captureId === b.captureId &&
    a.dir !== undefined
  );
}

/** A record that stands for itself; a continuation whose beginning is missing is no message but raw bytes. */
export function alone(piece: Piece): Piece {
  if (piece.fragmentOffset === undefined) return piece;
  piece.kind = 'raw';
  piece.damage ??= `the beginning of this message is not here: these bytes stand at its offset ${piece.fragmentOffset}`;
  return piece;
}

/** The parts of a message in one piece of memory. */
export function concatenated(parts: readonly Uint8Array[], length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
