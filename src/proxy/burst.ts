/**
 * Small messages without descriptors that lie in a socket one behind the other. They are looked at, sent on each in a
 * piece of its own, and only then taken: two reads do for all of them, and what cannot be sent stays unread in the
 * socket, where it would be without us.
 */
import { headerSize } from '../decode/header.ts';
import { monotonicNs } from '../sys/clock.ts';
import { littleEndian, Memory } from '../sys/libc.ts';
import { metDescriptors, mostAtOnce, peekBytes, putEach, sendEach, sentOfEach, takeSeen } from '../sys/transfer.ts';
import { copyBytes } from './copy-bytes.ts';
import { judge } from './framing.ts';

/** Bytes that are looked at. */
const room = 4096;
/** Messages that are sent at once. A look makes the kernel walk through all that lies in the socket: few would be dear. */
const mostMessages = mostAtOnce;

/** The messages of one look. One is enough for a thread, since nothing in it outlives a call of `Flow.run`. */
export class Burst {
  readonly #memory = new Memory(room);
  readonly #view = new DataView(this.#memory.bytes.buffer);
  /** Where each message begins, and where the last one ends. */
  readonly #starts = new Uint16Array(mostMessages + 1);
  /** Bytes that the last look saw, 0 at the end of the stream, or the negative errno. */
  seen = 0;
  /** When they were seen, and when they had been sent, on the monotonic clock. */
  receivedNs = 0;
  sentNs = 0;

  /** Whether the last look saw all there was. */
  get sawAll(): boolean {
    return this.seen < room;
  }

  /**
   * Sends on what lies in a socket, as far as it is small messages. Returns how many, the last perhaps sent in part; 0
   * where there is nothing, the target takes nothing, or what comes next needs a closer look.
   */
  forward(from: number, to: number, channel: number): number {
    this.seen = peekBytes(from, this.#memory.address, room);
    const whole = this.seen > 0 && !metDescriptors() ? this.#split(channel) : 0;
    if (whole === 0) return 0;
    this.receivedNs = monotonicNs();
    const sent = sendEach(to, whole);
    // An error will be met again on the way for single messages, where it is dealt with.
    if (sent <= 0) return 0;
    this.sentNs = monotonicNs();
    takeSeen(from, this.#memory.address, this.#starts[sent] as number);
    return sent;
  }

  /** Finds the whole messages at the beginning of what was seen, and puts them down to be sent; returns how many. */
  #split(channel: number): number {
    let at = 0;
    for (let i = 0; ; i++) {
      this.#starts[i] = at;
      if (i === mostMessages || at + headerSize > this.seen) return i;
      const size = this.#view.getUint32(at + 8, littleEndian);
      const end = at + headerSize + size;
      if (end > this.seen || judge(channel, this.#view.getUint32(at + 4, littleEndian), size) !== 'gather') return i;
      putEach(i, this.#memory.address + at, end - at);
      at = end;
    }
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
    return sentOfEach(i);
  }
}
