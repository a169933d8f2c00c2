/** Everything about the message under the cursor: its fields, its declaration, the descriptors it carried. */
import type { Detail, Question } from '../../trace/questions.ts';
import type { Binding } from '../binding.ts';
import { type Line, type Size, span } from '../frame.ts';
import { type Glyphs, glyphsFor } from '../glyphs.ts';
import { byLines, type Scrolled, scrollBindings, toLine } from '../keys/scrolling.ts';
import { recall } from '../known.ts';
import { paneOf } from '../layout.ts';
import { type Model, slot } from '../model.ts';
import { atTop, type Scroll, topFor } from '../scroll.ts';
import { descriptorText } from '../show/descriptor.ts';
import { fieldLines, pathsTo, type Toggled } from '../show/fields.ts';
import { spansOf } from '../show/painted.ts';
import { wrapped } from '../show/wrap.ts';
import { stay } from '../step.ts';
import { goTo } from '../travel.ts';
import { drawable } from '../width.ts';
import { rowUnderCursor } from './messages.ts';
import type { View } from './view.ts';

interface Kept {
  readonly scroll: Scroll;
  readonly toggled: Toggled;
}

const kept = slot<Kept>('detail', { scroll: atTop, toggled: new Set() });

/** One line of the pane, and what can be done on it. */
interface DetailLine {
  readonly line: Line;
  /** The field it shows. */
  readonly field?: { readonly path: string; readonly offset: number; readonly length: number; readonly folds: boolean };
  /** A row to go to. */
  readonly row?: number;
}

/** What is known of the row under the cursor; for a moment that of the row before. */
export function currentDetail(model: Model): Detail | undefined {
  const row = rowUnderCursor(model);
  return row && recall(model.known, { kind: 'detail', row: row.row });
}

/** The bytes of the field under the cursor, header included. */
export function currentField(model: Model): { readonly offset: number; readonly length: number } | undefined {
  const lines = linesOf(model);
  return lines[Math.min(kept.of(model).scroll.cursor, lines.length - 1)]?.field;
}

/** The cursor on the smallest field that has a byte. */
export function selectByte(model: Model, byte: number): Model {
  const detail = currentDetail(model);
  const path = detail && pathsTo(detail.tree, byte).at(-1);
  if (path === undefined) return model;
  const at = linesOf(model).findIndex(({ field }) => field?.path === path);
  return at < 0 ? model : toLine(scrolled, model, at);
}

/** The lines of the pane as it is now. */
function linesOf(model: Model): DetailLine[] {
  const detail = currentDetail(model);
  if (!detail) return [];
  const width = (paneOf(model, 'detail')?.box.width ?? model.size.width) - 1;
  return detailLines(detail, kept.of(model).toggled, width, glyphsFor(model.ability.ascii));
}

/** What a detail reads like. */
function detailLines(detail: Detail, toggled: Toggled, width: number, glyphs: Glyphs): DetailLine[] {
  const text = (words: string, style: 'plain' | 'faint' = 'plain') =>
    wrapped(drawable(words), width).map((line): DetailLine => ({ line: [span(line, style)] }));
  const heading = (words: string): DetailLine[] => [{ line: [] }, { line: [span(words, 'title')] }];
  const { declared, row } = detail;
  const lines: DetailLine[] = [{ line: spansOf(row.said) }];
  if (declared) {
    lines.push(...text(declared.doc));
    const also = declared.aliases.length > 0 ? `, also ${declared.aliases.join(', ')}` : '';
    const whose = declared.private === undefined ? '' : `, private to ${declared.private}`;
    lines.push(...text(`Specification: ${declared.section}; since ${declared.since}${whose}${also}`, 'faint'));
  }
  if (row.partner !== undefined) {
    const words = row.reply ? 'answers the request' : 'is answered';
    lines.push({ line: [span(`${words} in row ${row.partner + 1}`, 'event')], row: row.partner });
  }
  if (detail.tree.length > 0) lines.push(...heading('Fields'));
  for (const { path, node, line } of fieldLines(detail.tree, toggled, glyphs)) {
    const { offset, length, children } = node;
    lines.push({ line, field: { path, offset, length, folds: children.length > 0 } });
  }
  if (detail.body.length > 0) lines.push(...heading('Event'));
  for (const [key, value] of detail.body) {
    lines.push({ line: [span(`${drawable(key).padEnd(18)} `, 'key'), span(drawable(value))] });
  }
  if (detail.fds.length > 0) lines.push(...heading('Descriptors'));
  for (const { identity, passings } of detail.fds) {
    lines.push({ line: [span(descriptorText(identity), 'fd')] });
    for (const { row: at, n, name } of passings) {
      const here = at === row.row;
      lines.push({
        line: [span(`    ${n} ${name}`, here ? 'faint' : 'event'), span(here ? '  (this one)' : '', 'faint')],
        row: at,
      });
    }
  }
  if (detail.problems.length > 0) lines.push(...heading('Problems'));
  for (const { path, offset, message } of detail.problems) {
    lines.push({ line: [span(drawable(`${path === '' ? 'message' : path} at byte ${offset}: ${message}`), 'bad')] });
  }
  return lines;
}

const scrolled: Scrolled = {
  view: 'detail',
  noun: 'line',
  count: model => linesOf(model).length,
  of: model => kept.of(model).scroll,
  with: (model, scroll) => kept.with(model, { scroll }),
};

const lineUnderCursor = (model: Model): DetailLine | undefined => linesOf(model)[kept.of(model).scroll.cursor];

const bindings: readonly Binding[] = [
  ...scrollBindings(scrolled),
  {
    keys: ['enter', 'l', 'right'],
    help: 'open or close the field, or go to the message that is named here',
    short: 'open',
    enabled: model => {
      const line = lineUnderCursor(model);
      return line?.field?.folds || line?.row !== undefined || 'there is nothing to open in this line';
    },
    run: model => {
      const line = lineUnderCursor(model);
      if (line?.row !== undefined) return goTo(model, line.row);
      const path = line?.field?.path;
      if (path === undefined) return stay(model);
      const toggled = new Set(kept.of(model).toggled);
      if (!toggled.delete(path)) toggled.add(path);
      return stay(kept.with(model, { toggled }));
    },
  },
];

function wants(model: Model): Question[] {
  const row = rowUnderCursor(model);
  return row ? [{ kind: 'detail', row: row.row }] : [];
}

/** The detail. */
export const view: View = {
  id: 'detail',
  help: 'fields, specification and descriptors of the message',
  key: '2',
  bindings,
  wants,
  draw: (model, { height }: Size, focused) => {
    const all = linesOf(model);
    const { cursor, top } = kept.of(model).scroll;
    const at = Math.min(cursor, all.length - 1);
    const first = topFor(top, at, all.length, height);
    const lines = all.slice(first, first + height).map(({ line }, i) => {
      if (first + i !== at || !focused) return line;
      return (line.length > 0 ? line : [span(' ')]).map(piece => ({ ...piece, ground: 'cursor' }) as const);
    });
    return { lines, scroll: { top: first, total: all.length } };
  },
  click: (model, _, y, { height }) => {
    const { scroll } = kept.of(model);
    return stay(toLine(scrolled, model, topFor(scroll.top, scroll.cursor, linesOf(model).length, height) + y));
  },
  wheel: (model, lines) => byLines(scrolled, model, lines),
};
