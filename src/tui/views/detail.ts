/** Everything about the message under the cursor: its fields, its declaration, the descriptors it carried. */
import type { Detail, ListedNote, Question } from '../../trace/questions.ts';
import type { Binding } from '../binding.ts';
import { glyphsFor } from '../glyphs.ts';
import { type KeptScroll, lineList } from '../keys/lines.ts';
import { toLine } from '../keys/scrolling.ts';
import { recall } from '../known.ts';
import { paneOf } from '../layout.ts';
import { type Model, slot } from '../model.ts';
import { notesIn } from '../notes.ts';
import { remembered } from '../remember.ts';
import { atTop } from '../scroll.ts';
import { type DetailLine, detailLines } from '../show/detail.ts';
import { pathsTo, type Toggled } from '../show/fields.ts';
import { stay } from '../step.ts';
import { goTo } from '../travel.ts';
import { rowUnderCursor } from './messages.ts';
import type { View } from './view.ts';

interface Kept extends KeptScroll {
  readonly toggled: Toggled;
}

const kept = slot<Kept>('detail', { scroll: atTop, toggled: new Set() });

/** What is asked about a row: again once the survey has come to it. */
export function detailQuestion({ standing }: Model, row: number): Question<'detail'> {
  return { kind: 'detail', row, surveyed: standing.surveyed > row };
}

/** What is known of the row under the cursor; for a moment that of the row before. */
export function currentDetail(model: Model): Detail | undefined {
  const row = rowUnderCursor(model);
  return row && recall(model.known, detailQuestion(model, row.row));
}

const linesFor = remembered(
  (detail: Detail, toggled: Toggled, width: number, ascii: boolean, allNotes: readonly ListedNote[]) => {
    const notes = allNotes.filter(({ about }) => about === detail.row.row);
    return detailLines(detail, { width, glyphs: glyphsFor(ascii), toggled, notes });
  },
);

/** The lines of the pane as it is now. */
function linesOf(model: Model): readonly DetailLine[] {
  const detail = currentDetail(model);
  const width = (paneOf(model, 'detail')?.box.width ?? model.size.width) - 1;
  return detail ? linesFor(detail, kept.of(model).toggled, width, model.ability.ascii, notesIn(model)) : [];
}

const list = lineList('detail', 'line', kept, linesOf, 'detail');

/** The bytes of the field under the cursor, header included. */
export function currentField(model: Model): { readonly offset: number; readonly length: number } | undefined {
  return list.current(model)?.field;
}

/** The cursor on the smallest field that has a byte. */
export function selectByte(model: Model, byte: number): Model {
  const detail = currentDetail(model);
  const path = detail && pathsTo(detail.tree, byte).at(-1);
  const at = path === undefined ? -1 : linesOf(model).findIndex(({ field }) => field?.path === path);
  return at < 0 ? model : toLine(list.scrolled, model, at);
}

const bindings: readonly Binding[] = [
  ...list.bindings,
  {
    keys: ['enter', 'l', 'right'],
    help: 'open or close the field, or go to the message that is named here',
    short: 'open',
    about: 'detail',
    enabled: model => {
      const line = list.current(model);
      return line?.field?.folds || line?.row !== undefined || 'there is nothing to open in this line';
    },
    run: model => {
      const line = list.current(model);
      if (line?.row !== undefined) return goTo(model, line.row);
      const path = line?.field?.path;
      if (path === undefined) return stay(model);
      const toggled = new Set(kept.of(model).toggled);
      if (!toggled.delete(path)) toggled.add(path);
      return stay(kept.with(model, { toggled }));
    },
  },
];

/** The detail. */
export const view: View = {
  id: 'detail',
  help: 'fields, specification and descriptors of the message',
  key: '2',
  bindings,
  wants: model => {
    const row = rowUnderCursor(model);
    return row ? [detailQuestion(model, row.row)] : [];
  },
  draw: list.draw,
  click: list.click,
  wheel: list.wheel,
};
