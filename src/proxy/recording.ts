/**
 * The relay's side of the recording: numbers the records, gives them their pseudo-header, and puts them into the ring.
 * Under pressure it shortens, then counts what it loses; it never waits.
 */
import { maxCapturedLength, packetFlag } from '../capture/pcapng/blocks.ts';
import {
  type FixedHeader,
  fixedLength,
  headerFlag,
  type PseudoHeader,
  pduTags,
  writeFixed,
} from '../capture/pseudo-header.ts';
import { writePseudoHeader } from '../capture/pseudo-header-write.ts';
import type { Context, FdIdentity } from '../decode/frame.ts';
import { channels } from '../decode/frame.ts';
import { littleEndian } from '../sys/libc.ts';
import { contextFlags, splitContext } from './context-numbers.ts';
import { copyBytes } from './copy-bytes.ts';
import { Loss, type LossReport } from './loss.ts';
import type { Alteration } from './passing.ts';
import { frameKind, type RingWriter } from './ring.ts';

/** Where a record belongs: one channel of one epoch. Numbers are those of the capture file. */
export interface Origin {
  readonly interfaceNumber: number;
  readonly channel: number;
  readonly session: number;
  readonly epoch: number;
  readonly context: Context;
  /** The longest beginning of a message that is recorded, in bytes; Infinity for all of it. */
  readonly snapLength: number;
}

/** Direction by its number in the capture file. */
export type DirectionNumber = 0 | 1 | 2;

/** One record: the bytes and everything about them. Filled anew for each; nothing of it is kept. */
export interface Entry {
  /** Index into `frameKinds`: 1 message, 2 raw, 3 event. */
  kind: number;
  direction: DirectionNumber;
  /** Bits of `headerFlag` that the writer of the record knows: reply, ctrunc, dropped, masked. */
  flags: number;
  answers: number;
  bytes: Uint8Array;
  /** How many of `bytes` there are. */
  length: number;
  /** Length of the whole message on the wire. */
  wireLength: number;
  /** Position in the direction's stream. */
  streamOffset: number;
  receivedNs: number;
  sentNs: number;
  fds: readonly FdIdentity[];
  fdCount: number;
  seg: number[] | undefined;
  fdAt: number;
  /** These bytes continue record `n`, at this offset of the message. */
  continues: { n: number; offset: number } | undefined;
  /** What was done to it on purpose. */
  alteration: Alteration | undefined;
}

/** Under pressure a record keeps so many bytes of its message. */
const shortened = 4096;
const noFds: readonly FdIdentity[] = [];
const utf8 = new TextEncoder();
const two32 = 0x1_0000_0000;
const tagWords = [0, 4, 8, 12].map(at => new DataView(pduTags.buffer).getUint32(at));

/** The records of one recording, on their way into the ring. */
export class Recording {
  readonly #ring: RingWriter;
  readonly #captureId: bigint;
  readonly #scratch = new DataView(new ArrayBuffer(65_536));
  readonly #fixed: FixedHeader;
  /** The context of the last record, split; contexts change rarely. */
  #splitFor: Context = {};
  #split = splitContext({});
  #last = 0;
  #wallOffsetLow = 0;
  #wallOffsetHigh = 0;
  /** Names of the interfaces, and whether the recorder knows them. */
  readonly #interfaces: { name: string; announced: boolean; lost: number }[] = [];
  readonly #head = { kind: 0, interfaceNumber: 0, wallLow: 0, wallHigh: 0, originalLength: 0, flags: 0 };
  readonly #loss: Loss;

