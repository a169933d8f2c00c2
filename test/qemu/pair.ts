/** A front-end and a back-end with vhuscope in between, both under strace, and the comparison of all three. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { readCapture as readFrames } from '../../src/capture/reader.ts';
import { importFile } from '../../src/import/import.ts';
import { linesOf } from '../../src/import/line-source.ts';
import { unequal } from '../import/equal-records.ts';
import { type CaptureRecord, conversationsOf, readCapture } from './capture.ts';
import { type Allowance, asCaptured, compareConversations } from './compare.ts';
import { type Conversation, conversations, type Side } from './conversation.ts';
import { Program, run, stopAll } from './programs.ts';
import { appears, listening, scenarioFolder, socketPath } from './rig.ts';
import { readTrace, type Trace } from './strace.ts';
import { compareValues } from './values.ts';
import { vhuscope } from './vhuscope.ts';

/** Set to run every scenario without vhuscope, the two peers face to face: a check of the scenarios themselves. */
const withoutProxy = process.env.VHUSCOPE_RIG_DIRECT === '1';

/** Who listens. Usually the back-end does; the proxy then listens in its place. */
export type Roles = 'back-end listens' | 'front-end listens';

/** One pair of peers in a scenario's folder. */
export class Pair {
  readonly folder: string;
  /** Socket of the front-end, and of the back-end. They are one where no proxy is in between. */
  readonly frontSocket: string;
  readonly backSocket: string;
  readonly capture: string;
  /** Every command line, in the order in which they were started. */
  readonly commands: { who: Side | 'vhuscope'; command: readonly string[] }[] = [];
  readonly traces: Record<Side, string[]> = { 'front-end': [], 'back-end': [] };
  private readonly roles: Roles;
  private readonly traced: boolean;
  readonly name: string;
  private proxy: Program | undefined;
  private read: CaptureRecord[] | undefined;

  /** `captures` is the folder of the capture, where it is not that of everything else. */
  constructor(
    scenario: string,
    options: { roles?: Roles; name?: string; folder?: string; captures?: string; traced?: boolean } = {},
  ) {
    this.folder = options.folder ?? scenarioFolder(scenario);
    this.name = options.name ?? 'pair';
    this.roles = options.roles ?? 'back-end listens';
    this.traced = options.traced !== false;
    this.frontSocket = socketPath(this.folder, `${this.name}.front`);
    this.backSocket = withoutProxy ? this.frontSocket : socketPath(this.folder, `${this.name}.back`);
    this.capture = join(options.captures ?? this.folder, `${this.name}.pcapng`);
  }

  /** Starts a peer, under strace unless the pair is not traced; if it is the one that listens, waits for its socket. */
  async start(side: Side, command: readonly string[]): Promise<Program> {
    const socket = side === 'front-end' ? this.frontSocket : this.backSocket;
    const listens = this.roles.startsWith(side);
    if (listens) rmSync(socket, { force: true });
    const number = this.commands.filter(({ who }) => who === side).length + 1;
    const file = join(this.folder, `${this.name}.${side}${number > 1 ? `-${number}` : ''}`);
    if (this.traced) this.traces[side].push(`${file}.strace`);
    this.commands.push({ who: side, command });
    const program = new Program(`${this.name}'s ${side}`, command, {
      log: `${file}.log`,
      ...(this.traced && { trace: `${file}.strace` }),
    });
    if (listens && !(await listening(socket, 30, () => program.alive)))
      throw new Error(`the ${side} does not listen at ${socket}\n${program.output}`);
    return program;
  }

  /**
   * Starts `vhuscope proxy` between the two sockets and waits until it listens, which it does only while there is a
   * peer behind it. `options` are more words for its command line.
   */
  async startProxy(peer: 'is there' | 'is absent' = 'is there', options: readonly string[] = []): Promise<void> {
    if (withoutProxy) return;
    const sockets =
      this.roles === 'back-end listens'
        ? [this.frontSocket, this.backSocket]
        : ['--front-end', `connect:${this.frontSocket}`, '--back-end', `listen:${this.backSocket}`];
    const command = ['proxy', ...sockets, '-w', this.capture, ...options];
    this.commands.push({ who: 'vhuscope', command: ['vhuscope', ...command] });
    const program = new Program(`${this.name}'s proxy`, [process.execPath, vhuscope, ...command], {
      log: join(this.folder, `${this.name}.proxy.log`),
    });
    this.proxy = program;
    if (peer === 'is absent') await program.prints(/waiting for/, 15);
    const socket = this.roles === 'back-end listens' ? this.frontSocket : this.backSocket;
    if (peer === 'is absent') await program.prints(/waiting for/);
    else if (!(await appears(socket, 15, () => program.alive)))
      throw new Error(`the proxy does not listen at ${socket}\n${program.output}`);
  }

