/** A report as text for a bug tracker: at most 80 lines, plain. */

import { counted } from '../../decode/counted.ts';
import { plain } from '../../decode/plain.ts';
import type { FeatureRow, Standing } from '../../decode/report/negotiation-table.ts';
import { standing } from '../../decode/report/negotiation-table.ts';
import type { Report } from '../../decode/report/report.ts';
import type { ReportedPeer, ReportedRegion, ReportedRing } from '../../decode/report/set-up.ts';
import { duration } from '../../decode/text/remarks.ts';
import { wrapped } from '../wrapped.ts';
import { fitted, type Section } from './sections.ts';

/** Lines of a report at most. */
export const mostLines = 80;
/** Columns of a report: what trackers show in a code block without a scroll bar. */
const width = 110;

/** The report as text, with a line end. */
export function reportText(report: Report): string {
  const lines = fitted(sectionsOf(report), mostLines);
  return `${lines.map(line => plain(line).trimEnd()).join('\n')}\n`;
}

const wrap = (lines: readonly string[]): string[] => lines.flatMap(line => wrapped(line, width - 2));
const recordLine = (line: string): string => (line.length > width - 4 ? `| ${line.slice(0, width - 5)}…` : `| ${line}`);

function sectionsOf(report: Report): Section[] {
  const { recording, connection } = report;
  const reason = connection.device_reason === undefined ? '' : ` (${connection.device_reason})`;
  const about = [
    `recorded by ${recording.engine ?? 'an unknown engine'}${recording.kernel ? ` on Linux ${recording.kernel}` : ''}, ${recording.started}`,
    `pair ${connection.pair}, connection ${connection.session}.${connection.epoch} of ${recording.connections}: device ${connection.device}${reason}`,
    `${counted(connection.messages, 'message')} in ${connection.seconds.toFixed(3)} s`,
    ...report.others.slice(0, mostOthers),
    ...(report.others.length > mostOthers ? [`and ${report.others.length - mostOthers} more connections`] : []),
  ];
  return [
    { title: 'vhost-user report', lines: wrap(about), least: 3 },
    { title: 'what happened', lines: report.diagnoses.flatMap(verdictLines), least: 4 },
    { title: 'how it ended', lines: wrap([...report.end.how, ...report.end.outstanding]), least: 2 },
    { title: 'findings', lines: findingLines(report), least: 3 },
    ...report.peers.map(peerSection),
    { title: 'negotiation', lines: negotiationLines(report), least: 6 },
    { title: 'guest memory', lines: wrap(report.memory.map(regionLine)) },
    { title: 'rings at the end', lines: wrap(report.rings.map(ringLine)), least: 2 },
    { title: 'times', lines: wrap(timeLines(report)) },
    {
      title: 'not in this recording',
      lines: report.missing.length > 0 ? wrap(report.missing) : ['nothing is missing'],
    },
    { title: 'to see it', lines: report.commands, least: report.commands.length },
  ];
}

/** Other connections that are listed. */
const mostOthers = 4;

function verdictLines({
  title,
  certainty,
  what,
  meaning,
  remedy,
  confirm,
  around,
}: Report['diagnoses'][number]): string[] {
  return [
    ...wrapped(`${title} (${certainty}): ${what}`, width - 2),
    ...around.map(recordLine),
    ...wrapped(`means: ${meaning}`, width - 2),
    ...wrapped(`do: ${remedy}`, width - 2),
    ...wrapped(`confirm: ${confirm}`, width - 2),
  ];
}

function findingLines({ findings }: Report): string[] {
  return findings.flatMap(({ severity, rule, name, side, message, records, around }) => [
    ...wrapped(
      `${severity} ${rule} ${name}${side ? `, ${side}` : ''}, record ${records.slice(0, 4).join(', ')}${records.length > 4 ? ` and ${records.length - 4} more` : ''}: ${message}`,
      width - 2,
    ),
    ...around.map(recordLine),
  ]);
}

function peerSection(peer: ReportedPeer): Section {
  const { side, program, implementation, version, build_id, pid, state, command_line } = peer;
  const named = implementation === undefined ? program : `${program} (${implementation})`;
  const facts = [version, pid, build_id && `build-id ${build_id}`, state].filter(Boolean);
  return {
    title: side,
    lines: [
      ...wrapped([named, ...facts].join(', '), width - 2),
      ...(command_line === undefined ? [] : wrapped(command_line, width - 2)),
    ],
    least: 2,
  };
}

const columns: readonly { readonly title: string; readonly standing: Standing }[] = [
  { title: 'offered and accepted', standing: 'accepted' },
  { title: 'offered only', standing: 'declined' },
  { title: 'not offered', standing: 'missing' },
];
/** Columns of a cell, and of the first one. */
const cell = 33;
const firstCell = 9;

function negotiationLines({ negotiation: { virtio, protocol, limits } }: Report): string[] {
  if (virtio.length + protocol.length === 0) return ['nothing was negotiated'];
  const head = `${''.padEnd(firstCell)}${columns.map(({ title }) => title.padEnd(cell)).join('')}`;
  return [
    head,
    ...table('virtio', virtio),
    ...table('protocol', protocol),
    ...(limits.length > 0 ? wrapped(`${'told'.padEnd(firstCell)}${limits.join(', ')}`, width - 2) : []),
  ];
}

function table(title: string, rows: readonly FeatureRow[]): string[] {
  const cells = columns.map(column => wrapped(standing(rows, column.standing).join(' ') || '-', cell - 2));
  const height = Math.max(...cells.map(lines => lines.length));
  const odd = standing(rows, 'unoffered');
  return [
    ...Array.from({ length: height }, (_, i) =>
      [(i === 0 ? title : '').padEnd(firstCell), ...cells.map(lines => (lines[i] ?? '').padEnd(cell))].join(''),
    ),
    ...(odd.length === 0 ? [] : [`${''.padEnd(firstCell)}accepted without an offer: ${odd.join(' ')}`]),
  ];
}

function regionLine({ name, guest_address, size, at, fd, offset }: ReportedRegion): string {
  const where = at === name ? '' : ` at ${at}`;
  return `${name}: guest ${guest_address}, 0x${size.toString(16)} bytes${where}, ${fd}${offset > 0 ? `, offset 0x${offset.toString(16)}` : ''}`;
}

function ringLine(ring: ReportedRing): string {
  const { index, name, state, num, base, stopped_at, descriptors, kick, call, err } = ring;
  return [
    `${index}${name === undefined ? '' : ` (${name})`}: ${state}`,
    ...(num === undefined ? [] : [`${num} descriptors${descriptors === undefined ? '' : ` at ${descriptors}`}`]),
    ...(base === undefined ? [] : [`from ${base}${stopped_at === undefined ? '' : `, stopped at ${stopped_at}`}`]),
    `kick ${kick}, call ${call}, err ${err}`,
  ].join(', ');
}

function timeLines({ delay, slowest }: Report): string[] {
  return [
    ...(delay
      ? [
          `added by vhuscope: ${duration(delay.median)} (median), ${duration(delay.p99)} (99 %), ${duration(delay.most)} (most, record ${delay.most_at})`,
        ]
      : []),
    ...(slowest.length > 0 ? [`slowest answers: ${slowest.join(', ')}`] : []),
  ];
}
