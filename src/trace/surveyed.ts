/** What a survey tells a viewer, as plain values. */
import type { Severity } from '../decode/check/rule.ts';
import { compare } from '../decode/compare/compare.ts';
import { allWaiting } from '../decode/session/connection.ts';
import { differences } from '../decode/session/differences.ts';
import type { Session } from '../decode/session/session.ts';
import type {
  ComparedConnections,
  ConnectionState,
  Found,
  ListedConnection,
  ListedNote,
  NearestOrder,
  PlainSession,
} from './questions.ts';
import type { States } from './states.ts';
import type { Survey } from './survey.ts';
import type { Trace } from './trace.ts';

/** How many findings there are of each severity. */
function bySeverity(findings: Iterable<{ readonly severity: Severity }>): { [severity in Severity]: number } {
  const counts = { error: 0, warning: 0, note: 0 };
  for (const { severity } of findings) counts[severity]++;
  return counts;
}

/** Findings and what lies behind them. */
export function foundBy(survey: Survey): Found {
  const { findings, counts } = survey;
  return {
    findings,
    verdicts: survey.connections().flatMap(({ verdicts }) => verdicts),
    unlisted: counts.error + counts.warning + counts.note - findings.length,
  };
}

/** The connections, in the order in which they began. */
export function listedConnections(survey: Survey): ListedConnection[] {
  const firsts = new Map<string, number>();
  for (const { pair, session, epoch, first } of survey.stretches) {
    const key = `${pair}/${session}/${epoch}`;
    if (!firsts.has(key)) firsts.set(key, first);
  }
  return survey.connections().map(connection => {
    const { pair, session, epoch, device, deviceReason, peers, fromNs, toNs, messages, ends, verdicts } = connection;
    return {
      ...{ pair, session, epoch, device, deviceReason, peers, fromNs, toNs, messages, ends, verdicts },
      first: firsts.get(`${pair}/${session}/${epoch}`),
      findings: bySeverity(connection.findings),
    };
  });
}

/** The row of a finding or the first of a phase, counted from a row in a direction. */
export function nearestTo(survey: Survey, { what, from, direction, steps }: NearestOrder): number | undefined {
  if (what === 'finding') return survey.findingFrom(from, direction, steps);
  const beyond = survey.stretches.map(({ first }) => first).filter(row => (row - from) * direction > 0);
  return beyond.sort((a, b) => (a - b) * direction)[steps - 1];
}

/** The connections of two rows compared. */
export function comparedAt(trace: Trace, survey: Survey, a: number, b: number): ComparedConnections | undefined {
  const all = survey.connections();
  const of = (row: number) => {
    const { pair, session, epoch } = trace.frame(row);
    return all.find(one => one.pair === pair && one.session === session && one.epoch === epoch);
  };
  const [left, right] = [of(a), of(b)];
  if (!left || !right || left === right) return undefined;
  const name = ({ pair, session, epoch }: typeof left): string =>
    `${left.pair === right.pair ? '' : `${pair} `}${session}.${epoch}`;
  return { a: name(left), b: name(right), comparison: compare(left, right) };
}

/** The notes, each with the row it is about. */
export function listedNotes(trace: Trace, { notes }: Survey): ListedNote[] {
  return notes.all.map(({ row, of, captureId, text, author }) => {
    const about = of === undefined ? -1 : trace.rowOf(of, captureId);
    return { row, text, ...(about >= 0 && { about }), ...(author !== undefined && { author }) };
  });
}

/** The connection of a row, and its state before that row. The row must be surveyed. */
export function stateAt(trace: Trace, states: States, row: number): ConnectionState | undefined {
  const earlier = row > 0 ? states.at(row - 1) : undefined;
  const connection = states.at(row)?.connection;
  if (!connection) return undefined;
  const { pair, session, epoch, state, backEnd } = connection;
  const same = earlier?.connections.find(one => one.pair === pair && one.session === session && one.epoch === epoch);
  const { n, context } = trace.frame(row);
  return {
    ...{ row, n, pair, session, epoch, state: plainSession(state) },
    device: context.device,
    apart: backEnd ? differences(state, backEnd.state, context.device) : [],
    before: same && plainSession(same.state),
    waiting: allWaiting(connection).map(({ frame, message }) => ({ n: frame.n, name: message.name })),
    ended: connection.endedAt !== undefined,
  };
}

/** A session that can cross to another thread. */
function plainSession(session: Session): PlainSession {
  return { ...session, mappings: { ...session.mappings, iotlb: [...session.mappings.iotlb] } };
}
