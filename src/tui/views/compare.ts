/** The message under the cursor and one that was chosen before, side by side: their fields, and the sessions there. */
import type { ConnectionState, Detail } from '../../trace/questions.ts';
import { type Line, span, textOf } from '../frame.ts';
import { glyphsFor } from '../glyphs.ts';
import { type KeptScroll, lineList } from '../keys/lines.ts';
import { exactly } from '../known.ts';
import { paneOf } from '../layout.ts';
import { type Model, slot } from '../model.ts';
import { remembered } from '../remember.ts';
import { atTop } from '../scroll.ts';
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
}

function pairOf(model: Model): Pair {
  const row = rowUnderCursor(model)?.row;
  const { base } = kept.of(model);
  const detail = (of: number | undefined) =>
    of === undefined ? undefined : exactly(model.known, detailQuestion(model, of));
  const state = (of: number | undefined) =>
    of === undefined ? undefined : exactly(model.known, { kind: 'state', row: of });
  return { base: detail(base), here: detail(row), stateThen: state(base), stateNow: state(row) };
}

const linesFor = remembered(
  (
    base: Detail | undefined,
    here: Detail | undefined,
    then: ConnectionState | undefined,
    now: ConnectionState | undefined,
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
    const both: Line[] = [base, here].map(({ row }) => [span(` ${row.n} `, 'faint'), ...spansOf(row.said)]);
    return [
      ...both.map(line => ({ line })),
      { line: [] },
      title('Fields'),
      ...fieldDifference(base.tree, here.tree, width),
      ...(states.length > 0 ? states : [{ line: [] }, { line: [span(' the sessions stand the same there', 'faint')] }]),
    ];
  },
);

function linesOf(model: Model): readonly DifferenceLine[] {
  if (kept.of(model).base === undefined) {
    return [{ line: [span(' = on a message chooses it, then go to another one', 'faint')] }];
  }
  const { base, here, stateThen, stateNow } = pairOf(model);
  const width = (paneOf(model, 'compare')?.box.width ?? model.size.width) - 1;
  return linesFor(base, here, stateThen, stateNow, width, model.ability.ascii);
}

const list = lineList('compare', 'line', kept, linesOf);

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
    return rows.flatMap(row => [detailQuestion(model, row), { kind: 'state', row } as const]);
  },
  draw: list.draw,
  click: list.click,
  wheel: list.wheel,
};
