/**
 * Small messages without descriptors that lie in a socket one behind the other. They are looked at, sent on each in a
 * piece of its own, and only then taken: two reads do for all of them, and what cannot be sent stays unread in the
 * socket, where it would be without us. The first that somebody wants to see before it goes on ends the row; it is taken
 * with the others, unsent.
 */
import { headerSize } from '../decode/header.ts';
import { monotonicNs } from '../sys/clock.ts';
import { littleEndian, Memory } from '../sys/libc.ts';
import { metDescriptors, mostAtOnce, peekBytes, putEach, sendEach, sentOfEach, takeSeen } from '../sys/transfer.ts';
import { copyBytes } from './copy-bytes.ts';
import { judge } from './framing.ts';
import { isArmed } from './hold/verdicts.ts';

/** Bytes that are looked at. */
const room = 4096;
/** Messages that are sent at once. A look makes the kernel walk through all that lies in the socket: few would be dear. */
const mostMessages = mostAtOnce;

/** Rows shorter than this are not worth the next look, while more lies in the socket that was seen already. */
const worthLooking = 8;

/** The messages of one look. One is enough for a thread, since nothing in it outlives a call of `Flow.run`. */
export class Burst {
  readonly #memory = new Memory(room);
  readonly #view = new DataView(this.#memory.bytes.buffer);
  /** Where each message begins, and where the last one ends. */
  readonly #starts = new Uint16Array(mostMessages + 2);
  /** Bytes that the last look saw, 0 at the end of the stream, or the negative errno. */
  seen = 0;
  /** Messages that were taken out of the socket. */
  taken = 0;
  /** Messages that were sent on, the last of them perhaps in part. The one behind them, if it was taken, is armed for. */
  #sent = 0;
  /** The row that was found ends with a message that is armed for. */
  #endsArmed = false;
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
    this.#sent = 0;
    this.singly = 0;
    this.#endsArmed = false;
    this.seen = peekBytes(from, this.#memory.address, room);
    if (this.seen <= 0) return;
    const row = metDescriptors() ? 0 : this.#split(channel, armed);
    if (row === 0 && !this.#endsArmed) {
      this.singly = this.seen;
      return;
    }
    this.receivedNs = monotonicNs();
    if (row > 0 && !this.#send(to, row)) return;
    this.taken = this.#sent;
    if (this.#endsArmed && this.#sentWhole(row)) this.taken++;
    takeSeen(from, this.#memory.address, this.#starts[this.taken] as number);
    if (this.taken > this.#sent && row < worthLooking) this.singly = this.seen - (this.#starts[this.taken] as number);
  }

  /** Sends the first `row` messages; false where none is taken. An error will be met again for a single message. */
  #send(to: number, row: number): boolean {
    this.#sent = Math.max(0, sendEach(to, row));
    this.sentNs = monotonicNs();
    return this.#sent > 0;
  }

  #sentWhole(row: number): boolean {
    return this.#sent === row && (row === 0 || this.sent(row - 1) === this.#length(row - 1));
  }

  /** Finds the whole messages at the beginning of what was seen, and puts them down to be sent; returns how many. */
  #split(channel: number, armed: Uint8Array | undefined): number {
    let at = 0;
    for (let i = 0; ; i++) {
      this.#starts[i] = at;
      if (i === mostMessages || at + headerSize > this.seen) return i;
      const size = this.#view.getUint32(at + 8, littleEndian);
      const end = at + headerSize + size;
      if (end > this.seen || judge(channel, this.#view.getUint32(at + 4, littleEndian), size) !== 'gather') return i;
      if (armed !== undefined && isArmed(armed, this.#view.getUint32(at, littleEndian))) {
        this.#starts[i + 1] = end;
        this.#endsArmed = true;
        return i;
      }
      putEach(i, this.#memory.address + at, end - at);
      at = end;
    }
  }

  #length(i: number): number {
    return (this.#starts[i + 1] as number) - (this.#starts[i] as number);
  }

  /** Copies the i-th message to the beginning of `target`; returns its length. */
  copy(i: number, target: Memory): number {
    const length = this.#length(i);
    copyBytes(this.#memory.bytes, this.#starts[i] as number, length, target.bytes, 0);
    return length;
  }

  /** How many bytes of the i-th message were sent. */
  sent(i: number): number {
    return i < this.#sent ? sentOfEach(i) : 0;
  }
}
