/**
 * What a recording tells of each of its connections: who the peers are, what was negotiated, what was found, how it
 * ended, what is missing. Gathered record by record, in bounded memory; reports and comparisons are made from it. Pure.
 */
import type { Finding } from '../check/rule.ts';
import { DeviceInference, type KnownDevice, tellsDevice } from '../device.ts';
import { judge, Physician } from '../diagnose/diagnose.ts';
import type { Story, Verdict } from '../diagnose/diagnosis.ts';
import type { Channel, Frame } from '../frame.ts';
import type { Message } from '../message.ts';
import { ByConnection } from '../session/by-connection.ts';
import type { Connections } from '../session/connections.ts';
import type { Side } from '../side.ts';
import { type JsonObject, jsonBody } from '../text/event.ts';
import { Timing } from '../timing.ts';
import { type DelaySummary, Delays } from './delays.ts';
import { afterEvent, afterFrame, type Gaps, noGaps } from './gaps.ts';
import { Outset, type OutsetStep } from './outset.ts';
import { objectOf, type Peer, peerOf, textOf } from './peer.ts';

/** How a channel ended. */
export interface ChannelEnd {
  readonly n: number;
  readonly channel: Channel;
  readonly how: string;
  readonly first: string;
  readonly softened: boolean;
  /** Nanoseconds since 1970. */
  readonly wallNs: bigint;
}

/** Answers to one message, in nanoseconds. */
export interface Latency {
  readonly count: number;
  readonly sum: number;
  readonly most: number;
  /** Reply that took longest. */
  readonly mostAt: number;
}

/** Everything about one connection. */
export interface ConnectionAccount {
  readonly pair: string;
  readonly session: number;
  readonly epoch: number;
  readonly story: Story;
  readonly verdicts: readonly Verdict[];
  readonly findings: readonly Finding[];
  readonly peers: { readonly [side in Side]: Peer };
  /** Virtio device id: as it was recorded, else what the messages of the pair speak for. */
  readonly device: number | undefined;
  /** Why the device is taken for what it is. */
  readonly deviceReason: string | undefined;
  /** Wall clock of the first and the last record, nanoseconds since 1970. */
  readonly fromNs: bigint;
  readonly toNs: bigint;
  readonly messages: number;
  readonly delay: DelaySummary | undefined;
  /** By message name. */
  readonly latencies: ReadonlyMap<string, Latency>;
  readonly ends: readonly ChannelEnd[];
  readonly gaps: Gaps;
  readonly steps: readonly OutsetStep[];
  /** Where each ring was first told to begin, by its index. */
  readonly firstBases: ReadonlyMap<number, number>;
}

/** Everything about a recording. */
export interface RecordingAccount {
  readonly captureId: bigint | undefined;
  readonly engine: string | undefined;
  readonly kernel: string | undefined;
  readonly fromNs: bigint;
  readonly toNs: bigint;
  readonly records: number;
  readonly messages: number;
  readonly connections: readonly ConnectionAccount[];
}

interface Gathered {
  readonly fromNs: bigint;
  toNs: bigint;
  messages: number;
  readonly peers: { [side in Side]: Peer };
  readonly delays: Delays;
  readonly latencies: Map<string, Latency>;
  ends: ChannelEnd[];
  gaps: Gaps;
  readonly outset: Outset;
}

/** What is known of the device behind a pair's socket. */
interface PairDevice {
  recorded: number | undefined;
  reason: string | undefined;
  /** What the messages say, where the records say nothing. */
  readonly inference: DeviceInference;
  inferred: KnownDevice | undefined;
}

/** Ends of channels that are kept of a connection. */
const mostEnds = 16;

/** Gathers a recording. */
export class Account {
  readonly #physician = new Physician();
  readonly #connections = new ByConnection<Gathered>();
  readonly #devices = new Map<string, PairDevice>();
  readonly #timing = new Timing();
  #captureId: bigint | undefined;
  #engine: string | undefined;
  #kernel: string | undefined;
  #fromNs: bigint | undefined;
  #toNs = 0n;
  #records = 0;

  /** The connections, as far as the recording was taken. */
  get connections(): Connections {
    return this.#physician.connections;
  }

