/**
 * A trace gone through once, in slices: the state at every row, what rules find, phases, counts. What was gone through
 * can be asked for while it goes on.
 */
import { Account, type ConnectionAccount } from '../decode/account/account.ts';
import type { Finding, Severity } from '../decode/check/rule.ts';
import type { Frame } from '../decode/frame.ts';
import type { Message } from '../decode/message.ts';
import { type Phase, phases } from '../decode/phase.ts';
import { ByConnection } from '../decode/session/by-connection.ts';
import { Timing } from '../decode/timing.ts';
import { Notes } from './notes.ts';
import { type Folding, States } from './states.ts';
import { Counting, type Statistics } from './statistics.ts';
import type { Trace } from './trace.ts';

/** A finding and the row at which it became true. */
export interface PlacedFinding extends Finding {
  readonly row: number;
}

/** Messages of a connection that follow each other in the same phase. */
export interface Stretch {
  readonly pair: string;
  readonly session: number;
  readonly epoch: number;
  readonly phase: Phase;
  /** Its first and its last row; rows of other connections may lie between. */
  readonly first: number;
  readonly last: number;
  readonly messages: number;
  /** What was said, each name once, the first few. */
  readonly names: readonly string[];
  /** Wall clock of the first and the last message, nanoseconds since 1970. */
  readonly fromNs: bigint;
  readonly toNs: bigint;
}

/** Rows between two looks at the clock. */
const rowsAtATime = 256;
/** Findings and stretches that are kept; those beyond are counted. */
const mostFindings = 10_000;
const mostStretches = 10_000;
/** Names that are kept of a stretch. */
const mostNames = 12;
const rowsInChunk = 65_536;
/** What is told of a row in one byte: a phase by its number in `phases` and 1, above it the worst severity likewise. */
const phaseMask = 0x3f;
const severityShift = 6;
const severities: readonly Severity[] = ['error', 'warning', 'note'];

type Growing<T> = { -readonly [K in keyof T]: T[K] };

/** The survey of a trace. */
export class Survey {
  readonly states: States;
  readonly findings: PlacedFinding[] = [];
  readonly stretches: Growing<Stretch>[] = [];
  readonly notes = new Notes();
  readonly #counts = { error: 0, warning: 0, note: 0 };
  readonly #account = new Account();
  readonly #counting = new Counting();
  readonly #timing = new Timing();
  /** Of each row the phase, and the worst thing that was found there. */
  readonly #told: Uint8Array[] = [];
  readonly #open = new ByConnection<Growing<Stretch>>();

  constructor(trace: Trace) {
    const take: Folding['take'] = (frame, message, row) => this.#take(frame, message, row);
    this.states = new States(trace, {}, { connections: this.#account.connections, take });
  }

  /** Rows gone through. */
  get length(): number {
    return this.states.length;
  }

  /** How many findings there are of each severity, those included that are not kept. */
  get counts(): { readonly [severity in Severity]: number } {
    return { ...this.#counts };
  }

  /** Goes on until a time of `performance.now()`; false once all there are were gone through. */
  advance(until: number): boolean {
    while (this.states.advance(rowsAtATime)) if (performance.now() >= until) return true;
    return false;
  }

  /** The worst thing that was found at a row. */
  severityAt(row: number): Severity | undefined {
    return severities[(this.#toldAt(row) >> severityShift) - 1];
  }

  /** The row of a finding, counted from another row in a direction; undefined where there is none. */
  findingFrom(from: number, direction: 1 | -1, steps: number): number | undefined {
    let left = steps;
    for (let row = from + direction; row >= 0 && row < this.length; row += direction)
      if (this.#toldAt(row) >> severityShift > 0 && --left === 0) return row;
    return undefined;
  }

  /** The phase of a row; undefined on what is no message, and where it is not gone through. */
  phaseAt(row: number): Phase | undefined {
    return phases[(this.#toldAt(row) & phaseMask) - 1];
  }

  /** What is known of each connection. */
  connections(): readonly ConnectionAccount[] {
    return this.#account.result().connections;
  }

  /** What was counted. */
  statistics(): Statistics {
    return this.#counting.result();
  }

  #take(frame: Frame, message: Message | undefined, row: number): void {
    const { latencyNs } = this.#timing.next(frame);
    this.notes.take(row, frame);
    if (message && !frame.carried) this.#counting.take(row, frame, message, latencyNs);
    for (const finding of this.#account.take(frame, message)) this.#find(row, finding);
    const phase = message && this.#account.connections.of(frame)?.phase;
    if (phase) this.#phase(row, frame, message, phase);
  }

  #find(row: number, finding: Finding): void {
    this.#counts[finding.severity]++;
    if (this.findings.length < mostFindings) this.findings.push({ ...finding, row });
    const number = severities.indexOf(finding.severity) + 1;
    const known = this.#toldAt(row) >> severityShift;
    if (known === 0 || number < known) this.#tell(row, number << severityShift, phaseMask);
  }

  #toldAt(row: number): number {
    return this.#told[Math.floor(row / rowsInChunk)]?.[row % rowsInChunk] ?? 0;
  }

  /** Notes something of a row; what the mask covers of what is known stays. */
  #tell(row: number, what: number, kept: number): void {
    const chunk = Math.floor(row / rowsInChunk);
    while (this.#told.length <= chunk) this.#told.push(new Uint8Array(rowsInChunk));
    const told = this.#told[chunk] as Uint8Array;
    const at = row % rowsInChunk;
    told[at] = ((told[at] as number) & kept) | what;
  }

  #phase(row: number, frame: Frame, message: Message, phase: Phase): void {
    const { pair, session, epoch, wallNs } = frame;
    const open = this.#open.of(frame);
    this.#tell(row, phases.indexOf(phase) + 1, ~phaseMask);
    if (open?.phase === phase) {
      open.last = row;
      open.messages++;
      if (open.names.length < mostNames && !open.names.includes(message.name))
        open.names = [...open.names, message.name];
      open.toNs = wallNs;
      return;
    }
    const stretch = {
      pair,
      session,
      epoch,
      phase,
      first: row,
      last: row,
      messages: 1,
      names: [message.name],
      fromNs: wallNs,
      toNs: wallNs,
    };
    this.#open.set(frame, stretch);
    if (this.stretches.length < mostStretches) this.stretches.push(stretch);
  }
}
