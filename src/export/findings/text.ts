/** Findings for people: what is wrong first, grouped; one line where nothing is. */
import { type FindingGroup, grouped, severities } from '../../decode/check/groups.ts';
import type { Severity } from '../../decode/check/rule.ts';
import { counted } from '../../decode/counted.ts';
import { identitySentence } from '../../decode/dialects/peers.ts';
import { plain } from '../../decode/plain.ts';
import { wrapped } from '../wrapped.ts';
import { type CheckResult, type FindingsFormat, groupedSpeakers, groupedVerdicts, recordList } from './report.ts';

const colours: { readonly [severity in Severity]: string } = { error: '31;1', warning: '33', note: '36' };
/** Columns of a line where the output has no width of its own, and at most. */
const widest = 96;

/** Different peers that are listed. */
const mostSpeakers = 8;

type Wrap = (text: string, indent: string) => string[];

/** The first few of a list. */
function shortened(items: readonly string[], most = 8): string {
  return `${items.slice(0, most).join(', ')}${items.length > most ? ` and ${items.length - most} more` : ''}`;
}

function groupLines(
  { finding, records }: FindingGroup,
  paint: (text: string, colour: string) => string,
  wrap: Wrap,
): string[] {
  const head = `${paint(finding.severity, colours[finding.severity])} ${finding.rule} ${finding.name}`;
  const by = finding.side ? `, ${finding.side}` : '';
  return [
    `  ${head}${by}, ${recordList(records)}`,
    ...wrap(plain(finding.message), '      '),
    ...wrap(`${finding.remedy} [${finding.spec}]`, '      '),
  ];
}

/** A line for each peer; of many reconnections with ever new peers the first few. */
function speakerLines({ speakers, connections }: CheckResult, wrap: Wrap): string[] {
  const groups = groupedSpeakers(speakers);
  const lines = groups.slice(0, mostSpeakers).flatMap(({ identity, connections: which }) => {
    const where = which.length === connections ? '' : ` (connection ${shortened(which)})`;
    return wrap(plain(`${identity.side}: ${identitySentence(identity)}${where}`), '  ');
  });
  return groups.length > mostSpeakers ? [...lines, `  and ${groups.length - mostSpeakers} more peers`] : lines;
}

function resultLines(result: CheckResult, paint: (text: string, colour: string) => string, wrap: Wrap): string[] {
  const { verdicts, findings, messages, connections, unread } = result;
  const counts = severities.map(severity => ({
    severity,
    count: findings.filter(one => one.severity === severity).length,
  }));
  const found = counts.filter(({ count }) => count > 0).map(({ severity, count }) => counted(count, severity));
  const sum = [
    `${counted(messages, 'message')} on ${counted(connections, 'connection')}`,
    found.length > 0
      ? found.join(', ')
      : verdicts.length > 0
        ? 'no rule is broken, but'
        : `nothing to complain about${unread.length > 0 ? ' in what was read' : ''}`,
  ];
  const several = connections > 1;
  return [
    `${plain(result.file)}: ${sum.join(': ')}`,
    ...speakerLines(result, wrap),
    ...unread.map(text => `  ${paint('unread', colours.warning)} ${plain(text)}`),
    ...groupedVerdicts(verdicts).flatMap(({ verdict, connections: which }) => [
      '',
      `  ${paint(verdict.title, '1')} (${verdict.certainty}${several ? `, connection ${which.join(', ')}` : ''})`,
      ...wrap(`${plain(verdict.what)} (${recordList(verdict.records)})`, '      '),
      ...wrap(`means: ${verdict.meaning}`, '      '),
      ...wrap(`do: ${verdict.remedy}`, '      '),
      ...wrap(`confirm: ${verdict.confirm}`, '      '),
    ]),
    ...grouped(findings).flatMap(group => ['', ...groupLines(group, paint, wrap)]),
    ...(verdicts.length + findings.length > 0 ? [''] : []),
  ];
}

/** Text, the form without an option. */
export const text: FindingsFormat = {
  name: 'text',
  print(results, { colour, width = widest }) {
    const columns = Math.min(width, widest);
    const wrap: Wrap = (words, indent) => wrapped(words, columns - indent.length).map(line => `${indent}${line}`);
    const paint = (words: string, code: string) => (colour ? `\x1b[${code}m${words}\x1b[0m` : words);
    return `${results.flatMap(result => resultLines(result, paint, wrap)).join('\n')}\n`;
  },
};
