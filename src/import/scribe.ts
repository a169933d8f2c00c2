/**
 * Makes the records that the relay would have written, had it been there: numbers, sessions and epochs, which request a
 * reply answers, what was agreed on, which descriptors are the same object. What the source does not tell stays
 * unknown. Pure: records go to whoever takes them.
 */
import type { Piece } from '../capture/section.ts';
import { candidates } from '../decode/catalog.ts';
import { type Channel, type Context, channels, type Direction, type FdIdentity } from '../decode/frame.ts';
import { headerSize, isReply, readHeader, requester } from '../decode/header.ts';
import { Objects } from '../decode/objects.ts';
import { Pairing } from '../decode/pairing.ts';
import { maskSecrets, mayHoldSecrets } from '../decode/secrets.ts';
import { otherWay, type Side } from '../decode/side.ts';
import { ringOf, useOf, usesEndedBy } from '../decode/uses.ts';

const setFeatures = 2;
const setProtocolFeatures = 16;

/** A descriptor as a source describes it. */
export interface HeardFd {
  identity: FdIdentity;
  /** Names the kernel object as long as somebody holds it, where the source can tell one from another. */
  handle?: number;
}

/** One message, or bytes that are none, as a source tells it. */
export interface Heard {
  kind: 'message' | 'raw';
  channel: Channel;
  dir: Direction;
  /** Header and payload, as far as they are known from the start. */
  bytes: Uint8Array;
  /** Length of the whole, header included. */
  wireLength: number;
  /** Place of the first byte in its direction's stream, where the source knows better than to count. */
  offset?: number;
  fds: readonly HeardFd[];
  /** How many descriptors came, where more than are described. */
  fdCount?: number;
  /** Offset in the message at which the first descriptor came, where not 0. */
  fdAt?: number;
  /** When it was sent or received, nanoseconds since 1970; the last known time where the source tells none. */
  timeNs: bigint | undefined;
  /** When the call that moved it returned, where the source tells. */
  endedNs?: bigint | undefined;
  /** Its number, where the source has numbers. */
  n?: number | undefined;
}

/** How a channel ended. */
export interface Ending {
  how: 'eof' | 'reset' | 'epipe' | 'shutdown';
  first: Side | 'unknown';
}

/** What a scribe is told beforehand. */
export interface ScribeOptions {
  /** Number of the recording. */
  captureId: bigint;
  /** Virtio device id, where known. */
  device?: number | undefined;
  /** Keep crypto keys. */
  keepSecrets?: boolean;
}

/** Something vhuscope tells: a JSON object. */
export type EventBody = { readonly event: string } & { readonly [key: string]: unknown };

interface Place {
  pair: string;
  session: number;
  epoch: number;
}

const utf8 = new TextEncoder();

/** Writes down what several connections say. */
export class Scribe {
  readonly options: ScribeOptions;
  readonly objects = new Objects();
  readonly #take: (record: Piece) => void;
  /** Epochs so far by session, the one that ended last at the end, by pair. */
  readonly #epochs = new Map<string, Map<number, { epochs: number; live: boolean }>>();
  #last = 0;
  #now = 0n;
  #connections = 0;

  /** @param take gets every record, in order */
  constructor(options: ScribeOptions, take: (record: Piece) => void) {
    this.options = options;
    this.#take = take;
  }

  /** The pair that spoke last. */
  pair = '';

  /** Connections that have spoken. */
  get connections(): number {
    return this.#connections;
  }

