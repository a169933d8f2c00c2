/**
 * One direction of a channel: takes messages from one socket and sends them to the other.
 *
 * Messages are read exactly, 12 bytes and then as many as the header says: a read of more could return descriptors that
 * belong to the next message. They are sent in one piece, since many peers fail on a split payload; descriptors go with
 * the first byte. Small ones that no descriptors are near go several at a time (`burst.ts`). What cannot be a message switches
 * the direction to raw: bytes and descriptors as they come.
 */
import { headerSize } from '../decode/header.ts';
import { monotonicNs } from '../sys/clock.ts';
import { errno } from '../sys/libc.ts';
import { isHungUp } from '../sys/socket.ts';
import { arrival, peekBytes } from '../sys/transfer.ts';
import { Burst } from './burst.ts';
import { Cargo } from './cargo.ts';
import type { EndKind } from './ending.ts';
import type { FlowOwner } from './flow-owner.ts';
import { judge, type RawReason } from './framing.ts';
import type { Detour } from './hold/detour.ts';
import { isArmed, largestArmed } from './hold/verdicts.ts';
import { Source } from './source.ts';

/** Messages that are forwarded before other sockets get their turn. */
const turn = 64;

const burst = new Burst();

/** One direction of a channel. `direction` is its number in the capture file: 1 front-to-back, 2 back-to-front. */
export class Flow {
  readonly direction: 1 | 2;
  readonly from: number;
  readonly to: number;
  readonly #owner: FlowOwner;
  readonly #source: Source;

  /**
   * `receiving`: waits for input. `sending`: has something for the target. `detoured`: what goes to the target is the
   * detour's business, and nothing is read. `closed`: will do nothing more.
   */
  phase: 'receiving' | 'sending' | 'detoured' | 'closed' = 'receiving';
  /** Why a sending direction does not go on: the target is full, or the kernel wants us to try again later. */
  blocked: 'no' | 'output' | 'later' = 'no';

  /** Message numbers that are shown to the owner before they go on, see `hold/verdicts.ts`; undefined for none. */
  armed: Uint8Array | undefined;
  /** What people and rules have this direction send; made when the first of them does. */
  detour: Detour | undefined;

  /** The message that is on its way, or as much of it as is here. */
  readonly cargo: Cargo;
  #ending: EndKind | undefined;
  /** Messages, or pieces of them, passed on so far. */
  #passedOn = 0;

  constructor(owner: FlowOwner, direction: 1 | 2, from: number, to: number) {
    this.#owner = owner;
    this.direction = direction;
    this.from = from;
    this.to = to;
    this.#source = new Source(from);
    this.cargo = new Cargo(direction, fd => owner.closeSlowly(fd));
  }

  /** Nothing of a message is on its way. */
  get idle(): boolean {
    return this.phase === 'closed' || (this.phase === 'receiving' && this.cargo.isEmpty);
  }

  /** Bytes taken in that have not been sent on. */
  get held(): number {
    return this.phase === 'closed' ? 0 : this.cargo.have - this.cargo.sent + (this.detour?.held ?? 0);
  }

  /** Whether something else may be sent to the target now, in between two messages. */
  get isBetweenMessages(): boolean {
    const { mode, sent } = this.cargo;
    return this.phase === 'detoured' || (this.phase === 'receiving' && mode === 'message' && sent === 0);
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
    this.phase = this.cargo.mode === 'raw' && this.cargo.have > 0 ? 'sending' : 'receiving';
    this.blocked = 'no';
  }

