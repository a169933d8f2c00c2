/**
 * The records of one channel: what each message is, which request a reply answers, and what the session has agreed on.
 */
import { headerFlag } from '../capture/pseudo-header.ts';
import { type DeviceInference, type KnownDevice, tellsDevice } from '../decode/device.ts';
import type { Context } from '../decode/frame.ts';
import { headerSize, isReply } from '../decode/header.ts';
import { decodeMessage, type Envelope } from '../decode/message.ts';
import type { Objects } from '../decode/objects.ts';
import { Pairing } from '../decode/pairing.ts';
import { maskSecrets, mayHoldSecrets } from '../decode/secrets.ts';
import { ringOf, useOf, usesEndedBy } from '../decode/uses.ts';
import { monotonicNs } from '../sys/clock.ts';
import { littleEndian } from '../sys/libc.ts';
import type { DeviceEvent } from './device-event.ts';
import { isPlain } from './framing.ts';
import type { Link } from './link.ts';
import type { Alteration, Passing } from './passing.ts';
import { type DirectionNumber, type Entry, type Origin, plainEntry, type Recording } from './recording.ts';
import { Repetition } from './repetition.ts';

const setFeatures = 2;
const setProtocolFeatures = 16;

/** What a ledger needs of the session it belongs to. */
export interface LedgerOwner {
  readonly connection: number;
  readonly session: number;
  readonly epoch: number;
  /** What the front-end and the back-end know; the same value until one of them is told otherwise. Replaced, never changed. */
  contexts: readonly [Context, Context];
  readonly setting: { readonly keepSecrets: boolean };
  /** What the messages of all channels say about the device type. */
  readonly inference: DeviceInference;
  /** Records say that type from now on, if it is the best that is known; gives the event that tells it, if it is news. */
  takeDevice(device: KnownDevice): DeviceEvent | undefined;
}