  /** Takes the next record, with its message where it is one; gives the findings that became true with it. */
  take(frame: Frame, message: Message | undefined): readonly Finding[] {
    this.#records += 1;
    this.#captureId ??= frame.captureId;
    this.#fromNs ??= frame.wallNs;
    if (frame.wallNs > this.#toNs) this.#toNs = frame.wallNs;
    // What is known only in part belongs to no connection, and accuses nobody.
    if (frame.newer !== undefined) return [];
    if (message) return this.#message(frame, message);
    if (frame.kind === 'event') return this.#event(frame, jsonBody(frame) ?? {});
    const gathered = this.#of(frame);
    gathered.gaps = afterFrame(gathered.gaps, frame);
    return frame.kind === 'raw' ? this.#physician.raw(frame) : [];
  }

  /** What is known so far. */
  result(): RecordingAccount {
    const connections = this.#physician.stories().map(story => this.#connection(story));
    return {
      captureId: this.#captureId,
      engine: this.#engine,
      kernel: this.#kernel,
      fromNs: this.#fromNs ?? 0n,
      toNs: this.#toNs,
      records: this.#records,
      messages: connections.reduce((sum, one) => sum + one.messages, 0),
      connections,
    };
  }

  #message(frame: Frame, message: Message): readonly Finding[] {
    const found = this.#physician.message(frame, message);
    const gathered = this.#of(frame);
    gathered.gaps = afterFrame(gathered.gaps, frame);
    if (frame.carried) return found;
    const device = this.#deviceOf(frame.pair);
    device.recorded = frame.context.device ?? device.recorded;
    if (device.recorded === undefined && tellsDevice(message.channel, message.id))
      device.inferred = device.inference.hear(message) ?? device.inferred;
    gathered.messages += 1;
    gathered.delays.take(frame);
    gathered.outset.take(frame, message);
    this.#time(gathered, frame, message);
    return found;
  }

  #event(frame: Frame, event: JsonObject): readonly Finding[] {
    if (event.event === 'started') {
      this.#engine ??= textOf(event.engine);
      this.#kernel ??= textOf(event.kernel);
    }
    if (event.event === 'device' && event.taken !== false) this.#deviceOf(frame.pair).reason = String(event.reason);
    if (frame.session === 0) return [];
    const gathered = this.#of(frame);
    gathered.gaps = afterEvent(gathered.gaps, frame, event);
    if (event.event === 'connected') {
      const { peers } = gathered;
      for (const side of sides) peers[side] = { ...peerOf(objectOf(event[keys[side]])), ...peers[side] };
    }
    if (event.event === 'peer' || event.event === 'peer-exit') {
      const side = event.side as Side;
      if (sides.includes(side)) gathered.peers[side] = { ...gathered.peers[side], ...peerOf(event) };
    }
    if (event.event === 'closed' && gathered.ends.length < mostEnds) {
      gathered.ends.push({
        n: frame.n,
        channel: frame.channel,
        how: String(event.how),
        first: String(event.first ?? 'unknown'),
        softened: event.delivered === 'softened',
        wallNs: frame.wallNs,
      });
    }
    return this.#physician.event(frame, event);
  }

  #deviceOf(pair: string): PairDevice {
    const known = this.#devices.get(pair);
    if (known) return known;
    const device: PairDevice = {
      ...{ recorded: undefined, reason: undefined },
      ...{ inference: new DeviceInference(), inferred: undefined },
    };
    this.#devices.set(pair, device);
    return device;
  }

  #time({ latencies }: Gathered, frame: Frame, { name }: Message): void {
    const { n } = frame;
    const { latencyNs: ns } = this.#timing.next(frame);
    if (ns === undefined) return;
    const known = latencies.get(name) ?? { count: 0, sum: 0, most: -1, mostAt: n };
    const slowest = ns > known.most ? { most: ns, mostAt: n } : known;
    latencies.set(name, { count: known.count + 1, sum: known.sum + ns, most: slowest.most, mostAt: slowest.mostAt });
  }

  #of(frame: Frame): Gathered {
    const gathered = this.#connections.of(frame) ?? this.#connections.set(frame, gatheredFrom(frame));
    if (gathered.messages === 0 && frame.kind === 'message' && frame.channel === 'main') {
      gathered.gaps = { ...gathered.gaps, late: frame.offset > 0 };
    }
    gathered.toNs = frame.wallNs;
    return gathered;
  }

  #connection(story: Story): ConnectionAccount {
    const { pair, session, epoch, findings } = story;
    const gathered = this.#connections.of(story) as Gathered;
    const { fromNs, toNs, messages, peers, delays, latencies, ends, gaps, outset } = gathered;
    const { recorded, reason, inferred } = this.#deviceOf(pair);
    const guess = recorded === undefined ? inferred : undefined;
    return {
      pair,
      session,
      epoch,
      story,
      verdicts: judge(story),
      findings,
      peers,
      device: recorded ?? guess?.id,
      deviceReason: guess?.reason ?? reason,
      fromNs,
      toNs,
      messages,
      delay: delays.summary(),
      latencies,
      ends,
      gaps,
      steps: outset.steps,
      firstBases: outset.firstBases,
    };
  }
}

const sides: readonly Side[] = ['front-end', 'back-end'];
const keys = { 'front-end': 'front_end', 'back-end': 'back_end' } as const;

function gatheredFrom({ wallNs }: Frame): Gathered {
  return {
    fromNs: wallNs,
    toNs: wallNs,
    messages: 0,
    peers: { 'front-end': {}, 'back-end': {} },
    delays: new Delays(),
    latencies: new Map(),
    ends: [],
    gaps: noGaps,
    outset: new Outset(),
  };
}
