/** Findings for people: what is wrong first, grouped; one line where nothing is. */
import type { Severity } from '../../decode/check/rule.ts';
import { identitySentence } from '../../decode/dialects/peers.ts';
import { plain } from '../../decode/plain.ts';
import {
  type CheckResult,
  type FindingGroup,
  type FindingsFormat,
  grouped,
  groupedSpeakers,
  groupedVerdicts,
  recordList,
  severities,
} from './report.ts';

const colours: { readonly [severity in Severity]: string } = { error: '31;1', warning: '33', note: '36' };
/** Columns of a line where the output has no width of its own, and at most. */
const widest = 96;

/** Different peers that are listed. */
const mostSpeakers = 8;

type Wrap = (text: string, indent: string) => string[];

/** Breaks a text into lines of a width, each behind an indent. */
function wrappedAt(width: number, text: string, indent: string): string[] {
  const lines: string[] = [];
  let line = indent;
  for (const word of text.split(' ')) {
    if (line.length > indent.length && line.length + word.length + 1 > width) {
      lines.push(line);
      line = indent;
    }
    line += line.length > indent.length ? ` ${word}` : word;
  }
  return [...lines, line];
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}

/** The first few of a list. */
function shortened(items: readonly string[], most = 8): string {
  return `${items.slice(0, most).join(', ')}${items.length > most ? ` and ${items.length - most} more` : ''}`;
}

function groupLines(
  { finding, records }: FindingGroup,
  paint: (text: string, colour: string) => string,
  wrapped: Wrap,
): string[] {
  const head = `${paint(finding.severity, colours[finding.severity])} ${finding.rule} ${finding.name}`;
  const by = finding.side ? `, ${finding.side}` : '';
  return [
    `  ${head}${by}, ${recordList(records)}`,
    ...wrapped(plain(finding.message), '      '),
    ...wrapped(`${finding.remedy} [${finding.spec}]`, '      '),
  ];
}

/** A line for each peer; of many reconnections with ever new peers the first few. */
function speakerLines({ speakers, connections }: CheckResult, wrapped: Wrap): string[] {
  const groups = groupedSpeakers(speakers);
  const lines = groups.slice(0, mostSpeakers).flatMap(({ identity, connections: which }) => {
    const where = which.length === connections ? '' : ` (connection ${shortened(which)})`;
    return wrapped(plain(`${identity.side}: ${identitySentence(identity)}${where}`), '  ');
  });
  return groups.length > mostSpeakers ? [...lines, `  and ${groups.length - mostSpeakers} more peers`] : lines;
}

function resultLines(result: CheckResult, paint: (text: string, colour: string) => string, wrapped: Wrap): string[] {
  const { verdicts, findings, messages, connections, unread } = result;
  const counts = severities.map(severity => ({
    severity,
    count: findings.filter(one => one.severity === severity).length,
  }));
  const found = counts.filter(({ count }) => count > 0).map(({ severity, count }) => counted(count, severity));
  const sum = [
    `${counted(messages, 'message')} on ${counted(connections, 'connection')}`,
    found.length > 0 ? found.join(', ') : verdicts.length > 0 ? 'no rule is broken, but' : 'nothing to complain about',
  ];
  const several = connections > 1;
  return [
    `${plain(result.file)}: ${sum.join(': ')}`,
    ...speakerLines(result, wrapped),
    ...unread.map(text => `  ${paint('unread', colours.warning)} ${plain(text)}`),
    ...groupedVerdicts(verdicts).flatMap(({ verdict, connections: which }) => [
      '',
      `  ${paint(verdict.title, '1')} (${verdict.certainty}${several ? `, connection ${which.join(', ')}` : ''})`,
      ...wrapped(`${plain(verdict.what)} (${recordList(verdict.records)})`, '      '),
      ...wrapped(`means: ${verdict.meaning}`, '      '),
      ...wrapped(`do: ${verdict.remedy}`, '      '),
      ...wrapped(`confirm: ${verdict.confirm}`, '      '),
    ]),
    ...grouped(findings).flatMap(group => ['', ...groupLines(group, paint, wrapped)]),
    ...(verdicts.length + findings.length > 0 ? [''] : []),
  ];
}

/** Text, the form without an option. */
export const text: FindingsFormat = {
  name: 'text',
  print(results, { colour, width = widest }) {
    const wrapped: Wrap = (words, indent) => wrappedAt(Math.min(width, widest), words, indent);
    const paint = (words: string, code: string) => (colour ? `\x1b[${code}m${words}\x1b[0m` : words);
    return `${results.flatMap(result => resultLines(result, paint, wrapped)).join('\n')}\n`;
  },
};
