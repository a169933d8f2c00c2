/**
 * The engine: starts the relay and the recorder, each on its own thread, and keeps what is not in a hurry on this one.
 * It never loads a user interface.
 */
import { randomBytes } from 'node:crypto';
import { release } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { Channel } from '../decode/frame.ts';
import { closeEventFd, createEventFd, signalEventFd } from '../sys/event-fd.ts';
import { close } from '../sys/libc.ts';
import { protectFromOutOfMemory, raiseOpenFilesLimit } from '../sys/limits.ts';
import type { Peer } from '../sys/process.ts';
import { type Address, addressText, socketNature } from '../sys/socket.ts';
import { Gate, type GateEvent, type SideOptions } from './gate.ts';
import type { Rotation } from './recorder.ts';
import type { RecorderReport, RecorderWorkerData } from './recorder-worker.ts';
import type { RelayWorkerData } from './relay-worker.ts';
import type { Command, PairSetting, Reach, Report, Side } from './reports.ts';
import { endRing, ringMemory } from './ring.ts';
import { WatchedPeers } from './watched-peers.ts';

/** One pair of a front-end and a back-end. */
export interface PairOptions {
  /** Names the pair in the capture: its interfaces are `name/main` and so on. */
  name: string;
  frontEnd: SideOptions;
  backEnd: SideOptions;
  /** Virtio device id, where it is known. */
  device?: number;
  /** Listen even while the back-end is absent, and keep front-ends waiting for it. */
  waitBackEnd?: boolean;
  /** Send messages on in the pieces in which they came. */
  preserveSegments?: boolean;
  /** Record the sockets that are passed over the main connection as channels too; default true. */
  interpose?: boolean;
  /** Bytes of a message that are recorded at most, by channel; 4096 on the gpu channel by default. */
  snapLength?: { readonly [channel in Channel]?: number };
  /** Record keys as they are. */
  keepSecrets?: boolean;
}

/** Where and how to record. */
export interface CaptureOptions {
  path: string;
  /** Ask the disk to store it at least every so many milliseconds. */
  fsyncMs?: number;
  rotation?: Rotation;
  /** Close all connections rather than let one go on unrecorded. */
  required?: boolean;
}

/** What an engine is started with. */
export interface EngineOptions {
  pairs: readonly PairOptions[];
  capture: CaptureOptions;
  /** The program and its version, `vhuscope 1.2.3`. */
  version: string;
  /** Bytes of the ring between relay and recorder, a power of two; 32 MiB by default. */
  ringBytes?: number;
}

/** What an engine tells while it runs. */
export type EngineEvent =
  | Exclude<Report, { type: 'close-slowly' | 'stopped' }>
  | RecorderReport
  | GateEvent
  | ({ type: 'peer'; pair: string; connection: number; side: Side } & Peer)
  | { type: 'peer-exit'; pair: string; connection: number; side: Side; pid: number; state: string; after_ms: number };

/** A running engine. */
export interface Engine {
  /** The recording's number, which every record carries. */
  readonly captureId: bigint;
  /** Adds a person's words to the recording, about record `of` where given. */
  note(text: string, of?: number, author?: string): void;
  /** Records an event of the caller's, on the first pair or the one it names. */
  record(event: { event: string } & Record<string, unknown>, pair?: string): void;
  /**
   * Ends everything: listens no more, delivers what is on its way for at most `graceMs` (500 by default), copies the
   * closes, writes the capture to its end and removes the sockets. A second call with a shorter time hurries.
   */
  stop(graceMs?: number): Promise<void>;
  /** Resolves when the engine has stopped, for whatever reason. */
  readonly stopped: Promise<void>;
}

const defaultRingBytes = 32 * 1024 * 1024;
const defaultGraceMs = 500;
const defaultGpuSnapLength = 4096;

/**
 * Starts an engine. Rejects, with an error for people, where a capture cannot be written or a socket not be made.
 * `listener` is called on this thread.
 */
export async function startEngine(options: EngineOptions, listener: (event: EngineEvent) => void): Promise<Engine> {
  raiseOpenFilesLimit();
  protectFromOutOfMemory();
  checkPairs(options.pairs);
  const engine = new RunningEngine(options, listener);
  await engine.start();
  return engine;
}

