/** What a check of one capture found, as every format of findings gets it. */
import type { Finding } from '../../decode/check/rule.ts';
import type { Speakers } from '../../decode/diagnose/diagnose.ts';
import type { Verdict } from '../../decode/diagnose/diagnosis.ts';
import type { Identity } from '../../decode/dialects/peers.ts';

/** The result for one capture. */
export interface CheckResult {
  readonly file: string;
  readonly findings: readonly Finding[];
  readonly verdicts: readonly Verdict[];
  /** Who speaks on each connection, and how that is known. */
  readonly speakers: readonly Speakers[];
  readonly messages: number;
  readonly connections: number;
  /** What could not be read, in words. */
  readonly unread: readonly string[];
}

/** A way to print results. */
export interface FindingsFormat {
  readonly name: string;
  /** For the option that asks for it; absent where nobody needs to ask. */
  readonly meaning?: string;
  readonly print: (
    results: readonly CheckResult[],
    style: { readonly colour: boolean; readonly width?: number | undefined },
  ) => string;
}

/** The same diagnosis of several connections. */
export interface VerdictGroup {
  /** That of the first of them. */
  readonly verdict: Verdict;
  /** `session.epoch` of each, with its pair where that differs. */
  readonly connections: readonly string[];
}

/** Puts diagnoses of several connections together that say the same. */
export function groupedVerdicts(verdicts: readonly Verdict[]): VerdictGroup[] {
  const groups = new Map<string, { verdict: Verdict; connections: string[] }>();
  for (const verdict of verdicts) {
    const key = `${verdict.pair}\0${verdict.id}\0${verdict.certainty}`;
    const connection = `${verdict.session}.${verdict.epoch}`;
    const group = groups.get(key);
    if (group) group.connections.push(connection);
    else groups.set(key, { verdict, connections: [connection] });
  }
  return [...groups.values()];
}

/** The same program, or the same implementation, on several connections. */
export interface SpeakerGroup {
  /** What is known of it on the first of them. */
  readonly identity: Identity;
  readonly connections: readonly string[];
}

/** Puts together who is the same on several connections: front-ends first. */
export function groupedSpeakers(speakers: readonly Speakers[]): SpeakerGroup[] {
  const groups = new Map<string, { identity: Identity; connections: string[] }>();
  for (const { session, epoch, peers } of speakers) {
    for (const identity of peers) {
      const { side, dialect, program, version, since, before } = identity;
      const key = JSON.stringify([side, dialect, program, version, since, before]);
      const group = groups.get(key);
      const connection = `${session}.${epoch}`;
      if (group) group.connections.push(connection);
      else groups.set(key, { identity, connections: [connection] });
    }
  }
  const inOrder = [...groups.values()];
  return [...inOrder.filter(isFrontEnd), ...inOrder.filter(group => !isFrontEnd(group))];
}

const isFrontEnd = ({ identity }: SpeakerGroup) => identity.side === 'front-end';

/** A list of record numbers in words, the first few of many. */
export function recordList(records: readonly number[], most = 8): string {
  const shown = records.slice(0, most).join(', ');
  const more = records.length > most ? ` and ${records.length - most} more` : '';
  return `${records.length === 1 ? 'record' : 'records'} ${shown}${more}`;
}
