/**
 * Small messages without descriptors that lie in a socket one behind the other. They are looked at, sent on, and only
 * then taken: three calls do for all of them, and what cannot be sent stays unread in the socket, where it would be
 * without us. The first that somebody wants to see before it goes on ends the row; it is taken with the others, unsent.
 *
 * They are sent in pieces of whole messages. A stream has no boundaries between messages that nothing comes with: a
 * reader cannot tell one send from several, but it is woken once and not for each.
 */
import { headerSize } from '../decode/header.ts';
import { monotonicNs } from '../sys/clock.ts';
import { littleEndian, Memory } from '../sys/libc.ts';
import { metDescriptors, mostAtOnce, peekBytes, putEach, sendEach, sentOfEach, takeSeen } from '../sys/transfer.ts';
import { copyBytes } from './copy-bytes.ts';
import { judge } from './framing.ts';
import { isArmed } from './hold/verdicts.ts';

/** Bytes that are looked at. A look makes the kernel walk through all that lies in the socket: few would be dear. */
const room = 4096;
/** Messages that are sent at once. */
const mostMessages = 256;
/** A piece of at most so many bytes is taken whole or not at all, however small the target's buffer was made. */
const mostOfPiece = 2048;
/** Rows shorter than this are not worth the next look, while more lies in the socket that was seen already. */
const worthLooking = 8;

/** The messages of one look. One is enough for a thread, since nothing in it outlives a call of `Flow.run`. */
export class Burst {
  readonly #memory = new Memory(room);
  readonly #view = new DataView(this.#memory.bytes.buffer);
  /** Where each message begins, and where the last one ends. */
  readonly #starts = new Uint16Array(mostMessages + 2);
  /** Where each piece begins, and how many there are. */
  readonly #pieces = new Uint16Array(mostAtOnce);
  #pieceCount = 0;
  /** The row that was found ends with a message that is armed for. */
  #endsArmed = false;
  /** Bytes that were sent on. */
  #sent = 0;
  /** Bytes that the last look saw, 0 at the end of the stream, or the negative errno. */
  seen = 0;
  /** Messages that were taken out of the socket. */
  taken = 0;
  /** Bytes of what was seen that had better go message by message, without another look. */
  singly = 0;
  /** When they were seen, and when they had been sent, on the monotonic clock. */
  receivedNs = 0;
  sentNs = 0;

  /** Whether the last look saw all there was. */
  get sawAll(): boolean {
    return this.seen < room;
  }

  /**
   * Sends on what lies in a socket, as far as it is small messages, up to the first that is `armed` for. Nothing is
   * `taken` where there is nothing, the target takes nothing, or what comes next needs a closer look.
   */
  forward(from: number, to: number, channel: number, armed: Uint8Array | undefined): void {
    this.taken = 0;
    this.singly = 0;
    this.#sent = 0;
    this.#endsArmed = false;
    this.seen = peekBytes(from, this.#memory.address, room);
    if (this.seen <= 0) return;
    const row = metDescriptors() ? 0 : this.#split(channel, armed);
    if (row === 0 && !this.#endsArmed) {
      this.singly = this.seen;
      return;
    }
    this.receivedNs = monotonicNs();
    if (row > 0) this.#send(to);
    while (this.taken < row && (this.#starts[this.taken] as number) < this.#sent) this.taken++;
    if (this.#endsArmed && this.#sent === this.#starts[row]) {
      this.taken++;
      if (row < worthLooking) this.singly = this.seen - (this.#starts[this.taken] as number);
    }
    if (this.taken > 0) takeSeen(from, this.#memory.address, this.#starts[this.taken] as number);
  }

  /** Sends the pieces that were put. An error will be met again on the way for single messages, where it is dealt with. */
  #send(to: number): void {
    const pieces = sendEach(to, this.#pieceCount);
    this.sentNs = monotonicNs();
    if (pieces > 0) this.#sent = (this.#pieces[pieces - 1] as number) + sentOfEach(pieces - 1);
  }

  /** Finds the whole messages at the beginning of what was seen, and puts them down to be sent; returns how many. */
  #split(channel: number, armed: Uint8Array | undefined): number {
    this.#pieceCount = 0;
    let at = 0;
    let piece = 0;
    let row = 0;
    for (; row < mostMessages && at + headerSize <= this.seen; row++) {
      this.#starts[row] = at;
      const size = this.#view.getUint32(at + 8, littleEndian);
      const end = at + headerSize + size;
      if (end > this.seen || judge(channel, this.#view.getUint32(at + 4, littleEndian), size) !== 'gather') break;
      if (armed !== undefined && isArmed(armed, this.#view.getUint32(at, littleEndian))) {
        this.#starts[row + 1] = end;
        this.#endsArmed = true;
        break;
      }
      if (end - piece > mostOfPiece && at > piece) {
        this.#put(piece, at);
        piece = at;
      }
      at = end;
    }
    this.#starts[row] = at;
    if (at > piece) this.#put(piece, at);
    return row;
  }

  /** Puts bytes down as the next piece. */
  #put(start: number, end: number): void {
    putEach(this.#pieceCount, this.#memory.address + start, end - start);
    this.#pieces[this.#pieceCount++] = start;
  }

  /** Copies the i-th message to the beginning of `target`; returns its length. */
  copy(i: number, target: Memory): number {
    const start = this.#starts[i] as number;
    const length = (this.#starts[i + 1] as number) - start;
    copyBytes(this.#memory.bytes, start, length, target.bytes, 0);
    return length;
  }

  /** How many bytes of the i-th message were sent. */
  sent(i: number): number {
    const start = this.#starts[i] as number;
    return Math.max(0, Math.min(this.#sent, this.#starts[i + 1] as number) - start);
  }
}
