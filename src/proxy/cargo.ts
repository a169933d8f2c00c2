/**
 * What a direction has in hand: a message, a part of a long one, or bytes that are no message, with the descriptors that
 * came with it. One object serves a direction for good, since making one for each message would cost more than passing
 * it on.
 */
import { headerSize } from '../decode/header.ts';
import { Memory } from '../sys/libc.ts';
import { send } from '../sys/transfer.ts';
import { PassedFds } from './passed-fds.ts';
import type { Passing } from './passing.ts';
import { Pieces } from './pieces.ts';

/** Bytes of a long message that are passed on in one piece, and those that are read at once where there are no messages. */
const chunk = 192 * 1024;
const rawChunk = 65_536;
const smallest = 4096;

/** What a direction has in hand. */
export class Cargo implements Passing {
  readonly direction: 1 | 2;
  mode: 'message' | 'stream' | 'raw' = 'message';
  memory = new Memory(smallest);
  /** Bytes in memory, bytes wanted before they are sent, bytes sent of them. */
  have = 0;
  want = headerSize;
  sent = 0;
  /** Payload bytes of a streamed message that have not been read. */
  rest = 0;
  passedBefore = 0;
  streamOffset = 0;
  receivedNs = 0;
  sentNs = 0;
  fds: PassedFds;
  pieces = new Pieces();
  readonly #closeSlowly: (fd: number) => void;

  constructor(direction: 1 | 2, closeSlowly: (fd: number) => void) {
    this.direction = direction;
    this.#closeSlowly = closeSlowly;
    this.fds = new PassedFds(closeSlowly);
  }

  /** Nothing of a message is there, or still to come. */
  get isEmpty(): boolean {
    return this.have === 0 && this.rest === 0;
  }

  /** Number, flags and payload bytes of the message; only where its header is there. */
  get id(): number {
    return this.memory.u32[0] as number;
  }

  get flags(): number {
    return this.memory.u32[1] as number;
  }

  get size(): number {
    return this.memory.u32[2] as number;
  }

  /** Wants so many bytes before they are sent. */
  extend(want: number): void {
    this.want = want;
    this.memory = this.memory.grown(want, this.have);
  }

  /** The header belongs to a message of so many payload bytes that goes on as it comes. */
  stream(size: number): void {
    this.mode = 'stream';
    this.rest = size;
    this.memory = this.memory.grown(chunk, this.have);
    this.want = Math.min(chunk, headerSize + size);
  }

  /** What is there and what comes is not known to be messages. */
  turnRaw(): void {
    this.mode = 'raw';
    this.rest = 0;
    this.extend(rawChunk);
  }

  /** Sends what has not been sent, descriptors with the byte they belong to. 0, or the negative errno of a send that failed. */
  sendTo(fd: number, preserveSegments: boolean): number {
    while (this.sent < this.have) {
      const due = this.fds.due(this.sent);
      let until = Math.min(this.fds.nextAfter(this.sent), this.have);
      if (preserveSegments) until = Math.min(this.pieces.nextAfter(this.sent), until);
      const result = send(fd, this.memory.address + this.sent, until - this.sent, due);
      if (result < 0) return result;
      this.sent += result;
      if (due.length > 0) this.fds.sent();
    }
    return 0;
  }

  /** Makes ready for the next message, or for the next part of this one unless it was `dropped`. */
  next(dropped: boolean): void {
    if (this.mode === 'stream' && this.rest > 0 && !dropped) {
      this.passedBefore += this.have;
      this.want = Math.min(chunk, this.rest);
    } else {
      if (this.mode === 'stream') this.mode = 'message';
      this.passedBefore = 0;
      this.want = this.mode === 'raw' ? rawChunk : headerSize;
    }
    this.have = 0;
    this.sent = 0;
    this.sentNs = 0;
    this.fds.reset();
    this.pieces.reset();
  }

  /** Hands the message that has just been gathered over, with its descriptors, as if it had been sent. */
  handOver(): { memory: Memory; have: number; fds: PassedFds; pieces: Pieces } {
    const { memory, have, fds, pieces } = this;
    this.memory = new Memory(smallest);
    this.fds = new PassedFds(this.#closeSlowly);
    this.have = 0;
    this.want = headerSize;
    this.pieces = new Pieces();
    return { memory, have, fds, pieces };
  }
}