function checkPairs(pairs: readonly PairOptions[]): void {
  const places = new Map<string, string>();
  for (const { name, frontEnd, backEnd } of pairs) {
    if (name === '' || name.includes('/')) throw new Error(`a pair cannot be named '${name}'`);
    if (places.has(`pair ${name}`)) throw new Error(`two pairs are named ${name}`);
    places.set(`pair ${name}`, name);
    for (const side of [frontEnd, backEnd]) {
      if (side.role === 'fd') {
        if (socketNature(side.fd) === 'other') throw new Error(`descriptor ${side.fd} is not a UNIX stream socket`);
        continue;
      }
      const place = addressText(side.address);
      const taken = places.get(place);
      if (taken === name) throw new Error(`both sides of ${name} are ${place}`);
      if (taken !== undefined && side.role === 'listen') throw new Error(`${place} is used by ${taken} and by ${name}`);
      places.set(place, name);
    }
  }
}

class RunningEngine implements Engine {
  readonly captureId = randomBytes(8).readBigUInt64LE();
  readonly stopped: Promise<void>;
  readonly #options: EngineOptions;
  readonly #listener: (event: EngineEvent) => void;
  readonly #bell = createEventFd();
  readonly #ring: SharedArrayBuffer;
  readonly #gates = new Map<string, Gate>();
  readonly #peers: WatchedPeers;
  /** Pair and numbers of each connection, until its peers have been followed to their end. */
  readonly #connections = new Map<number, { pair: string; session: number; epoch: number }>();
  #relay: Worker | undefined;
  readonly #threads = new Set<Worker>();
  #resolveStopped!: () => void;
  #stopping = false;
  readonly #onExit = (): void => this.#leaveNothing();

