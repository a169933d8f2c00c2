/**
 * What a person puts into a bug tracker, as data: one connection of a recording in full, the others in a line each.
 * Everything that names persons, machines or places has gone through a redaction. Pure; `src/export/report` prints it.
 */
import type { ConnectionAccount, RecordingAccount } from '../account/account.ts';
import { type FindingGroup, grouped } from '../check/groups.ts';
import type { Finding } from '../check/rule.ts';
import type { Verdict } from '../diagnose/diagnosis.ts';
import type { Redaction } from '../redaction.ts';
import type { Side } from '../side.ts';
import { deviceById } from '../spec/devices/index.ts';
import { hex } from '../u64.ts';
import { endOf, missingIn, outstandingOf, slowestAnswers } from './course.ts';
import { type FeatureRow, featureTable } from './negotiation-table.ts';
import {
  limitsOf,
  type ReportedPeer,
  type ReportedRegion,
  type ReportedRing,
  reportedPeer,
  reportedRegion,
  reportedRing,
} from './set-up.ts';

/** A finding, with the records around it. */
export interface ReportedFinding {
  readonly rule: string;
  readonly name: string;
  readonly severity: Finding['severity'];
  readonly side?: Side;
  readonly message: string;
  readonly remedy: string;
  readonly records: readonly number[];
  readonly around: readonly string[];
}

/** A diagnosis. */
export interface ReportedVerdict extends Omit<Verdict, 'pair' | 'session' | 'epoch'> {
  readonly around: readonly string[];
}

/** A whole report. */
export interface Report {
  readonly recording: {
    readonly capture?: string;
    readonly engine?: string;
    readonly kernel?: string;
    readonly started: string;
    readonly seconds: number;
    readonly records: number;
    readonly messages: number;
    readonly connections: number;
  };
  readonly connection: {
    readonly pair: string;
    readonly session: number;
    readonly epoch: number;
    readonly device: string;
    readonly device_reason?: string;
    readonly seconds: number;
    readonly messages: number;
  };
  /** The other connections, a line each. */
  readonly others: readonly string[];
  readonly peers: readonly ReportedPeer[];
  readonly negotiation: {
    readonly virtio: readonly FeatureRow[];
    readonly protocol: readonly FeatureRow[];
    readonly limits: readonly string[];
  };
  readonly memory: readonly ReportedRegion[];
  readonly rings: readonly ReportedRing[];
  readonly end: { readonly how: readonly string[]; readonly outstanding: readonly string[] };
  readonly diagnoses: readonly ReportedVerdict[];
  readonly findings: readonly ReportedFinding[];
  /** What vhuscope added to each message, in nanoseconds. */
  readonly delay?: { readonly median: number; readonly p99: number; readonly most: number; readonly most_at: number };
  readonly slowest: readonly string[];
  /** What the recording does not show, in words; empty where it is whole. */
  readonly missing: readonly string[];
  readonly commands: readonly string[];
}

/** What a report is made of. */
export interface ReportSource {
  readonly recording: RecordingAccount;
  readonly connection: ConnectionAccount;
  readonly redaction: Redaction;
  /** The name of the file, as commands mention it. */
  readonly file: string;
  /** The lines of records, before redaction. */
  readonly lineOf: (n: number) => string | undefined;
  /** What could not be read, in words. */
  readonly unread: readonly string[];
}

/** The connection a report is about where nobody says: the first with an error or a diagnosis, else the last that spoke. */
export function tellingConnection(recording: RecordingAccount): ConnectionAccount | undefined {
  const { connections } = recording;
  const isBad = (one: Finding): boolean => one.severity === 'error';
  return (
    connections.find(one => one.verdicts.some(verdict => verdict.certainty !== 'possible')) ??
    connections.find(one => one.verdicts.length > 0 || one.findings.some(isBad)) ??
    connections.findLast(one => one.messages > 0) ??
    connections.at(-1)
  );
}

/** The records whose lines a report shows: those that findings and diagnoses name, and the one before and behind. */
export function recordsAround(connection: ConnectionAccount): number[] {
  const told = [...connection.verdicts, ...mostTelling(connection.findings).map(({ finding }) => finding)];
  return told.flatMap(({ records }) => surrounding(records));
}

