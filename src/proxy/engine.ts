/**
 * The engine: starts the relay and the recorder, each on its own thread, and keeps what is not in a hurry on this one.
 * It never loads a user interface.
 */
import { randomBytes } from 'node:crypto';
import { Worker } from 'node:worker_threads';
import type { KnownDevice } from '../decode/device.ts';
import { closeEventFd, createEventFd, signalEventFd } from '../sys/event-fd.ts';
import { close } from '../sys/libc.ts';
import { protectFromOutOfMemory, raiseOpenFilesLimit } from '../sys/limits.ts';
import { Asked } from './asked.ts';
import { deviceEvent } from './device-event.ts';
import type { EngineEvent } from './engine-event.ts';
import { checkPairs, type EngineOptions, type PairOptions, settingOf, startedEvent } from './engine-options.ts';
import { Gate, type GateEvent } from './gate.ts';
import type { ArmedRule } from './hold/rule.ts';
import { describeLate } from './late-fds.ts';
import { startRecorder } from './recorder-thread.ts';
import type { RecorderReport } from './recorder-worker.ts';
import type { RelayWorkerData } from './relay-worker.ts';
import type { Command, Questions, Report } from './reports.ts';
import { endRing, ringMemory } from './ring.ts';
import { Rotations } from './rotations.ts';
import { peerEvent, WatchedPeers } from './watched-peers.ts';

export type { EngineEvent } from './engine-event.ts';
export type { CaptureOptions, EngineOptions, PairOptions } from './engine-options.ts';

/** A running engine. */
export interface Engine {
  /** The recording's number, which every record carries. */
  readonly captureId: bigint;
  /** Tells what the command line of a connection's peer says about the device type. */
  learnDevice(connection: number, device: KnownDevice): void;
  /** Adds a person's words to the recording, about record `of` where given. */
  note(text: string, of?: number, author?: string): void;
  /** Records an event of the caller's, on the first pair or the one it names. */
  record(event: { event: string } & Record<string, unknown>, pair?: string): void;
  /** Asks the relay something; rejects with an error for people where it refuses or is gone. */
  ask<Name extends keyof Questions>(
    question: Name,
    params: Questions[Name]['params'],
  ): Promise<Questions[Name]['result']>;
  /** Has the recording go on in a new file; resolves to the one before, rejects with an error for people without one. */
  rotate(by: string): Promise<string>;
  /** Has these rules in place of those that were set before; breakpoints stay. `from` is for the recording. */
  setRules(rules: readonly ArmedRule[], from: string): Promise<void>;
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
/** Milliseconds in which a peer that ends together with us, or because we do, is seen to have ended. */
const lastLookMs = 50;

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
  readonly #asked = new Asked();
  readonly #rotations: Rotations;
  readonly #threads = new Set<Worker>();
  #resolveStopped!: () => void;
  #stopping = false;
  #hurried = false;
  readonly #onExit = (): void => this.#leaveNothing();