  #receive(): boolean {
    const { cargo } = this;
    const source = this.#source;
    if (this.#mayBurst) {
      burst.forward(this.from, this.to, this.#owner.channelNumber, this.armed);
      if (burst.taken > 0) return this.#burstPassed();
      if (burst.seen < 0) return burst.seen !== -errno.EAGAIN && this.#endOfSource(false);
      source.singlyUntil = source.position + burst.singly;
    }
    const careful = cargo.mode === 'raw' || (cargo.mode === 'message' && this.#owner.preserveSegments);
    const at = source.position;
    const result = source.read(cargo.memory.address + cargo.have, cargo.want - cargo.have, careful);
    if (arrival.fds.length > 0 || arrival.truncated) cargo.fds.take(cargo.have, arrival.fds, arrival.truncated);
    if (result === -errno.EAGAIN) {
      if (cargo.mode === 'message') cargo.pieces.pauseAt(cargo.have);
      if (cargo.have > cargo.sent && this.#partGoesOn()) this.phase = 'sending';
      return this.phase === 'sending';
    }
    if (result <= 0) return this.#endOfSource(result === 0);
    if (cargo.have === 0 && cargo.mode !== 'stream') cargo.streamOffset = at;
    cargo.have += result;
    // What is in memory is accounted for by now: whatever fails from here on, it can still be sent on.
    if (at === 0) this.#owner.spoke();
    if (cargo.mode !== 'message') this.#pieceArrived(result);
    else if (cargo.have < cargo.want) {
      if (source.paused) cargo.pieces.pauseAt(cargo.have);
    } else if (cargo.want === headerSize) this.#headerArrived();
    else this.#gathered();
    return true;
  }

  /** Whether messages may be sent on without reading each before. */
  get #mayBurst(): boolean {
    const { have, mode } = this.cargo;
    return have === 0 && mode === 'message' && !this.#source.isKnownAhead && !this.#owner.preserveSegments;
  }

  /** What the burst has taken was sent on, the last of it perhaps in part, or not at all where it is armed for. */
  #burstPassed(): boolean {
    const { cargo } = this;
    const source = this.#source;
    if (source.position === 0) this.#owner.spoke();
    for (let i = 0; i < burst.taken; i++) {
      cargo.have = burst.copy(i, cargo.memory);
      cargo.sent = burst.sent(i);
      cargo.streamOffset = source.position;
      source.position += cargo.have;
      cargo.receivedNs = burst.receivedNs;
      if (cargo.sent === cargo.have) {
        cargo.sentNs = burst.sentNs;
        this.#passed(false);
      } else {
        cargo.want = cargo.have;
        if (cargo.sent > 0) this.phase = 'sending';
        else this.#gathered();
      }
    }
    source.singlyUntil = source.position + burst.singly;
    return this.phase !== 'receiving' || !burst.sawAll;
  }

  /** Whether what is there of a message is sent on before the rest has come. */
  #partGoesOn(): boolean {
    const { mode, have, fds, id } = this.cargo;
    if (mode !== 'message') return true;
    if (!this.#owner.preserveSegments || this.armed !== undefined) return false;
    // Descriptors wait until it is known whether they are to be exchanged.
    return !fds.waiting || !this.#owner.mayExchange(have < 4 ? undefined : id);
  }

