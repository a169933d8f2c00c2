/** The message list: the rows that are chosen, of which only those on the screen are ever asked for. */
import type { ListedRow, Question } from '../../trace/questions.ts';
import type { Binding } from '../binding.ts';
import { type Ground, type Line, type Size, span } from '../frame.ts';
import { glyphsFor } from '../glyphs.ts';
import { byLines, type Scrolled, scrollBindings, toLine } from '../keys/scrolling.ts';
import { pageRows, rowAt } from '../known.ts';
import { type Clock, chosenRows, type Model } from '../model.ts';
import { notesIn } from '../notes.ts';
import { type Scroll, topFor } from '../scroll.ts';
import { selectedPart } from '../selected.ts';
import { type ListLook, type RowPlace, rowLine } from '../show/row.ts';
import { stay } from '../step.ts';
import type { View } from './view.ts';

/** The row under the cursor, once it is known. */
export function rowUnderCursor({ known, list }: Model): ListedRow | undefined {
  return rowAt(known, list.cursor);
}

/** The list with the cursor elsewhere: at its end it begins to follow, before it it ceases to. */
function withScroll(model: Model, scroll: Scroll): Model {
  const rows = chosenRows(model);
  const following = model.list.following && scroll.cursor >= rows - 1;
  const seen = model.list.following && !following ? rows : model.list.seen;
  return { ...model, list: { ...model.list, ...scroll, following, seen } };
}

/** The list, as the keys for moving see it. */
export const messageList: Scrolled = {
  view: 'messages',
  noun: 'message',
  about: 'list',
  count: chosenRows,
  of: ({ list }) => list,
  with: withScroll,
};

const clocks: readonly Clock[] = ['relative', 'delta', 'absolute'];

const bindings: readonly Binding[] = [
  ...scrollBindings(messageList).filter(({ keys }) => !keys.includes('G')),
  {
    keys: ['G', 'end'],
    help: 'last message, and follow what comes',
    about: 'list',
    run: model => {
      const last = toLine(messageList, model, chosenRows(model) - 1);
      return stay({ ...last, list: { ...last.list, following: true } });
    },
  },
  {
    keys: ['t'],
    help: 'show times since the first record, since the record before, or by the clock',
    short: 'time',
    run: model => {
      const clock = clocks[(clocks.indexOf(model.list.clock) + 1) % clocks.length] ?? 'relative';
      return stay({ ...model, list: { ...model.list, clock } });
    },
  },
];

/** The first row that is seen. */
function topOf(model: Model, height: number): number {
  return topFor(model.list.top, model.list.cursor, chosenRows(model), height);
}

/** The rows that a list of a height around the cursor shows, as far as they are not known. */
export function pagesWanted(model: Model, { height }: Size): Question[] {
  const { standing, choice, known } = model;
  const count = chosenRows(model);
  const top = topOf(model, height);
  const questions: Question[] = [];
  const last = Math.floor(Math.max(0, Math.min(count, top + height + pageRows / 2) - 1) / pageRows);
  for (let number = Math.floor(top / pageRows); number <= last; number++) {
    const from = number * pageRows;
    const expected = Math.min(pageRows, count - from);
    const page = known.pages.get(number);
    const surveyed = standing.surveyed > (page?.rows.at(-1)?.row ?? standing.rows - 1);
    if (page && page.rows.length >= expected && (page.surveyed || !surveyed)) continue;
    if (expected > 0) questions.push({ kind: 'rows', choice, from, count: expected, surveyed });
  }
  return questions;
}

function draw(model: Model, size: Size): ReturnType<View['draw']> {
  const total = chosenRows(model);
  const top = topOf(model, size.height);
  const look: ListLook = {
    width: size.width - 1,
    glyphs: glyphsFor(model.ability.ascii),
    clock: model.list.clock,
    digits: Math.max(4, String(model.standing.rows).length + 1),
    origins: Array.from({ length: size.height }, (_, i) => rowAt(model.known, top + i)).some(
      row => row !== undefined && (row.session > 1 || row.epoch > 1),
    ),
    folded: model.choice.fold,
  };
  const tie = tieOf(model);
  const marks = new Map(Array.from(model.marks, ([letter, row]) => [row, letter]));
  const noted = new Set(notesIn(model).map(({ about }) => about));
  const lines: Line[] = [];
  for (let position = top; position < Math.min(total, top + size.height); position++) {
    const row = rowAt(model.known, position);
    const mark = row && marks.get(row.row);
    const place: RowPlace = { tie: tie(row), noted: noted.has(row?.row), ...(mark !== undefined && { mark }) };
    lines.push(row ? rowLine(row, place, look) : [span(look.glyphs.dot, 'faint')]);
  }
  return { about: aboutList(model, total), lines: total === 0 ? nothing(model) : lines, scroll: { top, total } };
}

/** How the exchange of the row under the cursor is drawn: from the request to its reply. */
function tieOf(model: Model): (row: ListedRow | undefined) => RowPlace['tie'] {
  const current = rowUnderCursor(model);
  if (current?.partner === undefined || model.choice.fold) return () => 'none';
  const first = Math.min(current.row, current.partner);
  const last = Math.max(current.row, current.partner);
  return row => {
    if (row === undefined || row.row < first || row.row > last) return 'none';
    return row.row === first ? 'first' : row.row === last ? 'last' : 'between';
  };
}

function aboutList(model: Model, total: number): Line {
  const { standing, choice, list } = model;
  const part = selectedPart(model);
  const fresh = list.following ? 0 : Math.max(0, total - list.seen);
  return [
    span(choice.filter === '' && !choice.fold ? `${total}` : `${total} of ${standing.rows}`, 'faint'),
    ...(choice.fold ? [span('  replies folded', 'faint')] : []),
    ...(list.following ? [span('  following', 'good')] : []),
    ...(part ? [span(`  ${part.count} selected`, 'warn')] : []),
    ...(list.seen > 0 && fresh > 0 ? [span(`  ${fresh} new`, 'warn')] : []),
  ];
}

function nothing({ standing, choice }: Model): Line[] {
  if (!standing.settled) return [[span(' reading the capture', 'faint')]];
  if (choice.filter !== '') return [[span(' no record passes the filter; Esc takes it away', 'faint')]];
  return [[span(' no record yet', 'faint')]];
}

/** The messages. */
export const view: View = {
  id: 'messages',
  help: 'the messages, one a line',
  key: '1',
  bindings,
  wants: pagesWanted,
  draw: (model, size, focused) => {
    const content = draw(model, size);
    if (chosenRows(model) === 0) return content;
    const top = content.scroll?.top ?? 0;
    const part = selectedPart(model);
    const groundOf = (position: number): Ground | undefined => {
      if (position === model.list.cursor) return focused ? 'cursor' : 'resting';
      return part && position >= part.from && position < part.from + part.count ? 'selected' : undefined;
    };
    const lines = content.lines.map((line, i) => {
      const ground = groundOf(top + i);
      return ground ? line.map(piece => ({ ...piece, ground })) : line;
    });
    return { ...content, lines };
  },
  click: (model, _, y, { height }) => stay(toLine(messageList, model, topOf(model, height) + y)),
  wheel: (model, lines) => byLines(messageList, model, lines),
};
