/** The message under the cursor and one that was chosen before, side by side: their fields, and the sessions there. */
import type { ComparedConnections, ConnectionState, Detail, Question } from '../../trace/questions.ts';
import { type Line, span, textOf } from '../frame.ts';
import { glyphsFor } from '../glyphs.ts';
import { type KeptScroll, lineList } from '../keys/lines.ts';
import { exactly } from '../known.ts';
import { paneOf } from '../layout.ts';
import { type Model, slot, surveyedUpTo } from '../model.ts';
import { remembered } from '../remember.ts';
import { atTop } from '../scroll.ts';
import { comparisonLines } from '../show/comparison.ts';
import { type DifferenceLine, fieldDifference, textDifference } from '../show/difference.ts';
import { spansOf } from '../show/painted.ts';
import { sections } from '../show/state/index.ts';
import { saying, stay } from '../step.ts';
import { detailQuestion } from './detail.ts';
import { rowUnderCursor } from './messages.ts';
import type { View } from './view.ts';

interface Kept extends KeptScroll {
  /** Row of the message to compare with. */
  readonly base?: number;
}

const kept = slot<Kept>('compare', { scroll: atTop });

/** Both messages and the states after them. */
interface Pair {
  readonly base: Detail | undefined;
  readonly here: Detail | undefined;
  readonly stateThen: ConnectionState | undefined;
  readonly stateNow: ConnectionState | undefined;
  readonly connections: ComparedConnections | undefined;
}

function connectionsQuestion(model: Model): Question<'comparison'> | undefined {
  const row = rowUnderCursor(model)?.row;
  const { base } = kept.of(model);
  if (row === undefined || base === undefined) return undefined;
  return { kind: 'comparison', a: base, b: row, surveyed: surveyedUpTo(model) };
}

function pairOf(model: Model): Pair {
  const row = rowUnderCursor(model)?.row;
  const { base } = kept.of(model);
  const detail = (of: number | undefined) =>
    of === undefined ? undefined : exactly(model.known, detailQuestion(model, of));
  const state = (of: number | undefined) =>
    of === undefined ? undefined : exactly(model.known, { kind: 'state', row: of });
  const asked = connectionsQuestion(model);
  const connections = asked && exactly(model.known, asked);
  return { base: detail(base), here: detail(row), stateThen: state(base), stateNow: state(row), connections };
}

const linesFor = remembered(
  (
    base: Detail | undefined,
    here: Detail | undefined,
    then: ConnectionState | undefined,
    now: ConnectionState | undefined,
    connections: ComparedConnections | undefined,
    width: number,
    ascii: boolean,
  ): DifferenceLine[] => {
    if (!base || !here) return [{ line: [] }];
    const title = (name: string): DifferenceLine => ({ line: [span(name, 'title')], heading: true });
    const look = { width, glyphs: glyphsFor(ascii) };
    const textsOf = (connection: ConnectionState | undefined, lines: (typeof sections)[number]['lines']) =>
      connection
        ? lines({ ...connection, before: connection.state }, look).map(({ line }) => textOf(line).trimEnd())
        : [];
    const states = sections.flatMap(section => {
      const lines = textDifference(textsOf(then, section.lines), textsOf(now, section.lines));
      return lines.length === 0 ? [] : [{ line: [] }, title(section.title), ...lines];
    });
    const whole = connections
      ? [
          { line: [] },
          title(`Connections ${connections.a} and ${connections.b}`),
          ...comparisonLines(connections.comparison, width),
        ]
      : [];
    const both: Line[] = [base, here].map(({ row }) => [span(` ${row.n} `, 'faint'), ...spansOf(row.said)]);
    return [
      ...both.map(line => ({ line })),
      { line: [] },
      title('Fields'),
      ...fieldDifference(base.tree, here.tree, width),
      ...(states.length > 0 ? states : [{ line: [] }, { line: [span(' the sessions stand the same there', 'faint')] }]),
      ...whole,
    ];
  },
);

function linesOf(model: Model): readonly DifferenceLine[] {
  if (kept.of(model).base === undefined) {
    return [{ line: [span(' = on a message chooses it, then go to another one', 'faint')] }];
  }
  const { base, here, stateThen, stateNow, connections } = pairOf(model);
  const width = (paneOf(model, 'compare')?.box.width ?? model.size.width) - 1;
  return linesFor(base, here, stateThen, stateNow, connections, width, model.ability.ascii);
}

const list = lineList('compare', 'line', kept, linesOf);

/** Chooses the first message of a connection, so that whole connections are compared. */
export function compareConnection(model: Model, first: number, name: string) {
  return stay(
    saying(kept.with(model, { base: first }), `${name} is compared with; go into another connection, and 9 shows both`),
  );
}

/** Chooses the message under the cursor. */
export function compareFrom(model: Model) {
  const row = rowUnderCursor(model);
  return stay(
    row ? saying(kept.with(model, { base: row.row }), `${row.n} is compared with; go to another message`) : model,
  );
}

/** The comparison. */
export const view: View = {
  id: 'compare',
  help: 'this message and the one chosen with =, side by side',
  key: '9',
  bindings: list.bindings,
  wants: model => {
    const { base } = kept.of(model);
    const rows = [rowUnderCursor(model)?.row, base].filter(row => row !== undefined);
    if (base === undefined) return [];
    const connections = connectionsQuestion(model);
    return [
      ...rows.flatMap(row => [detailQuestion(model, row), { kind: 'state', row } as const]),
      ...(connections ? [connections] : []),
    ];
  },
  draw: list.draw,
  click: list.click,
  wheel: list.wheel,
};