  /** A connection has begun to speak. `numbers` are those the source gives it; else they follow from what overlaps. */
  connect(pair: string, numbers?: { session: number; epoch: number }): Conversation {
    this.#connections++;
    this.pair = pair;
    const sessions = this.#epochs.get(pair) ?? new Map<number, { epochs: number; live: boolean }>();
    this.#epochs.set(pair, sessions);
    const session = numbers?.session ?? [...sessions].findLast(([, { live }]) => !live)?.[0] ?? sessions.size + 1;
    const epoch = numbers?.epoch ?? (sessions.get(session)?.epochs ?? 0) + 1;
    sessions.delete(session);
    sessions.set(session, { epochs: epoch, live: true });
    return new Conversation(this, { pair, session, epoch }, this.#connections);
  }

  /** A connection is over: the next one on its pair may be its next epoch. */
  disconnected({ pair, session, epoch }: Place): void {
    const sessions = this.#epochs.get(pair);
    sessions?.delete(session);
    sessions?.set(session, { epochs: epoch, live: false });
  }

  /** Writes an event; `place` 0.0 where it belongs to no connection. */
  event(place: Place, body: EventBody, timeNs?: bigint, more: Partial<Piece> = {}): number {
    const bytes = utf8.encode(JSON.stringify(body));
    return this.record({ kind: 'event', ...place, channel: 'main', bytes, context: {}, ...more }, timeNs);
  }

  /** Completes a record and hands it on; returns its number. */
  record(
    known: Pick<Piece, 'kind' | 'channel' | 'bytes' | 'context'> & Place & Partial<Piece>,
    timeNs?: bigint,
  ): number {
    if (timeNs !== undefined) this.#now = timeNs;
    this.#last = known.n !== undefined && known.n > this.#last ? known.n : this.#last + 1;
    this.#take({
      ...{ wallNs: this.#now, receivedNs: this.#now, sentNs: 0n },
      ...{ captureId: this.options.captureId, wireLength: known.bytes.length, offset: 0, fds: [] },
      ...known,
      n: this.#last,
    });
    return this.#last;
  }
}

/** One connection and the channels that are opened over it. */
export class Conversation {
  readonly place: Place;
  readonly #scribe: Scribe;
  readonly #number: number;
  #context: Context;
  /** Open requests by channel and the direction they went. */
  readonly #asked = new Map<string, Pairing>();
  /** Bytes so far, by channel and direction. */
  readonly #lengths = new Map<string, number>();

  constructor(scribe: Scribe, place: Place, number: number) {
    this.#scribe = scribe;
    this.#number = number;
    this.place = place;
    const { device } = scribe.options;
    this.#context = device === undefined ? {} : { device };
  }

  /** The source tells what device this is. */
  isDevice(id: number): void {
    this.#context = { ...this.#context, device: id };
  }

  /** What is known to decode the next message. */
  get context(): Context {
    return this.#context;
  }

  /** Writes down a message or raw bytes; returns its number. */
  hear(heard: Heard): number {
    const { channel, dir, bytes, wireLength, timeNs, endedNs } = heard;
    const offset = heard.offset ?? this.#lengths.get(`${channel} ${dir}`) ?? 0;
    this.#lengths.set(`${channel} ${dir}`, offset + wireLength);
    const header = heard.kind === 'message' ? readHeader(bytes) : undefined;
    const reply = header !== undefined && isReply(channel, dir, header.flags);
    const answers = reply && header ? this.#pairing(channel, otherWay(dir)).reply(header.id) : 0;
    const fds = this.#identified(heard, header?.id, reply);
    const kept = header ? this.#masked(heard, header.id) : undefined;
    const n = this.#scribe.record(
      {
        ...{ kind: header ? 'message' : 'raw', ...this.place, channel, dir, bytes: kept ?? bytes, wireLength, offset },
        ...{ fds, context: this.#context },
        ...(heard.n !== undefined && { n: heard.n }),
        ...(heard.fdCount !== undefined && { fdCount: heard.fdCount }),
        ...(timeNs !== undefined && { receivedNs: endedNs ?? timeNs }),
        ...(endedNs !== undefined && { sentNs: endedNs }),
        ...(reply && { reply }),
        ...(answers > 0 && { answers }),
        ...(heard.fdAt !== undefined && heard.fdAt > 0 && { fdAt: heard.fdAt }),
        ...(bytes.length < wireLength && { snapped: true }),
        ...(kept && { masked: true }),
      },
      timeNs,
    );
    if (header && !reply) this.#asks(heard, header, n);
    return n;
  }

