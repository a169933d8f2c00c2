/**
 * One direction of a channel: takes messages from one socket and sends them to the other.
 *
 * Messages are read exactly, 12 bytes and then as many as the header says: a read of more could return descriptors that
 * belong to the next message. They are sent in one piece, since many peers fail on a split payload; descriptors go with
 * the first byte. Small ones that no descriptors are near go several at a time (`burst.ts`). What cannot be a message
 * switches the direction to raw: bytes and descriptors as they come.
 */
import { headerSize } from '../decode/header.ts';
import { monotonicNs } from '../sys/clock.ts';
import { errno, Memory } from '../sys/libc.ts';
import { isHungUp } from '../sys/socket.ts';
import { arrival, fdsAhead, peekBytes, receive, send } from '../sys/transfer.ts';
import { Burst } from './burst.ts';
import type { EndKind } from './ending.ts';
import type { FlowOwner } from './flow-owner.ts';
import { judge, type RawReason } from './framing.ts';
import type { Detour } from './hold/detour.ts';
import { largestArmed } from './hold/verdicts.ts';
import { PassedFds } from './passed-fds.ts';
import { Pieces } from './pieces.ts';

/** Bytes that are cut through in one piece of a long message, and read at once in raw mode. */
const chunk = 192 * 1024;
const rawChunk = 65_536;
const smallest = 4096;
/** Messages that are forwarded before other sockets get their turn. */
const turn = 64;

const burst = new Burst();

/** One direction of a channel. `direction` is its number in the capture file: 1 front-to-back, 2 back-to-front. */
export class Flow {
  readonly direction: 1 | 2;
  readonly from: number;
  readonly to: number;
  readonly #owner: FlowOwner;

  /**
   * `receiving`: waits for input. `sending`: has something for the target. `detoured`: what goes to the target is the
   * detour's business, and nothing is read. `closed`: will do nothing more.
   */
  phase: 'receiving' | 'sending' | 'detoured' | 'closed' = 'receiving';
  /** Why a sending direction does not go on: the target is full, or the kernel wants us to try again later. */
  blocked: 'no' | 'output' | 'later' = 'no';
  mode: 'message' | 'stream' | 'raw' = 'message';

  /** Message numbers that are shown to the owner before they go on, see `hold/verdicts.ts`; undefined for none. */
  armed: Uint8Array | undefined;
  /** What people and rules have this direction send; made when the first of them does. */
  detour: Detour | undefined;

  memory = new Memory(smallest);
  /** Bytes in memory, bytes wanted before they are sent, bytes sent of them. */
  have = 0;
  #want = headerSize;
  sent = 0;
  /** Payload bytes of a streamed message that have not been read. */
  rest = 0;
  /** Bytes of a streamed message that have been passed on before those in memory. */
  passedBefore = 0;
  /** Bytes read from the source so far, and where in them this message began. */
  #received = 0;
  streamOffset = 0;
  receivedNs = 0;
  sentNs = 0;

  /** The descriptors of this message. */
  fds: PassedFds;
  /** The pieces in which it arrived. */
  pieces = new Pieces();
  #ending: EndKind | undefined;
  /** Descriptors are ahead, and only reading byte by byte tells which byte they came with. */
  #bytewise = false;
  /** Messages, or pieces of them, passed on so far. */
  #passedOn = 0;

  constructor(owner: FlowOwner, direction: 1 | 2, from: number, to: number) {
    this.#owner = owner;
    this.direction = direction;
    this.from = from;
    this.to = to;
    this.fds = this.#noFds();
  }

  #noFds(): PassedFds {
    return new PassedFds(fd => this.#owner.closeSlowly(fd));
  }

  /** Nothing of a message is on its way. */
  get idle(): boolean {
    return this.phase === 'closed' || (this.phase === 'receiving' && this.have === 0 && this.rest === 0);
  }

  /** Bytes taken in that have not been sent on. */
  get held(): number {
    return this.phase === 'closed' ? 0 : this.have - this.sent + (this.detour?.held ?? 0);
  }

  /** Whether something else may be sent to the target now, in between two messages. */
  get isBetweenMessages(): boolean {
    return this.phase === 'detoured' || (this.phase === 'receiving' && this.mode === 'message' && this.sent === 0);
  }