  #isArmed(size = 0): boolean {
    return this.armed !== undefined && size <= largestArmed && isArmed(this.armed, this.cargo.id);
  }

  #headerArrived(): void {
    const { cargo } = this;
    cargo.receivedNs = monotonicNs();
    const { flags, size } = cargo;
    const judgement = judge(this.#owner.channelNumber, flags, size);
    if (cargo.fds.isFlood) this.turnRaw('descriptor-flood');
    else if (judgement === 'gather' || (judgement === 'stream' && this.#isArmed(size))) {
      cargo.extend(headerSize + size);
      if (size === 0) this.#gathered();
    } else if (judgement === 'stream') cargo.stream(size);
    else this.turnRaw(judgement);
  }

  /** A whole message is there: its descriptors go with its first byte, unless pieces are to be kept. */
  #gathered(): void {
    const { fds, sent } = this.cargo;
    if (fds.isFlood) {
      this.turnRaw('descriptor-flood');
      return;
    }
    if (!this.#owner.preserveSegments) fds.gather();
    // A message that is on its way in pieces is past changing.
    if (sent === 0 && this.#isArmed() && this.#owner.diverted(this)) return;
    const { only } = fds;
    const substitution = only === undefined ? undefined : this.#owner.substitution(this, only);
    if (substitution !== undefined) fds.exchange(substitution);
    this.phase = 'sending';
  }

  /** Part of a streamed message or of raw bytes: sent on at once. */
  #pieceArrived(length: number): void {
    const { cargo } = this;
    if (cargo.mode === 'stream') cargo.rest -= length;
    else cargo.receivedNs = monotonicNs();
    if (!this.#source.bytewise || cargo.have === cargo.want) this.phase = 'sending';
  }

  #send(): boolean {
    const { cargo } = this;
    const refused = cargo.sendTo(this.to, this.#owner.preserveSegments);
    if (refused < 0) {
      this.refused(refused);
      return false;
    }
    this.blocked = 'no';
    if (cargo.mode === 'message' && cargo.have < cargo.want) {
      this.phase = 'receiving';
      return true;
    }
    cargo.sentNs = monotonicNs();
    this.#passed(false);
    return true;
  }

  /** The target has taken nothing: waits until it may again, or tells that it is broken. `result` is the negative errno. */
  refused(result: number): void {
    if (result === -errno.EAGAIN) this.blocked = 'output';
    else if (result === -errno.ETOOMANYREFS || result === -errno.ENOBUFS || result === -errno.ENOMEM)
      this.blocked = 'later';
    else this.#owner.targetBroke(this, result === -errno.ECONNRESET ? 'reset' : 'epipe');
  }

  /** What is in memory has been sent, or never will be: it is recorded, and the next can come. */
  #passed(dropped: boolean): void {
    this.#passedOn++;
    this.#owner.passed(this, dropped);
    this.cargo.next(dropped);
    if (this.phase === 'closed') return;
    this.phase = 'receiving';
    if (this.detour !== undefined) this.detour.betweenMessages();
    if (this.#ending !== undefined) this.#owner.sourceEnded(this, this.#ending);
  }

  /** From now on bytes and descriptors are forwarded as they come. What is in memory goes first, as it came. */
  turnRaw(reason: RawReason): void {
    if (this.phase === 'closed') return;
    const { cargo } = this;
    cargo.turnRaw();
    if (cargo.receivedNs === 0) cargo.receivedNs = monotonicNs();
    // What a detour still has to send goes first.
    if (this.phase !== 'detoured') this.phase = cargo.have > 0 ? 'sending' : 'receiving';
    this.#owner.turnedRaw(this, reason);
  }

  #endOfSource(orderly: boolean): boolean {
    const { cargo } = this;
    this.#ending = orderly ? (isHungUp(this.from) ? 'eof' : 'shutdown') : 'reset';
    if (cargo.have === 0) {
      this.#owner.sourceEnded(this, this.#ending);
      return false;
    }
    // Half a message and then the end: the other side gets to see just that.
    cargo.receivedNs = monotonicNs();
    if (cargo.mode === 'message') cargo.mode = 'raw';
    this.phase = 'sending';
    return true;
  }

  /** Ends this direction. What it still holds is recorded as not delivered, its descriptors are closed. */
  close(): void {
    if (this.phase === 'closed') return;
    this.phase = 'closed';
    this.detour?.abandon();
    this.cargo.fds.abandon();
    if (this.cargo.have > 0) this.#passed(true);
  }

  /** Records what lies in the source's socket and will never be read: often the very answer that came too late. */
  showUnread(): void {
    const { cargo } = this;
    cargo.turnRaw();
    const length = peekBytes(this.from, cargo.memory.address, cargo.want);
    if (length <= 0) return;
    cargo.have = length;
    cargo.streamOffset = this.#source.position;
    cargo.receivedNs = monotonicNs();
    this.#owner.passed(this, true);
    cargo.have = 0;
  }
}