  /** Waits until the proxy has said something. */
  async proxyPrints(pattern: RegExp): Promise<void> {
    await this.proxy?.prints(pattern);
  }

  /** Ends the proxy as a person would, with SIGTERM. */
  async stopProxy(): Promise<void> {
    if (!this.proxy) return;
    const ending = await this.proxy.stop();
    if (ending !== 0) throw new Error(`the proxy ended with ${ending}\n${this.proxy.output}`);
  }

  /** Ends the proxy, then whatever else was started, and gives `differences`: what a scenario ends with. */
  async settled(allow?: Partial<Record<Side, Allowance>>, traced?: readonly Side[]): Promise<string[]> {
    await this.stopProxy();
    await stopAll();
    return this.differences(allow, traced);
  }

  /** The records of the capture; none without a proxy. */
  records(): CaptureRecord[] {
    if (!this.proxy) return [];
    this.read ??= readCapture(this.capture);
    return this.read;
  }

  /** Whether a message of this name was captured. Without a proxy there is no capture to ask. */
  captured(name: string): boolean {
    return withoutProxy || this.records().some(record => record.name === name);
  }

  /** How many connections a side made or accepted at its socket, also those that carried nothing. */
  connections(side: Side): number {
    const socket = side === 'front-end' ? this.frontSocket : this.backSocket;
    return this.traces[side].flatMap(file => [...traceOf(file).ends.values()]).filter(end => end.path === socket)
      .length;
  }

  /** How many packets tshark finds in the capture; it must not complain about any. */
  packets(): number {
    if (withoutProxy) return 0;
    return run('tshark', ['-r', this.capture, '-T', 'fields', '-e', 'frame.number']).trim().split('\n').length;
  }

  /** Where the values in the records differ from those that the front-end's trace shows, read independently. */
  misread(): string[] {
    if (withoutProxy) return [];
    const { differences, compared } = compareValues(this.records(), this.conversations('front-end'));
    return compared > 20 ? differences : [`only ${compared} values were compared`, ...differences];
  }

  /**
   * Where the records that are imported from the log of a side differ from those of the capture; empty when the same
   * session gives equal records either way.
   */
  unequalImports(allow: Partial<Record<Side, Allowance>> = {}): string[] {
    if (withoutProxy) return [];
    const recorded = [...readFrames(this.capture)];
    return (['front-end', 'back-end'] as const).flatMap(side => {
      const imported = this.traces[side].flatMap((from, i) => {
        const to = join(this.folder, `${this.name}.${side}.${i}.pcapng`);
        const socket = side === 'front-end' ? this.frontSocket : this.backSocket;
        importFile({ from, to, socket, nameOf: () => this.name });
        return [...readFrames(to)];
      });
      const missing = allow[side]?.unread ?? 0;
      return unequal(recorded, imported, { missing, withoutObjects: side === 'back-end' });
    });
  }

  /** The connections that a side's traces show, in order. */
  conversations(side: Side): Conversation[] {
    const socket = side === 'front-end' ? this.frontSocket : this.backSocket;
    return this.traces[side].flatMap(file => conversations(traceOf(file), socket, side));
  }

  /**
   * Everything in which the capture differs from what the two peers did; empty when it is faithful. Without a proxy,
   * the front-end's trace takes the capture's place: so much for the method itself. A simulated peer has no trace.
   */
  differences(
    allow: Partial<Record<Side, Allowance>> = {},
    traced: readonly Side[] = ['front-end', 'back-end'],
  ): string[] {
    const captured = this.proxy
      ? conversationsOf(this.records())
      : this.conversations('front-end').map(conversation => asCaptured(conversation));
    return traced.flatMap(side => compareConversations(captured, this.conversations(side), side, allow[side]));
  }
}

/** The trace in a file, read once. */
export function traceOf(file: string): Trace {
  const known = traces.get(file) ?? readTrace(linesOf(file));
  traces.set(file, known);
  return known;
}
const traces = new Map<string, Trace>();