  /** Writes an event of this connection. */
  event(body: EventBody, timeNs?: bigint, channel: Channel = 'main'): number {
    return this.#scribe.event(this.place, body, timeNs, { channel, context: this.#context });
  }

  /** A channel is over; with the main channel the connection is. */
  close(channel: Channel, ending: Ending, timeNs: bigint | undefined): void {
    this.event({ event: 'closed', channel, ...ending }, timeNs, channel);
    if (channel !== 'main') return;
    this.#scribe.objects.endSession(this.#number);
    this.#scribe.disconnected(this.place);
  }

  #pairing(channel: Channel, dir: Direction): Pairing {
    const key = `${channel} ${dir}`;
    const pairing = this.#asked.get(key) ?? new Pairing(channel);
    this.#asked.set(key, pairing);
    return pairing;
  }

  /** The identities of the descriptors, with the numbers of their objects. */
  #identified({ channel, bytes, fds }: Heard, id: number | undefined, reply: boolean): FdIdentity[] {
    if (fds.length === 0) return [];
    const ring = ringOf(bytes, bytes.length - headerSize, true);
    const use = id === undefined ? undefined : useOf(channel, id, reply, ring);
    // A handle stands in for the number the kernel gives an object, which only the kernel knows.
    const known = fds.map(({ identity, handle }) =>
      handle === undefined ? { ...identity } : { kind: identity.kind, id: handle },
    );
    if (known.some(fd => fd.object === undefined)) this.#scribe.objects.pass(this.#number, use, known);
    return fds.map(({ identity }, i) => {
      const { object, sameIdAs } = known[i] as FdIdentity;
      return { ...identity, ...(object !== undefined && { object }), ...(sameIdAs !== undefined && { sameIdAs }) };
    });
  }

  #masked({ channel, dir, bytes, wireLength, fds }: Heard, id: number): Uint8Array | undefined {
    if (this.#scribe.options.keepSecrets || !mayHoldSecrets(channel, id)) return undefined;
    return maskSecrets(bytes, { channel, dir, context: this.#context, wireLength, fdCount: fds.length });
  }

  /** Remembers a request, and takes what it settles into the context of what follows. */
  #asks(
    { channel, dir, bytes }: Heard,
    { id, flags, size }: { id: number; flags: number; size: number },
    n: number,
  ): void {
    this.#pairing(channel, dir).request(n, id, flags, size, this.#context);
    if (channel !== 'main' || dir !== 'front-to-back') return;
    for (const kind of usesEndedBy('main', id))
      this.#scribe.objects.end(this.#number, `main:${kind}:${ringOf(bytes, size, true)}`);
    if (size !== 8 || bytes.length < headerSize + 8) return;
    const mask = new DataView(bytes.buffer, bytes.byteOffset + headerSize, 8).getBigUint64(0, true);
    if (id === setFeatures) this.#context = { ...this.#context, features: mask };
    if (id === setProtocolFeatures) this.#context = { ...this.#context, protocolFeatures: mask };
  }
}

/**
 * The direction of the first message seen on a main connection, whoever sent it; undefined where these bytes begin no
 * vhost-user message.
 */
export function isMessageOf(channel: Channel, bytes: Uint8Array, bigEndian = false): { reply: boolean } | undefined {
  const header = readHeader(bytes, 0, bigEndian);
  if (!header || (header.flags & 3) !== 1 || header.flags > 0xf || candidates(channel, header.id).length === 0)
    return undefined;
  return { reply: isReply(channel, requester(channel), header.flags) };
}

/** The name of a channel's interface in a capture. */
export function interfaceName(pair: string, channel: Channel): string {
  return `${pair}/${channels.includes(channel) ? channel : 'main'}`;
}