/** The ledger of one channel of one connection. */
export class Ledger implements Origin {
  readonly interfaceNumber: number;
  readonly channel: number;
  readonly snapLength: number;
  readonly #owner: LedgerOwner;
  readonly #link: Link;
  readonly #recording: Recording;
  readonly #objects: Objects;
  /** Open requests by the direction they went. */
  readonly #asked: readonly [Pairing, Pairing];
  /** Per direction, the message that is being cut through: its record's number and whole length. */
  readonly #streamed = [
    { n: 0, wireLength: 0 },
    { n: 0, wireLength: 0 },
  ] as const;
  /** Per direction, the messages that were heard for what they say about the device type. */
  readonly #heard: readonly [Repetition, Repetition] = [new Repetition(), new Repetition()];
  readonly #entry: Entry = { ...plainEntry };
  #author: 1 | 2 = 1;

  constructor(
    owner: LedgerOwner,
    link: Link,
    recording: Recording,
    objects: Objects,
    interfaceName: string,
    snapLength: number,
  ) {
    this.#owner = owner;
    this.#link = link;
    this.#recording = recording;
    this.#objects = objects;
    this.interfaceNumber = recording.interfaceNumber(interfaceName);
    this.channel = link.channelNumber;
    this.snapLength = snapLength;
    this.#asked = [new Pairing(link.channel), new Pairing(link.channel)];
  }

  get session(): number {
    return this.#owner.session;
  }

  get epoch(): number {
    return this.#owner.epoch;
  }

  /** What the author of the record at hand knows; of a message of ours, what the side knows that gets it. */
  get context(): Context {
    return this.#owner.contexts[this.#author - 1] as Context;
  }

  /** Records an event; returns its number. */
  event(event: { event: string } & Record<string, unknown>, direction: DirectionNumber = 0): number {
    return this.#recording.event(this, event, monotonicNs(), direction);
  }

  /** The number of the request that a reply of that direction would answer; 0 where there is none. */
  answeredBy(direction: 1 | 2, id: number): number {
    return (this.#asked[2 - direction] as Pairing).peek(id);
  }

  /** Records what a flow has passed on, or could not deliver; returns the record's number. */
  passed(flow: Passing, dropped: boolean): number {
    const entry = this.#entry;
    entry.direction = flow.direction;
    entry.flags = dropped ? headerFlag.dropped : 0;
    if (flow.fds.truncated) entry.flags |= headerFlag.ctrunc;
    entry.bytes = flow.memory.bytes;
    entry.length = flow.have;
    entry.streamOffset = flow.streamOffset;
    entry.receivedNs = flow.receivedNs;
    entry.sentNs = flow.sentNs;
    entry.answers = 0;
    entry.fds = flow.fds.identities;
    entry.fdCount = flow.fds.count;
    entry.seg = undefined;
    entry.fdAt = 0;
    entry.continues = undefined;
    entry.alteration = flow.alteration;
    this.#author = flow.alteration?.injected ? ((3 - flow.direction) as 1 | 2) : flow.direction;
    const streamed = this.#streamed[flow.direction - 1] as { n: number; wireLength: number };
    if (flow.passedBefore > 0) {
      entry.kind = 1;
      entry.wireLength = streamed.wireLength;
      entry.continues = { n: streamed.n, offset: flow.passedBefore };
      return this.#recording.add(this, entry);
    }
    if (flow.mode === 'raw' || flow.have < headerSize) return this.#raw(entry, flow);
    const n = this.#message(entry, flow);
    if (flow.mode === 'stream') {
      streamed.n = n;
      streamed.wireLength = entry.wireLength;
    }
    return n;
  }

  #raw(entry: Entry, flow: Passing): number {
    entry.kind = 2;
    entry.wireLength = flow.have;
    if (entry.fds.length > 0) this.#objects.pass(this.#owner.connection, undefined, entry.fds);
    return this.#recording.add(this, entry);
  }

  #message(entry: Entry, flow: Passing): number {
    const { u32, bytes } = flow.memory;
    const id = u32[0] as number;
    const flags = u32[1] as number;
    const size = u32[2] as number;
    const { channel } = this.#link;
    const dir = flow.direction === 1 ? 'front-to-back' : 'back-to-front';
    const reply = isReply(channel, dir, flags);
    entry.kind = 1;
    entry.wireLength = headerSize + size;
    if (reply) {
      entry.flags |= headerFlag.reply;
      entry.answers = flow.alteration?.answers ?? (this.#asked[2 - flow.direction] as Pairing).reply(id);
    }
    if (flow.mode === 'message') {
      if (flow.pieces.several) {
        const pieces = flow.pieces.lengths(flow.have);
        if (!isPlain(pieces)) entry.seg = pieces;
      }
      entry.fdAt = flow.fds.at;
    }
    if (entry.fds.length > 0) {
      const use = useOf(channel, id, reply, ringOf(bytes, size, littleEndian));
      this.#objects.pass(this.#owner.connection, use, entry.fds);
    }
    if (!this.#owner.setting.keepSecrets && mayHoldSecrets(channel, id)) {
      const envelope = this.#envelope(entry, flow);
      const masked = maskSecrets(bytes.subarray(0, flow.have), envelope);
      if (masked !== undefined) {
        entry.bytes = masked;
        entry.flags |= headerFlag.masked;
      }
      const sentBytes = flow.alteration?.sentBytes;
      const maskedToo = sentBytes && maskSecrets(sentBytes, { ...envelope, wireLength: sentBytes.length });
      if (maskedToo) entry.alteration = { ...(flow.alteration as Alteration), sentBytes: maskedToo };
    }
    // What a message shows of the device type helps to read that message already; the event that says so comes behind it.
    const shown = tellsDevice(channel, id) ? this.#inferDevice(entry, flow) : undefined;
    const n = this.#recording.add(this, entry);
    if (shown !== undefined) this.event(shown);
    if (!reply) {
      this.#ask(n, id, flags, size, flow);
      if (channel === 'main' && flow.direction === 1) this.#learn(id, size, flow);
    }
    return n;
  }

  /** What the decoder must know of the message at hand. */
  #envelope({ wireLength }: Entry, { direction, fds }: Passing): Envelope {
    const { channel } = this.#link;
    const context = littleEndian ? this.context : { ...this.context, bigEndian: true };
    return {
      ...{ channel, context, wireLength, fdCount: fds.count },
      dir: direction === 1 ? 'front-to-back' : 'back-to-front',
    };
  }

  #inferDevice(entry: Entry, flow: Passing): DeviceEvent | undefined {
    // Hearing the same again leaves what is inferred as it is, and decoding costs more than passing the message on.
    const heard = this.#heard[flow.direction - 1] as Repetition;
    if (heard.repeats(flow.memory.bytes, flow.have, this.context)) return undefined;
    const message = decodeMessage(flow.memory.bytes.subarray(0, flow.have), this.#envelope(entry, flow));
    const inferred = this.#owner.inference.hear(message);
    return inferred && this.#owner.takeDevice(inferred);
  }

  /** Notes a request as the other side got it: that is what it will answer. */
  #ask(n: number, id: number, flags: number, size: number, flow: Passing): void {
    const asked = this.#asked[flow.direction - 1] as Pairing;
    const context = this.#owner.contexts[2 - flow.direction] as Context;
    const sent = flow.alteration?.sentBytes;
    if (sent === undefined) asked.request(n, id, flags, size, context);
    else if (sent.length >= headerSize) asked.request(n, wordOf(sent, 0), wordOf(sent, 4), wordOf(sent, 8), context);
  }

  /** Takes what a request of the front-end settles into the context of the records to come. */
  #learn(id: number, size: number, flow: Passing): void {
    for (const kind of usesEndedBy('main', id)) {
      const ring = ringOf(flow.memory.bytes, size, littleEndian);
      this.#objects.end(this.#owner.connection, `main:${kind}:${ring}`);
    }
    const { sentBytes, injected } = flow.alteration ?? {};
    const said = injected ? undefined : flow.memory.bytes;
    const [front, back] = this.#owner.contexts;
    const ofFront = said === undefined ? front : withFeatures(front, said, id, size);
    if (front === back && sentBytes === undefined && !injected) {
      if (ofFront !== front) this.#owner.contexts = [ofFront, ofFront];
      return;
    }
    const got = sentBytes ?? flow.memory.bytes;
    const ofBack = got.length < headerSize ? back : withFeatures(back, got, wordOf(got, 0), wordOf(got, 8));
    this.#owner.contexts = [ofFront, ofBack];
  }
}

/** A 32-bit word of a header. */
function wordOf(bytes: Uint8Array, at: number): number {
  return new DataView(bytes.buffer, bytes.byteOffset, headerSize).getUint32(at, littleEndian);
}

/** The context with the features that a request acknowledges. */
function withFeatures(context: Context, bytes: Uint8Array, id: number, size: number): Context {
  if (size !== 8 || (id !== setFeatures && id !== setProtocolFeatures)) return context;
  // The payload begins at byte 12, where a 64-bit view cannot.
  const mask = new DataView(bytes.buffer, bytes.byteOffset + headerSize, 8).getBigUint64(0, littleEndian);
  const key = id === setFeatures ? 'features' : 'protocolFeatures';
  return context[key] === mask ? context : { ...context, [key]: mask };
}