  constructor(options: EngineOptions, listener: (event: EngineEvent) => void) {
    this.#options = options;
    this.#listener = listener;
    this.#ring = ringMemory(options.ringBytes ?? defaultRingBytes);
    this.stopped = new Promise(resolve => {
      this.#resolveStopped = resolve;
    });
    this.#peers = new WatchedPeers(
      (connection, side, peer, dialect) => {
        const pair = this.#connections.get(connection)?.pair;
        if (pair === undefined) return;
        if (dialect !== undefined)
          this.#command({ type: 'dialects', connection, [side === 'front-end' ? 'frontEnd' : 'backEnd']: dialect });
        this.#command({ type: 'event', connection, event: peerEvent(side, peer) });
        listener({ type: 'peer', pair, connection, side, ...peer });
      },
      (connection, side, end) => {
        const known = this.#connections.get(connection);
        if (known === undefined) return;
        const { pair, session, epoch } = known;
        this.#command({
          type: 'event',
          pair,
          numbers: { session, epoch },
          event: { event: 'peer-exit', side, ...end },
        });
        listener({ type: 'peer-exit', pair, connection, side, ...end });
      },
    );
  }

  async start(): Promise<void> {
    const { pairs } = this.#options;
    try {
      for (const pair of pairs) this.#gates.set(pair.name, this.#gateOf(pair));
      await this.#startRecorder();
    } catch (error) {
      closeEventFd(this.#bell);
      throw error;
    }
    const workerData: RelayWorkerData = {
      ...{ ring: this.#ring, captureId: this.captureId, bell: this.#bell },
      pairs: pairs.map(settingOf),
    };
    this.#relay = new Worker(new URL('./relay-worker.js', import.meta.url), { workerData });
    this.#relay.on('message', (report: Report) => this.#hear(report));
    this.#relay.on('error', error => this.#relayDied(error));
    this.#endsWith(this.#relay);
    process.on('exit', this.#onExit);
    for (const pair of pairs) this.record(startedEvent(pair, this.#options.version), pair.name);
    for (const gate of this.#gates.values()) gate.start();
  }

  #gateOf({ name, frontEnd, backEnd, waitBackEnd }: PairOptions): Gate {
    const sides = { 'front-end': frontEnd, 'back-end': backEnd };
    return new Gate(name, sides, waitBackEnd ?? false, command => this.#command(command), this.#listener);
  }

  async #startRecorder(): Promise<void> {
    const { path, fsyncMs, rotation } = this.#options.capture;
    const workerData: RecorderWorkerData = {
      ...{ ring: this.#ring, path },
      ...(fsyncMs !== undefined && { fsyncMs }),
      ...(rotation !== undefined && { rotation }),
      section: { hardware: process.arch, os: `Linux ${release()}`, userAppl: this.#options.version },
    };
    const recorder = new Worker(new URL('./recorder-worker.js', import.meta.url), { workerData });
    await new Promise<void>((resolve, reject) => {
      recorder.once('error', reject);
      recorder.once('message', (report: RecorderReport) => {
        if (report.type === 'unwritable') reject(new Error(report.message));
        else resolve();
      });
    });
    recorder.on('message', (report: RecorderReport) => this.#hearRecorder(report));
    this.#endsWith(recorder);
  }

  #hearRecorder(report: RecorderReport): void {
    this.#listener(report);
    const failed = report.type === 'recording-failed' || report.type === 'unwritable';
    if (!failed || this.#options.capture.required !== true) return;
    for (const gate of this.#gates.values()) gate.close();
    this.#command({ type: 'close-all' });
  }

  #hear(report: Report): void {
    if (report.type === 'close-slowly') return void close(report.fd);
    if (report.type === 'stopped') return;
    this.#listener(report);
    if (report.type === 'connected') {
      const { pair, connection, frontEnd, backEnd } = report;
      this.#connections.set(connection, { pair, session: 0, epoch: 0 });
      void this.#peers.identify(connection, 'front-end', frontEnd);
      void this.#peers.identify(connection, 'back-end', backEnd);
    } else if (report.type === 'speaking') {
      const { pair, connection, session, epoch } = report;
      this.#connections.set(connection, { pair, session, epoch });
    } else if (report.type === 'closed' && report.channel === 'main') void this.#follow(report.connection);
    if (report.type === 'connected' || report.type === 'closed' || report.type === 'absent')
      this.#gates.get(report.pair)?.look();
  }

  async #follow(connection: number): Promise<void> {
    await this.#peers.follow(connection);
    this.#connections.delete(connection);
  }

  #command(command: Command): void {
    if (this.#relay === undefined) return;
    this.#relay.postMessage(command);
    signalEventFd(this.#bell);
  }

  note(text: string, of?: number, author?: string): void {
    this.record({ event: 'note', text, ...(of !== undefined && { of }), ...(author !== undefined && { author }) });
  }

  record(event: { event: string } & Record<string, unknown>, pair?: string): void {
    this.#command({ type: 'event', event, ...(pair !== undefined && { pair }) });
  }

  async stop(graceMs: number = defaultGraceMs): Promise<void> {
    if (!this.#stopping) {
      this.#stopping = true;
      for (const gate of this.#gates.values()) gate.close();
      this.#peers.settle();
      this.record({ event: 'stopped' });
    }
    this.#command({ type: 'stop', graceMs });
    await this.stopped;
  }

  /** A bug that even the relay's own precautions did not hold; the kernel has closed nothing, but nothing moves. */
  #relayDied(error: Error): void {
    this.#listener({ type: 'internal-error', pair: '', message: error.stack ?? error.message });
    for (const gate of this.#gates.values()) gate.close();
    endRing(this.#ring);
  }

  /** The engine is over when its threads are. */
  #endsWith(thread: Worker): void {
    this.#threads.add(thread);
    thread.on('exit', () => {
      this.#threads.delete(thread);
      if (this.#threads.size === 0) this.#over();
    });
  }

  #over(): void {
    this.#peers.close();
    process.off('exit', this.#onExit);
    closeEventFd(this.#bell);
    this.#resolveStopped();
  }

  /** The process exits without having stopped the engine. */
  #leaveNothing(): void {
    for (const gate of this.#gates.values()) gate.close();
    this.#command({ type: 'stop', graceMs: 0 });
  }
}

function settingOf(pair: PairOptions): PairSetting {
  return {
    name: pair.name,
    frontEnd: reachOf(pair.frontEnd),
    backEnd: reachOf(pair.backEnd),
    ...(pair.device !== undefined && { device: pair.device }),
    waitBackEnd: pair.waitBackEnd ?? false,
    preserveSegments: pair.preserveSegments ?? false,
    interpose: pair.interpose ?? true,
    snapLength: { gpu: defaultGpuSnapLength, ...pair.snapLength },
    keepSecrets: pair.keepSecrets ?? false,
  };
}

function reachOf(side: SideOptions): Reach {
  if (side.role === 'connect') return { role: 'connect', address: side.address };
  // A listening socket that was handed to us is one we accept on, like our own.
  if (side.role === 'fd' && socketNature(side.fd) === 'connection') return side;
  return { role: 'listen' };
}

function startedEvent(pair: PairOptions, engine: string): { event: string } & Record<string, unknown> {
  return {
    ...{ event: 'started', engine, kernel: release(), pid: process.pid, pair: pair.name },
    front_end: roleText(pair.frontEnd),
    back_end: roleText(pair.backEnd),
    ...(pair.device !== undefined && { device: pair.device }),
  };
}

function roleText(side: SideOptions): { role: string; address: string } {
  return { role: side.role, address: side.role === 'fd' ? `fd ${side.fd}` : addressText(side.address) };
}

function peerEvent(side: Side, { process: info, foundBy, reason }: Peer): { event: string } & Record<string, unknown> {
  return {
    ...{ event: 'peer', side, pid: info.pid, comm: info.comm, executable: info.executable },
    ...{ build_id: info.buildId, version: info.version, command_line: info.commandLine, found_by: foundBy, reason },
  };
}

export type { Address };
