/**
 * One direction of a channel: takes messages from one socket and sends them to the other.
 *
 * Messages are read exactly, 12 bytes and then as many as the header says: a read of more could return descriptors that
 * belong to the next message. They are sent in one piece, since many peers fail on a split payload; descriptors go with
 * the first byte. What cannot be a message switches the direction to raw: bytes and descriptors as they come.
 */
import type { FdIdentity } from '../decode/frame.ts';
import { headerSize } from '../decode/header.ts';
import { monotonicNs } from '../sys/clock.ts';
import { errno, Memory } from '../sys/libc.ts';
import { isHungUp } from '../sys/socket.ts';
import { arrival, fdsAhead, mostFds, receive, send } from '../sys/transfer.ts';
import type { EndKind } from './ending.ts';
import { judge, type RawReason } from './framing.ts';
import { letGo } from './letting-go.ts';

/** Bytes that are cut through in one piece of a long message, and read at once in raw mode. */
const chunk = 192 * 1024;
const rawChunk = 65_536;
const smallest = 4096;
/** Messages that are forwarded before other sockets get their turn. */
const turn = 32;
/** Sets of descriptors that may be waiting in one message before it is taken for a flood. */
const mostGroups = 4;

/** Descriptors and the offset of the byte in the buffer that they go with. */
interface Group {
  at: number;
  fds: number[];
}

/** A descriptor that is exchanged for another before it is sent. */
export interface Substitution {
  /** What is sent instead. */
  substitute: number;
  /** What the original is. */
  identity: FdIdentity;
  /** The substitute has been sent. */
  commit(): void;
  /** It will not be sent. */
  abandon(): void;
}

/** What a direction needs from the channel it belongs to. */
export interface FlowOwner {
  readonly channelNumber: number;
  /** Keep the pieces a message arrived in. */
  readonly preserveSegments: boolean;
  /** The first byte of this connection has arrived. */
  spoke(): void;
  /** Whether descriptors of a message with that number, or one not known yet, may be exchanged. */
  mayExchange(id: number | undefined): boolean;
  /** A message is complete and will now be sent; its only descriptor may be exchanged. */
  substitution(flow: Flow, fd: number): Substitution | undefined;
  /** A message, or a part of it, has been sent on (or, with `dropped`, could not be). */
  passed(flow: Flow, dropped: boolean): void;
  /** The direction forwards without knowing messages from now on. */
  turnedRaw(flow: Flow, reason: RawReason): void;
  /** The source has ended, and everything it sent has been passed on. */
  sourceEnded(flow: Flow, how: EndKind): void;
  /** The target takes nothing more. */
  targetBroke(flow: Flow, how: 'epipe' | 'reset'): void;
  closeSlowly(fd: number): void;
}

/** One direction of a channel. `direction` is its number in the capture file: 1 front-to-back, 2 back-to-front. */
export class Flow {
  readonly direction: 1 | 2;
  readonly from: number;
  readonly to: number;
  readonly #owner: FlowOwner;

  /** `receiving`: waits for input. `sending`: has something for the target. `closed`: will do nothing more. */
  phase: 'receiving' | 'sending' | 'closed' = 'receiving';
  /** Why a sending direction does not go on: the target is full, or the kernel wants us to try again later. */
  blocked: 'no' | 'output' | 'later' = 'no';
  mode: 'message' | 'stream' | 'raw' = 'message';

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

  #groups: Group[] = [];
  #substitution: Substitution | undefined;
  /** What the descriptors of this message were, and how many came. */
  identities: FdIdentity[] = [];
  fdCount = 0;
  /** Offset at which the first descriptors came. */
  fdAt = 0;
  truncated = false;
  /** Where the input paused within this message. */
  #gaps: number[] = [];
  #ending: EndKind | undefined;
  /** Descriptors are ahead, and only reading byte by byte tells which byte they came with. */
  #bytewise = false;

  constructor(owner: FlowOwner, direction: 1 | 2, from: number, to: number) {
    this.#owner = owner;
    this.direction = direction;
    this.from = from;
    this.to = to;
  }

  /** Whether the input paused within the message. */
  get paused(): boolean {
    return this.#gaps.length > 0;
  }