  /** @param captureId a random number that every record carries */
  constructor(ring: RingWriter, captureId: bigint, report: (report: LossReport) => void) {
    this.#ring = ring;
    this.#captureId = captureId;
    this.#loss = new Loss(report);
    this.#fixed = {
      ...{ kind: 0, channel: 0, direction: 0, length: fixedLength, fdEntries: 0, flags: 0, fdCount: 0, device: 0 },
      ...{ session: 0, epoch: 0, n: 0, answers: 0, streamOffset: 0, wireLength: 0, fragmentOffset: 0 },
      captureIdLow: Number(captureId & 0xffff_ffffn),
      captureIdHigh: Number(captureId >> 32n),
      ...{ receivedLow: 0, receivedHigh: 0, sentLow: 0, sentHigh: 0, frontEnd: 0, backEnd: 0, deviceFrom: 0 },
      ...{ featuresLow: 0, featuresHigh: 0, protocolFeaturesLow: 0, protocolFeaturesHigh: 0 },
    };
  }

  /** Sets what turns the monotonic clock into the time of day; called now and then, since people set clocks. */
  setWallOffset(offsetNs: bigint): void {
    this.#wallOffsetLow = Number(offsetNs & 0xffff_ffffn);
    this.#wallOffsetHigh = Number((offsetNs >> 32n) & 0xffff_ffffn);
  }

  /** The number of the last record. */
  get last(): number {
    return this.#last;
  }

  /** The number of the interface `pair/channel`; a new one when there is none. */
  interfaceNumber(name: string): number {
    const known = this.#interfaces.findIndex(each => each.name === name);
    return known >= 0 ? known : this.#interfaces.push({ name, announced: false, lost: 0 }) - 1;
  }

  /** Records an event: a JSON object with the key `event`. Returns its number. */
  event(origin: Origin, event: object, at: number, direction: DirectionNumber = 0): number {
    const bytes = utf8.encode(JSON.stringify(event));
    return this.add(origin, { ...plainEntry, kind: 3, direction, receivedNs: at, bytes, ...lengths(bytes.length) });
  }

  /** Records one entry; returns its number, which is spent even if the record is lost. */
  add(origin: Origin, entry: Entry): number {
    const n = entry.continues?.n ?? ++this.#last;
    const ring = this.#ring;
    const used = ring.used();
    // Negotiation may use the last quarter, what can come by the thousand may not.
    const limit = origin.channel === 0 || entry.kind === 3 ? ring.units : ring.units - (ring.units >> 2);
    const most = used > ring.units >> 1 ? Math.min(shortened, origin.snapLength) : origin.snapLength;
    const room = Math.max(0, most - (entry.continues?.offset ?? 0));
    if (room === 0 && entry.continues !== undefined) return n;
    if (!this.#announce(origin.interfaceNumber, limit) || !this.#write(origin, entry, n, room, limit)) {
      (this.#interfaces[origin.interfaceNumber] as { lost: number }).lost++;
      this.#loss.count();
    } else if ((this.#interfaces[origin.interfaceNumber] as { lost: number }).lost > 0) this.#reportLoss(origin);
    return n;
  }

  /** Looks, now and then, whether a loss is over: only once half the ring is free, so that it does not end all the time. */
  lookForRoom(): void {
    if (this.#ring.used() <= this.#ring.units >> 1) this.#loss.end();
  }

  /** Tells the recorder the name of an interface before its first record. */
  #announce(number: number, limit: number): boolean {
    const found = this.#interfaces[number] as { name: string; announced: boolean };
    if (found.announced) return true;
    // The recorder numbers interfaces as they come, so they go in order.
    for (const each of this.#interfaces.slice(0, number + 1)) {
      if (each.announced) continue;
      const name = utf8.encode(each.name);
      const at = this.#ring.open({ ...this.#head, kind: frameKind.interface }, name.length, limit);
      if (at < 0) return false;
      this.#ring.bytes.set(name, at);
      this.#ring.publish();
      each.announced = true;
    }
    return true;
  }

  #reportLoss(origin: Origin): void {
    const found = this.#interfaces[origin.interfaceNumber] as { lost: number };
    const head = { ...this.#head, kind: frameKind.lost, interfaceNumber: origin.interfaceNumber };
    const at = this.#ring.open(head, 4, this.#ring.units);
    if (at < 0) return;
    this.#ring.view.setUint32(at, found.lost, true);
    this.#ring.publish();
    const count = found.lost;
    found.lost = 0;
    this.event(origin, { event: 'lost', count }, this.#lastAt);
  }

  #lastAt = 0;

  #write(origin: Origin, entry: Entry, n: number, room: number, limit: number): boolean {
    this.#lastAt = entry.receivedNs;
    const simple =
      entry.fds.length === 0 && entry.seg === undefined && entry.fdAt === 0 && entry.alteration === undefined;
    const headerLength = simple ? fixedLength : this.#longHeader(origin, entry, n);
    const fits = maxCapturedLength - pduTags.length - headerLength;
    const captured = Math.min(entry.length, room, fits);
    const head = this.#head;
    head.kind = frameKind.packet;
    head.interfaceNumber = origin.interfaceNumber;
    head.flags = entry.direction === 1 ? packetFlag.outbound : entry.direction === 2 ? packetFlag.inbound : 0;
    head.originalLength = pduTags.length + headerLength + entry.wireLength - (entry.continues?.offset ?? 0);
    const low = (entry.receivedNs >>> 0) + this.#wallOffsetLow;
    head.wallLow = low >>> 0;
    head.wallHigh = (entry.receivedNs / two32 + this.#wallOffsetHigh + (low >= two32 ? 1 : 0)) >>> 0;
    const ring = this.#ring;
    const at = ring.open(head, pduTags.length + headerLength + captured, limit);
    if (at < 0) return false;
    // Sixteen bytes are faster written as words than copied.
    for (let i = 0; i < tagWords.length; i++) ring.view.setUint32(at + i * 4, tagWords[i] as number);
    const headerAt = at + pduTags.length;
    const snapped = captured < entry.wireLength - (entry.continues?.offset ?? 0) && entry.length > captured;
    if (simple) this.#shortHeader(origin, entry, n, headerAt, snapped);
    else {
      ring.bytes.set(new Uint8Array(this.#scratch.buffer, 0, headerLength), headerAt);
      const flags = ring.view.getUint32(headerAt + 8, true);
      ring.view.setUint32(headerAt + 8, flags | entry.flags | (snapped ? headerFlag.snapped : 0), true);
    }
    copyBytes(entry.bytes, 0, captured, ring.bytes, headerAt + headerLength);
    ring.publish();
    return true;
  }

  #shortHeader(origin: Origin, entry: Entry, n: number, at: number, snapped: boolean): void {
    const fixed = this.#fixed;
    const { context } = origin;
    fixed.kind = entry.kind;
    fixed.channel = origin.channel;
    fixed.direction = entry.direction;
    fixed.flags = entry.flags | contextFlags(context);
    if (snapped) fixed.flags |= headerFlag.snapped;
    if (entry.continues !== undefined) fixed.flags |= headerFlag.continuation;
    fixed.fdCount = entry.fdCount;
    fixed.device = context.device ?? 0;
    fixed.session = origin.session;
    fixed.epoch = origin.epoch;
    fixed.n = n;
    fixed.answers = entry.answers;
    fixed.streamOffset = entry.streamOffset;
    fixed.receivedLow = entry.receivedNs >>> 0;
    fixed.receivedHigh = (entry.receivedNs / two32) >>> 0;
    fixed.sentLow = entry.sentNs >>> 0;
    fixed.sentHigh = (entry.sentNs / two32) >>> 0;
    if (context !== this.#splitFor) {
      this.#splitFor = context;
      this.#split = splitContext(context);
    }
    const known = this.#split;
    fixed.featuresLow = known.featuresLow;
    fixed.featuresHigh = known.featuresHigh;
    fixed.protocolFeaturesLow = known.protocolFeaturesLow;
    fixed.protocolFeaturesHigh = known.protocolFeaturesHigh;
    fixed.wireLength = entry.wireLength;
    fixed.fragmentOffset = entry.continues?.offset ?? 0;
    fixed.frontEnd = known.frontEnd;
    fixed.backEnd = known.backEnd;
    fixed.deviceFrom = known.deviceFrom;
    writeFixed(this.#ring.view, at, fixed);
  }

  /** Writes a pseudo-header with fd entries and TLVs into the scratch memory; returns its length. */
  #longHeader(origin: Origin, entry: Entry, n: number): number {
    return writePseudoHeader(this.#scratch, 0, {
      n,
      kind: entry.kind === 2 ? 'raw' : 'message',
      captureId: this.#captureId,
      channel: channels[origin.channel] as (typeof channels)[number],
      ...(entry.direction !== 0 && { dir: entry.direction === 1 ? 'front-to-back' : 'back-to-front' }),
      session: origin.session,
      epoch: origin.epoch,
      receivedNs: BigInt(entry.receivedNs),
      sentNs: BigInt(entry.sentNs),
      ...(entry.answers > 0 && { answers: entry.answers }),
      wireLength: entry.wireLength,
      offset: entry.streamOffset,
      fds: [...entry.fds],
      fdCount: entry.fdCount,
      ...(entry.seg !== undefined && { seg: entry.seg }),
      ...(entry.fdAt > 0 && { fdAt: entry.fdAt }),
      ...(entry.continues !== undefined && { fragmentOffset: entry.continues.offset }),
      ...(entry.alteration !== undefined && alterationFields(entry.alteration)),
      context: littleEndian ? origin.context : { ...origin.context, bigEndian: true },
    });
  }
}

const lengths = (length: number): { length: number; wireLength: number } => ({ length, wireLength: length });

/** An entry with nothing special about it. */
export const plainEntry: Entry = {
  ...{ kind: 1, direction: 0, flags: 0, answers: 0, bytes: new Uint8Array(0), length: 0, wireLength: 0 },
  ...{ streamOffset: 0, receivedNs: 0, sentNs: 0, fds: noFds, fdCount: 0, seg: undefined, fdAt: 0 },
  continues: undefined,
  alteration: undefined,
};

function alterationFields({ heldNs, sentBytes, sentFds, injected }: Alteration): Partial<PseudoHeader> {
  return {
    ...(heldNs > 0 && { heldNs: BigInt(Math.round(heldNs)) }),
    ...(sentBytes !== undefined && { sentBytes }),
    ...(sentFds !== undefined && { sentFds }),
    ...(injected && { injected }),
  };
}