  constructor(options: EngineOptions, listener: (event: EngineEvent) => void) {
    this.#options = options;
    this.#listener = listener;
    this.#ring = ringMemory(options.ringBytes ?? defaultRingBytes);
    this.#rotations = new Rotations(this.#ring, options.capture.rotation !== undefined);
    this.stopped = new Promise(resolve => {
      this.#resolveStopped = resolve;
    });
    this.#peers = new WatchedPeers(
      (connection, side, peer, dialect) => {
        const known = this.#connections.get(connection);
        if (known === undefined) return;
        const { pair, session, epoch } = known;
        if (dialect !== undefined)
          this.#command({ type: 'dialects', connection, [side === 'front-end' ? 'frontEnd' : 'backEnd']: dialect });
        const numbers = { session, epoch };
        this.#command({ type: 'event', pair, connection, numbers, event: peerEvent(side, peer) });
        listener({ type: 'peer', pair, connection, side, ...peer });
      },
      (connection, side, end) => {
        const known = this.#connections.get(connection);
        if (known === undefined) return;
        const { pair, session, epoch } = known;
        const event = { event: 'peer-exit', side, ...end };
        this.#command({ type: 'event', pair, numbers: { session, epoch }, event });
        listener({ type: 'peer-exit', pair, connection, side, ...end });
      },
    );
  }

  async start(): Promise<void> {
    const { pairs } = this.#options;
    try {
      for (const pair of pairs) this.#gates.set(pair.name, this.#gateOf(pair));
      const { capture, version } = this.#options;
      this.#endsWith(await startRecorder(this.#ring, capture, version, report => this.#hearRecorder(report)));
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
    this.#relay.on('exit', () => this.#asked.end());
    this.#endsWith(this.#relay);
    process.on('exit', this.#onExit);
    for (const pair of pairs) {
      this.record(startedEvent(pair, this.#options.version), pair.name);
      if (pair.device !== undefined && pair.device.from !== 'option')
        this.record(deviceEvent(pair.device, true), pair.name);
    }
    // Commands keep their order: the rules are in force before anybody can connect.
    const { rules = [], breakpoints = [] } = this.#options;
    if (rules.length > 0) await this.setRules(rules, 'the start');
    for (const rule of breakpoints) await this.ask('add-rule', { rule, by: 'the command line' });
    for (const gate of this.#gates.values()) gate.start();
  }

  #gateOf({ name, frontEnd, backEnd, waitBackEnd }: PairOptions): Gate {
    const sides = { 'front-end': frontEnd, 'back-end': backEnd };
    const tell = (event: GateEvent) => {
      this.#listener(event);
      if (event.type === 'waiting' && event.side === 'back-end')
        this.record({ event: 'back-end-absent', ...(event.gone && { gone: true }) }, name);
    };
    return new Gate(name, sides, waitBackEnd ?? false, command => this.#command(command), tell);
  }

  #hearRecorder(report: RecorderReport): void {
    this.#rotations.hear(report);
    if (report.type !== 'rotated') this.#listener(report);
    // Told in the recording too: it stands where the gap is, once there is room again.
    if (report.type === 'recording-failed') this.record({ event: report.type, message: report.message });
    if (report.type === 'recording-recovered') this.record({ event: report.type });
    if (report.type === 'recording-failed' || report.type === 'unwritable') this.#endWhereRequired();
  }

  #endWhereRequired(): void {
    if (this.#options.capture.required !== true) return;
    for (const gate of this.#gates.values()) gate.close();
    this.#command({ type: 'close-all' });
  }

  #hear(report: Report): void {
    if (report.type === 'close-slowly') return void close(report.fd);
    if (report.type === 'late-fds') return void this.#describeLate(report);
    if (report.type === 'answer') this.#asked.answered(report);
    if (report.type === 'finished') return void this.#finished();
    if (report.type === 'stopped' || report.type === 'answer') return;
    this.#listener(report);
    if (report.type === 'connected') {
      const { pair, connection, frontEnd, backEnd } = report;
      this.#connections.set(connection, { pair, session: 0, epoch: 0 });
      void this.#peers.identify(pair, connection, 'front-end', frontEnd);
      void this.#peers.identify(pair, connection, 'back-end', backEnd);
    } else if (report.type === 'speaking') {
      const { pair, connection, session, epoch } = report;
      this.#connections.set(connection, { pair, session, epoch });
    } else if (report.type === 'closed' && report.channel === 'main') void this.#follow(report.connection);
    if (report.type === 'recording-behind') this.#endWhereRequired();
    if (report.type === 'connected' || report.type === 'absent') this.#gates.get(report.pair)?.look();
    if (report.type === 'closed') this.#gates.get(report.pair)?.settle();
  }

  #describeLate({ pair, connection, n, fds }: Extract<Report, { type: 'late-fds' }>): void {
    const { session, epoch } = this.#connections.get(connection) ?? { session: 0, epoch: 0 };
    const place = { pair, connection, numbers: { session, epoch } };
    this.#command({ type: 'described', ...place, count: fds.length, event: describeLate(n, fds) });
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

  learnDevice(connection: number, device: KnownDevice): void {
    this.#command({ type: 'device', connection, device });
  }

  note(text: string, of?: number, author?: string): void {
    this.record({ event: 'note', text, ...(of !== undefined && { of }), ...(author !== undefined && { author }) });
  }

  record(event: { event: string } & Record<string, unknown>, pair?: string): void {
    this.#command({ type: 'event', event, ...(pair !== undefined && { pair }) });
  }

  ask<Name extends keyof Questions>(
    question: Name,
    params: Questions[Name]['params'],
  ): Promise<Questions[Name]['result']> {
    return this.#asked.add(ask => this.#command({ type: 'ask', ask, question, params }));
  }

  async setRules(rules: readonly ArmedRule[], from: string): Promise<void> {
    await this.ask('set-rules', { rules });
    this.record({ event: 'rules', from, rules: rules.map(({ rule: { name, place } }) => ({ name, place })) });
  }

  async rotate(by: string): Promise<string> {
    const from = await this.#rotations.ask();
    this.record({ event: 'rotated', from: from.replace(/.*\//, ''), by });
    return from;
  }

  async stop(graceMs: number = defaultGraceMs): Promise<void> {
    if (!this.#stopping) {
      this.#stopping = true;
      for (const gate of this.#gates.values()) gate.close();
    }
    this.#hurried = graceMs === 0;
    this.#command({ type: 'stop', graceMs });
    await this.stopped;
  }

  /** Every connection is closed: what has become of the peers is the last that is recorded. */
  async #finished(): Promise<void> {
    await this.#peers.settle(this.#hurried ? 0 : lastLookMs);
    this.record({ event: 'stopped' });
    this.#command({ type: 'over' });
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
    this.#command({ type: 'over' });
  }
}