/** Makes a report. */
export function reportOf(source: ReportSource): Report {
  const { recording, connection, redaction } = source;
  const { session, epoch, story, device, deviceReason } = connection;
  const { negotiation } = story.state;
  const around = (records: readonly number[]): string[] =>
    surrounding(records)
      .map(source.lineOf)
      .filter(line => line !== undefined)
      .map(line => redaction.line(line));
  return {
    recording: {
      ...(recording.captureId !== undefined && { capture: hex(recording.captureId) }),
      ...(recording.engine !== undefined && { engine: recording.engine }),
      ...(recording.kernel !== undefined && { kernel: recording.kernel }),
      started: new Date(Number(recording.fromNs / 1_000_000n)).toISOString(),
      seconds: seconds(recording.toNs - recording.fromNs),
      records: recording.records,
      messages: recording.messages,
      connections: recording.connections.length,
    },
    connection: {
      pair: redaction.name('pair', connection.pair),
      session,
      epoch,
      device: deviceById(device)?.name ?? (device === undefined ? 'unknown' : String(device)),
      ...(deviceReason !== undefined && { device_reason: redaction.words(deviceReason) }),
      seconds: seconds(connection.toNs - connection.fromNs),
      messages: connection.messages,
    },
    others: recording.connections.filter(one => one !== connection).map(one => connectionLine(one, redaction)),
    peers: (['front-end', 'back-end'] as const).map(side => reportedPeer(side, connection, redaction)),
    negotiation: {
      virtio: featureTable('virtio', negotiation.virtio, device),
      protocol: featureTable('protocol', negotiation.protocol, device),
      limits: limitsOf(connection),
    },
    memory: story.state.memory.regions.map((one, i) => reportedRegion(one, i, redaction)),
    rings: [...story.state.vrings.byIndex.values()]
      .sort((a, b) => a.index - b.index)
      .map(ring => reportedRing(ring, connection, redaction)),
    end: { how: endOf(connection), outstanding: outstandingOf(connection) },
    diagnoses: connection.verdicts.map(({ pair: _, session: __, epoch: ___, ...verdict }) => ({
      ...verdict,
      what: redaction.words(verdict.what),
      around: around(verdict.records),
    })),
    findings: mostTelling(connection.findings).map(one => reportedFinding(one, redaction, around)),
    ...(connection.delay && {
      delay: {
        median: connection.delay.median,
        p99: connection.delay.p99,
        most: connection.delay.most,
        most_at: connection.delay.mostAt,
      },
    }),
    slowest: slowestAnswers(connection),
    missing: [...source.unread.map(text => redaction.words(text)), ...missingIn(connection)],
    commands: commandsFor(source),
  };
}

function connectionLine({ session, epoch, messages, verdicts, story, pair }: ConnectionAccount, to: Redaction): string {
  const said = verdicts[0]?.title ?? (story.ending ? `ended by the ${story.ending.first}` : 'open at the end');
  return `${to.name('pair', pair)} ${session}.${epoch}: ${messages} messages, ${said}`;
}

/** Findings that are told at most. */
const mostFindings = 8;

const mostTelling = (findings: readonly Finding[]): FindingGroup[] => grouped(findings).slice(0, mostFindings);

function reportedFinding(
  { finding: first, records }: FindingGroup,
  redaction: Redaction,
  around: (records: readonly number[]) => string[],
): ReportedFinding {
  return {
    rule: first.rule,
    name: first.name,
    severity: first.severity,
    ...(first.side && { side: first.side }),
    message: redaction.words(first.message),
    remedy: first.remedy,
    records,
    around: first.severity === 'note' ? [] : around(first.records),
  };
}

/** The records that are named, and the one before and behind each, in order. */
function surrounding(records: readonly number[]): number[] {
  const wanted = new Set(records.slice(0, 2).flatMap(n => [n - 1, n, n + 1]));
  return [...wanted].filter(n => n > 0).sort((a, b) => a - b);
}

function commandsFor({ file, connection, recording }: ReportSource): string[] {
  const { session, epoch, findings, verdicts } = connection;
  const one = recording.connections.length > 1 ? ` --session ${session} --epoch ${epoch}` : '';
  const [first] = [...verdicts, ...mostTelling(findings).map(({ finding }) => finding)].flatMap(
    ({ records }) => records,
  );
  return [
    `vhuscope read ${file}${one}`,
    `vhuscope check ${file}`,
    ...(first === undefined ? [] : [`vhuscope read ${file} -v 'n >= ${Math.max(1, first - 3)} and n <= ${first + 3}'`]),
  ];
}

function seconds(ns: bigint): number {
  return Number(ns / 1000n) / 1e6;
}
