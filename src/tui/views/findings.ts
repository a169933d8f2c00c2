/** What is wrong: first what lies behind it, then every finding, the worst first. */
import type { Severity } from '../../decode/check/rule.ts';
import { counted } from '../../decode/counted.ts';
import type { Found } from '../../trace/questions.ts';
import { type Line, span } from '../frame.ts';
import { type KeptScroll, type ListedLine, lineList } from '../keys/lines.ts';
import { recall } from '../known.ts';
import { paneOf } from '../layout.ts';
import { type Model, slot, surveyedUpTo } from '../model.ts';
import { remembered } from '../remember.ts';
import { atTop } from '../scroll.ts';
import { severityLetters, severityStyles } from '../show/severity.ts';
import { wrapped } from '../show/wrap.ts';
import { stay } from '../step.ts';
import { goTo, goToNumber } from '../travel.ts';
import { drawable } from '../width.ts';
import type { View } from './view.ts';

interface FindingLine extends ListedLine {
  readonly row?: number;
  readonly n?: number;
}

const kept = slot<KeptScroll>('findings', { scroll: atTop });
const order: readonly Severity[] = ['error', 'warning', 'note'];

/** Everything that was found so far. */
function foundIn(model: Model): Found | undefined {
  return recall(model.known, { kind: 'found', surveyed: surveyedUpTo(model) });
}

const linesFor = remembered((found: Found, width: number): FindingLine[] => {
  const indented = (words: string, style: 'plain' | 'faint'): Line[] =>
    wrapped(drawable(words), width - 3).map(line => [span(`   ${line}`, style)]);
  const verdicts = found.verdicts.flatMap(
    ({ title, what, meaning, remedy, confirm, certainty, records }): FindingLine[] => {
      const target = records[0] === undefined ? {} : { n: records[0] };
      return [
        { line: [span(` ${title}`, 'name'), span(`  ${certainty}`, 'faint')], ...target },
        ...indented(what, 'plain').map(line => ({ line, ...target })),
        ...[meaning, remedy, `to confirm: ${confirm}`]
          .flatMap(words => indented(words, 'faint'))
          .map(line => ({ line, ...target })),
        { line: [] },
      ];
    },
  );
  const findings = order.flatMap(severity => {
    const all = found.findings.filter(one => one.severity === severity);
    if (all.length === 0) return [];
    return [
      { line: [span(counted(all.length, severity), 'title')], heading: true },
      ...all.flatMap(({ row, records, name, message, remedy, side }): FindingLine[] => [
        {
          row,
          line: [
            span(` ${severityLetters[severity]} `, severityStyles[severity]),
            span(`${records[0] ?? ''} `.padStart(6), 'faint'),
            span(`${name} `, severityStyles[severity]),
            span(side === undefined ? '' : `by the ${side}`, 'faint'),
          ],
        },
        ...indented(message, 'plain').map(line => ({ line, row })),
        ...indented(remedy, 'faint').map(line => ({ line, row })),
      ]),
      { line: [] },
    ];
  });
  const shown = [
    ...(verdicts.length > 0 ? [{ line: [span('What lies behind', 'title')], heading: true }, ...verdicts] : []),
    ...findings,
    ...(found.unlisted > 0
      ? indented(`and ${found.unlisted} more, which are not listed`, 'faint').map(line => ({ line }))
      : []),
  ];
  return shown.length > 0 ? shown : [{ line: [span(' nothing was found', 'good')] }];
});

function linesOf(model: Model): readonly FindingLine[] {
  const found = foundIn(model);
  if (!found) return [{ line: [span(' the rules have not gone through the capture yet', 'faint')] }];
  const width = (paneOf(model, 'findings')?.box.width ?? model.size.width) - 1;
  const lines = linesFor(found, width);
  const { problems } = model.standing;
  return problems.length === 0 ? lines : [...unreadable(problems, width), ...lines];
}

/** What of the capture cannot be read; the head line has no room for all of it. */
function unreadable(problems: readonly string[], width: number): FindingLine[] {
  return [
    { line: [span('What cannot be read', 'title')], heading: true },
    ...problems.flatMap(problem =>
      wrapped(drawable(problem), width - 3).map(line => ({ line: [span(`   ${line}`, 'bad')] })),
    ),
    { line: [] },
  ];
}

const list = lineList('findings', 'line', kept, linesOf);

/** The findings. */
export const view: View = {
  id: 'findings',
  help: 'what is wrong, who is to blame, what to do',
  key: '5',
  bindings: [
    ...list.bindings,
    {
      keys: ['enter'],
      help: 'go to the message that the finding is about',
      short: 'go there',
      enabled: model => {
        const line = list.current(model);
        return line?.row !== undefined || line?.n !== undefined || 'no message stands behind this line';
      },
      run: model => {
        const line = list.current(model);
        if (line?.row !== undefined) return goTo(model, line.row);
        return line?.n === undefined ? stay(model) : goToNumber(model, line.n);
      },
    },
  ],
  wants: model => [{ kind: 'found', surveyed: surveyedUpTo(model) }],
  draw: (model, size, focused) => {
    const about = order.flatMap(severity => {
      const count = model.standing.findings[severity];
      return count === 0 ? [] : [span(`${counted(count, severity)} `, severityStyles[severity])];
    });
    return { ...list.draw(model, size, focused), about };
  },
  click: list.click,
  wheel: list.wheel,
};