  /** Goes on until there is nothing to do, it has to wait, or its turn is over. */
  run(): void {
    for (const until = this.#passedOn + turn; this.#passedOn < until; ) {
      if (this.phase === 'receiving') {
        if (!this.#receive()) return;
      } else if (this.phase === 'sending') {
        if (!this.#send()) return;
      } else {
        if (this.phase === 'detoured') this.detour?.run();
        return;
      }
    }
  }

  /** Reads nothing more, and leaves the target to the detour, until `resume`. Only in between two messages. */
  pause(): void {
    this.phase = 'detoured';
  }

  /** Goes on with what comes from the source. */
  resume(): void {
    if (this.phase !== 'detoured') return;
    this.phase = this.mode === 'raw' && this.have > 0 ? 'sending' : 'receiving';
    this.blocked = 'no';
  }

  /** Hands the message that has just been gathered over, with its descriptors, as if it had been sent. */
  handOver(): { memory: Memory; have: number; fds: PassedFds; pieces: Pieces } {
    const { memory, have, fds, pieces } = this;
    this.memory = new Memory(smallest);
    this.fds = this.#noFds();
    this.have = 0;
    this.#want = headerSize;
    this.pieces = new Pieces();
    return { memory, have, fds, pieces };
  }

  #isArmed(id: number, size = 0): boolean {
    return this.armed !== undefined && this.armed[id < 255 ? id : 255] !== 0 && size <= largestArmed;
  }

  #receive(): boolean {
    if (this.#mayBurst) {
      const sent = burst.forward(this.from, this.to, this.#owner.channelNumber);
      if (sent > 0) return this.#burstPassed(sent);
      if (burst.seen < 0) return burst.seen !== -errno.EAGAIN && this.#endOfSource(false);
    }
    let room = this.#want - this.have;
    if (this.mode === 'raw' || (this.#owner.preserveSegments && this.mode === 'message')) {
      const ahead = this.#bytewise ? 1 : fdsAhead(this.from, this.memory.address + this.have, room);
      if (ahead === -errno.ECONNRESET) return this.#endOfSource(false);
      this.#bytewise = ahead === 1;
      if (this.#bytewise) room = 1;
    }
    const result = receive(this.from, this.memory.address + this.have, room);
    if (arrival.fds.length > 0) this.#bytewise = false;
    if (arrival.fds.length > 0 || arrival.truncated) this.fds.take(this.have, arrival.fds, arrival.truncated);
    if (result === -errno.EAGAIN) {
      if (this.mode === 'message') this.pieces.pauseAt(this.have);
      if (this.have > this.sent && this.#partGoesOn()) this.phase = 'sending';
      return this.phase === 'sending';
    }
    if (result <= 0) return this.#endOfSource(result === 0);
    if (this.have === 0 && this.mode !== 'stream') this.streamOffset = this.#received;
    this.#received += result;
    this.have += result;
    // What is in memory is accounted for by now: whatever fails from here on, it can still be sent on.
    if (this.#received === result) this.#owner.spoke();
    if (this.mode !== 'message') this.#pieceArrived(result);
    else if (this.have < this.#want) {
      if (result < room) this.pieces.pauseAt(this.have);
    } else if (this.#want === headerSize) this.#headerArrived();
    else this.#gathered();
    return true;
  }

  /** Whether messages may be sent on without a look at each before. */
  get #mayBurst(): boolean {
    if (this.have > 0 || this.mode !== 'message' || this.#owner.preserveSegments) return false;
    return this.armed === undefined && this.detour === undefined;
  }

  /** So many messages were sent on, the last of them perhaps in part. */
  #burstPassed(sent: number): boolean {
    if (this.#received === 0) this.#owner.spoke();
    for (let i = 0; i < sent; i++) {
      this.have = burst.copy(i, this.memory);
      this.sent = burst.sent(i);
      this.streamOffset = this.#received;
      this.#received += this.have;
      this.receivedNs = burst.receivedNs;
      this.sentNs = burst.sentNs;
      if (this.sent === this.have) this.#passed(false);
      else {
        this.#want = this.have;
        this.phase = 'sending';
      }
    }
    return this.phase === 'sending' || !burst.sawAll;
  }

  /** Whether what is there of a message is sent on before the rest has come. */
  #partGoesOn(): boolean {
    if (this.mode !== 'message') return true;
    if (!this.#owner.preserveSegments || this.armed !== undefined) return false;
    // Descriptors wait until it is known whether they are to be exchanged.
    const id = this.have < 4 ? undefined : (this.memory.u32[0] as number);
    return !this.fds.waiting || !this.#owner.mayExchange(id);
  }

  #headerArrived(): void {
    this.receivedNs = monotonicNs();
    const { u32 } = this.memory;
    const size = u32[2] as number;
    const judgement = judge(this.#owner.channelNumber, u32[1] as number, size);
    if (this.fds.isFlood) this.turnRaw('descriptor-flood');
    else if (judgement === 'gather' || (judgement === 'stream' && this.#isArmed(u32[0] as number, size))) {
      this.#want = headerSize + size;
      this.memory = this.memory.grown(this.#want, this.have);
      if (size === 0) this.#gathered();
    } else if (judgement === 'stream') {
      this.mode = 'stream';
      this.rest = size;
      this.memory = this.memory.grown(chunk, this.have);
      this.#want = Math.min(chunk, headerSize + size);
    } else this.turnRaw(judgement);
  }

  /** A whole message is there: its descriptors go with its first byte, unless pieces are to be kept. */
  #gathered(): void {
    if (this.fds.isFlood) {
      this.turnRaw('descriptor-flood');
      return;
    }
    if (!this.#owner.preserveSegments) this.fds.gather();
    // A message that is on its way in pieces is past changing.
    const seen = this.armed !== undefined && this.sent === 0 && this.#isArmed(this.memory.u32[0] as number);
    if (seen && this.#owner.diverted(this)) return;
    const { only } = this.fds;
    const substitution = only === undefined ? undefined : this.#owner.substitution(this, only);
    if (substitution !== undefined) this.fds.exchange(substitution);
    this.phase = 'sending';
  }

  /** Part of a streamed message or of raw bytes: sent on at once. */
  #pieceArrived(length: number): void {
    if (this.mode === 'stream') this.rest -= length;
    else this.receivedNs = monotonicNs();
    if (!this.#bytewise || this.have === this.#want) this.phase = 'sending';
  }

  #send(): boolean {
    while (this.sent < this.have) {
      const due = this.fds.due(this.sent);
      const result = send(this.to, this.memory.address + this.sent, this.#nextBoundary() - this.sent, due);
      if (result < 0) return this.#notSent(result);
      this.sent += result;
      if (due.length > 0) this.fds.sent();
    }
    this.blocked = 'no';
    if (this.mode === 'message' && this.have < this.#want) {
      this.phase = 'receiving';
      return true;
    }
    this.sentNs = monotonicNs();
    this.#passed(false);
    return this.phase !== 'closed';
  }

  /** How far the next piece goes. */
  #nextBoundary(): number {
    const until = Math.min(this.fds.nextAfter(this.sent), this.have);
    return this.#owner.preserveSegments ? Math.min(this.pieces.nextAfter(this.sent), until) : until;
  }

  #notSent(result: number): false {
    if (result === -errno.EAGAIN) this.blocked = 'output';
    else if (result === -errno.ETOOMANYREFS || result === -errno.ENOBUFS || result === -errno.ENOMEM)
      this.blocked = 'later';
    else this.#owner.targetBroke(this, result === -errno.ECONNRESET ? 'reset' : 'epipe');
    return false;
  }

  /** What is in memory has been sent, or never will be: it is recorded, and the next can come. */
  #passed(dropped: boolean): void {
    this.#passedOn++;
    this.#owner.passed(this, dropped);
    if (this.mode === 'stream' && this.rest > 0 && !dropped) {
      this.passedBefore += this.have;
      this.#want = Math.min(chunk, this.rest);
    } else {
      if (this.mode === 'stream') this.mode = 'message';
      this.passedBefore = 0;
      this.#want = this.mode === 'raw' ? rawChunk : headerSize;
    }
    this.have = 0;
    this.sent = 0;
    this.sentNs = 0;
    this.fds.reset();
    this.pieces.reset();
    if (this.phase === 'closed') return;
    this.phase = 'receiving';
    if (this.detour !== undefined) this.detour.betweenMessages();
    if (this.#ending !== undefined) this.#owner.sourceEnded(this, this.#ending);
  }

  /** From now on bytes and descriptors are forwarded as they come. What is in memory goes first, as it came. */
  turnRaw(reason: RawReason): void {
    if (this.phase === 'closed') return;
    this.mode = 'raw';
    this.rest = 0;
    this.#want = rawChunk;
    this.memory = this.memory.grown(rawChunk, this.have);
    if (this.receivedNs === 0) this.receivedNs = monotonicNs();
    // What a detour still has to send goes first.
    if (this.phase !== 'detoured') this.phase = this.have > 0 ? 'sending' : 'receiving';
    this.#owner.turnedRaw(this, reason);
  }

  #endOfSource(orderly: boolean): boolean {
    this.#ending = orderly ? (isHungUp(this.from) ? 'eof' : 'shutdown') : 'reset';
    if (this.have === 0) {
      this.#owner.sourceEnded(this, this.#ending);
      return false;
    }
    // Half a message and then the end: the other side gets to see just that.
    this.receivedNs = monotonicNs();
    if (this.mode === 'message') this.mode = 'raw';
    this.phase = 'sending';
    return true;
  }

  /** Ends this direction. What it still holds is recorded as not delivered, its descriptors are closed. */
  close(): void {
    if (this.phase === 'closed') return;
    this.phase = 'closed';
    this.detour?.abandon();
    this.fds.abandon();
    if (this.have > 0) this.#passed(true);
  }

  /** Records what lies in the source's socket and will never be read: often the very answer that came too late. */
  showUnread(): void {
    this.memory = this.memory.grown(rawChunk, this.have);
    const length = peekBytes(this.from, this.memory.address, rawChunk);
    if (length <= 0) return;
    this.mode = 'raw';
    this.have = length;
    this.streamOffset = this.#received;
    this.receivedNs = monotonicNs();
    this.#owner.passed(this, true);
    this.have = 0;
  }
}