  /** Lengths of the pieces in which the message arrived. */
  pieces(): number[] {
    const ends = [...this.#gaps, this.have];
    return ends.map((end, i) => end - (i > 0 ? (ends[i - 1] as number) : 0));
  }

  /** Nothing of a message is on its way. */
  get idle(): boolean {
    return this.phase === 'closed' || (this.phase === 'receiving' && this.have === 0 && this.rest === 0);
  }

  /** Bytes taken in that have not been sent on. */
  get held(): number {
    return this.phase === 'closed' ? 0 : this.have - this.sent;
  }

  /** Goes on until there is nothing to do, it has to wait, or its turn is over. */
  run(): void {
    let messages = 0;
    while (messages < turn) {
      if (this.phase === 'receiving') {
        if (!this.#receive()) return;
      } else if (this.phase === 'sending') {
        if (!this.#send()) return;
        messages++;
      } else return;
    }
  }

  #receive(): boolean {
    let room = this.#want - this.have;
    if (this.mode === 'raw' || (this.#owner.preserveSegments && this.mode === 'message')) {
      const ahead = this.#bytewise ? 1 : fdsAhead(this.from, this.memory.address + this.have, room);
      if (ahead === -errno.ECONNRESET) return this.#endOfSource(false);
      this.#bytewise = ahead === 1;
      if (this.#bytewise) room = 1;
    }
    const result = receive(this.from, this.memory.address + this.have, room);
    if (arrival.fds.length > 0 || arrival.truncated) this.#takeFds();
    if (result === -errno.EAGAIN) {
      if (this.mode === 'message') this.#gap();
      if (this.have > this.sent && this.#partGoesOn()) this.phase = 'sending';
      return this.phase === 'sending';
    }
    if (result <= 0) return this.#endOfSource(result === 0);
    if (this.#received === 0) this.#owner.spoke();
    if (this.have === 0 && this.mode !== 'stream') this.streamOffset = this.#received;
    this.#received += result;
    this.have += result;
    if (this.mode !== 'message') this.#pieceArrived(result);
    else if (this.have < this.#want) {
      if (result < room) this.#gap();
    } else if (this.#want === headerSize) this.#headerArrived();
    else this.#gathered();
    return true;
  }

  /** Whether what is there of a message is sent on before the rest has come. */
  #partGoesOn(): boolean {
    if (this.mode !== 'message') return true;
    if (!this.#owner.preserveSegments) return false;
    // Descriptors wait until it is known whether they are to be exchanged.
    return (
      this.#groups.length === 0 || !this.#owner.mayExchange(this.have < 4 ? undefined : (this.memory.u32[0] as number))
    );
  }

  #takeFds(): void {
    const { fds } = arrival;
    if (arrival.truncated) this.truncated = true;
    if (fds.length === 0) return;
    this.#bytewise = false;
    if (this.fdCount === 0) this.fdAt = this.have;
    this.fdCount += fds.length;
    this.#groups.push({ at: this.have, fds });
  }

  #gap(): void {
    if (this.have > 0 && this.#gaps.at(-1) !== this.have) this.#gaps.push(this.have);
  }

  #headerArrived(): void {
    this.receivedNs = monotonicNs();
    const { u32 } = this.memory;
    const size = u32[2] as number;
    const judgement = judge(this.#owner.channelNumber, u32[1] as number, size);
    if (this.#groups.length > mostGroups) {
      this.turnRaw('descriptor-flood');
      return;
    }
    if (judgement === 'gather') {
      if (size === 0) {
        this.#gathered();
        return;
      }
      this.#want = headerSize + size;
      this.#reserve(this.#want);
    } else if (judgement === 'stream') {
      this.mode = 'stream';
      this.rest = size;
      this.#reserve(chunk);
      this.#want = Math.min(chunk, headerSize + size);
    } else this.turnRaw(judgement);
  }

  #reserve(size: number): void {
    if (this.memory.bytes.length >= size) return;
    const larger = new Memory(2 ** Math.ceil(Math.log2(size)));
    this.memory.bytes.copy(larger.bytes, 0, 0, this.have);
    this.memory = larger;
  }

  /** A whole message is there: its descriptors go with its first byte, unless pieces are to be kept. */
  #gathered(): void {
    const groups = this.#groups;
    if (groups.length > mostGroups) {
      this.turnRaw('descriptor-flood');
      return;
    }
    if (groups.length > 0) {
      const first = groups[0] as Group;
      if (!this.#owner.preserveSegments && this.fdCount <= mostFds)
        this.#groups = [{ at: 0, fds: groups.flatMap(group => group.fds) }];
      const [only] = this.#groups;
      if (this.#groups.length === 1 && only?.fds.length === 1) {
        this.#substitution = this.#owner.substitution(this, only.fds[0] as number);
        if (this.#substitution !== undefined) only.fds = [this.#substitution.substitute];
      } else if (first.fds.length === 0) this.#groups = [];
    }
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
      const group = this.#groups[0];
      const due = group !== undefined && group.at <= this.sent;
      const until = this.#nextBoundary(due ? this.#groups[1] : group);
      const result = send(this.to, this.memory.address + this.sent, until - this.sent, due ? group.fds : noFds);
      if (result < 0) return this.#notSent(result);
      this.sent += result;
      if (due) this.#groupSent();
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

  #nextBoundary(next: Group | undefined): number {
    let until = next !== undefined && next.at > this.sent ? next.at : this.have;
    if (this.#owner.preserveSegments) for (const gap of this.#gaps) if (gap > this.sent) until = Math.min(until, gap);
    return until;
  }

  #groupSent(): void {
    const { fds } = this.#groups.shift() as Group;
    const substitution = this.#substitution;
    if (substitution === undefined) this.identities.push(...letGo(fds, fd => this.#owner.closeSlowly(fd)));
    else {
      this.#substitution = undefined;
      this.identities.push(substitution.identity);
      substitution.commit();
    }
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
    if (this.fdCount > 0) {
      this.identities = [];
      this.fdCount = 0;
      this.fdAt = 0;
    }
    this.truncated = false;
    if (this.#gaps.length > 0) this.#gaps = [];
    if (this.phase === 'closed') return;
    this.phase = 'receiving';
    if (this.#ending !== undefined) this.#owner.sourceEnded(this, this.#ending);
  }

  /** From now on bytes and descriptors are forwarded as they come. What is in memory goes first, as it came. */
  turnRaw(reason: RawReason): void {
    if (this.phase === 'closed') return;
    this.mode = 'raw';
    this.rest = 0;
    this.#want = rawChunk;
    this.#reserve(rawChunk);
    if (this.receivedNs === 0) this.receivedNs = monotonicNs();
    this.#owner.turnedRaw(this, reason);
    this.phase = this.have > 0 ? 'sending' : 'receiving';
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
    if (this.#substitution !== undefined) this.#substitution.abandon();
    else for (const group of this.#groups) this.identities.push(...letGo(group.fds, fd => this.#owner.closeSlowly(fd)));
    this.#substitution = undefined;
    this.#groups = [];
    if (this.have > 0) this.#passed(true);
  }
}

const noFds: readonly number[] = [];
