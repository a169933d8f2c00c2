/** What the relay's thread tells the engine, and what the engine tells it. Plain data: it crosses threads. */
import type { KnownDevice } from '../decode/device.ts';
import type { Channel, DeviceSource, Dialect, Direction } from '../decode/frame.ts';
import type { Side } from '../decode/side.ts';
import type { Connection } from '../sys/process.ts';
import type { Address } from '../sys/socket.ts';
import type { EndKind } from './ending.ts';
import type { RawReason } from './framing.ts';
import type { Orders } from './hold/orders.ts';
import type { LateFd } from './late-fds.ts';
import type { LossReport } from './loss.ts';

/** How a channel ended. */
export interface Closed {
  how: EndKind;
  first: Side | 'proxy' | 'unknown';
  /** Bytes that one side has sent and the other never got. */
  undelivered_bytes: number;
  /** Whether the other side sees exactly what it would have seen without us. */
  delivered: 'exact' | 'softened';
}

/** Everything the relay reports, with the pair it belongs to. `connection` is a number that is never used again. */
export type Report =
  | { type: 'connected'; pair: string; connection: number; frontEnd: Connection; backEnd: Connection }
  | { type: 'speaking'; pair: string; connection: number; session: number; epoch: number }
  | ({ type: 'closed'; pair: string; connection: number; channel: Channel; spoke: boolean } & Closed)
  /** It is another device type than was known; what comes is read that way. */
  | { type: 'device'; pair: string; connection: number; device: number; from: DeviceSource; reason: string }
  | { type: 'interposed'; pair: string; connection: number; channel: Channel }
  | { type: 'not-interposed'; pair: string; connection: number; channel: Channel; why: string }
  | { type: 'raw'; pair: string; connection: number; channel: Channel; direction: string; reason: RawReason }
  | { type: 'ctrunc'; pair: string; connection: number; channel: Channel; n: number; why: string }
  | { type: 'queued'; pair: string; connection: number }
  | { type: 'absent'; pair: string; side: Side; error: string }
  | { type: 'refused'; pair: string; side: Side; error: string }
  | { type: 'accept-failed'; pair: string; side: Side; error: string }
  | { type: 'internal-error'; pair: string; message: string }
  /** A message is held; `n` is the event that tells of it, `ms` until it goes on by itself. */
  | {
      type: 'held';
      pair: string;
      connection: number;
      channel: Channel;
      direction: Direction;
      n: number;
      name: string;
      rule: string;
      ms?: number;
    }
  /** It is held no longer: `released`, `deadline`, `closed` or `engine-ends`. */
  | { type: 'let-go'; pair: string; connection: number; n: number; how: string; by?: string }
  | LossReport
  | { type: 'close-slowly'; fd: number }
  /** Descriptors of record `n` that are still to be described, and closed. */
  | { type: 'late-fds'; pair: string; connection: number; n: number; fds: readonly LateFd[] }
  /** What the relay says to an `ask` of that number; `error` is for people. */
  | { type: 'answer'; ask: number; result?: unknown; error?: string }
  /** A stop is complete: every connection is closed. */
  | { type: 'finished' }
  | { type: 'stopped'; records: number };

/** Everything the relay can be asked, by name: what it takes, and what it answers. */
export interface Questions extends Orders {
  counts: { params: object; result: { records: number } };
}

/** How the relay reaches one side of a pair. */
export type Reach = { role: 'listen' } | { role: 'connect'; address: Address } | { role: 'fd'; fd: number };

/** What the relay must know of a pair. */
export interface PairSetting {
  name: string;
  frontEnd: Reach;
  backEnd: Reach;
  /** The device type as far as it is known; what one connection shows goes for the next. */
  device?: KnownDevice;
  /** Keep a front-end connected while its back-end is absent. */
  waitBackEnd: boolean;
  preserveSegments: boolean;
  /** Put ourselves into the sockets that are passed over the main connection. */
  interpose: boolean;
  /** Bytes of a message that are recorded at most, by channel. */
  snapLength: { readonly [channel in Channel]?: number };
  keepSecrets: boolean;
}

/** What an event belongs to: a connection, an epoch that is over, or a pair; the first pair where nothing is said. */
export interface EventPlace {
  connection?: number;
  numbers?: { session: number; epoch: number };
  pair?: string;
}

/** What the engine tells the relay. */
export type Command =
  /** Accept connections of that side on this listening socket, which is the relay's from now on. */
  | { type: 'listen'; pair: string; side: Side; fd: number }
  /** Close the listening socket of that side. */
  | { type: 'unlisten'; pair: string; side: Side }
  /** What a close may have changed about who listens is known, and was told. */
  | { type: 'settled'; pair: string }
  /** Connect to both sides. */
  | { type: 'dial'; pair: string }
  /** What implementation a peer is. */
  | { type: 'dialects'; connection: number; frontEnd?: Dialect; backEnd?: Dialect }
  /** What a peer's command line says about the device type. */
  | { type: 'device'; connection: number; device: KnownDevice }
  /** Record an event of the engine's. */
  | ({ type: 'event'; event: { event: string } & Record<string, unknown> } & EventPlace)
  /** Record what so many late descriptors were, which are closed now. */
  | ({ type: 'described'; count: number; event: { event: string } & Record<string, unknown> } & EventPlace)
  /** Answer a question with a report of the same number. */
  | { type: 'ask'; ask: number; question: keyof Questions; params: object }
  /** Close every connection: the recording failed and was required. */
  | { type: 'close-all' }
  | { type: 'stop'; graceMs: number }
  /** Nothing more is to be recorded. */
  | { type: 'over' };
