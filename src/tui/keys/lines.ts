/** A view whose content is a list of lines, each with something behind it: drawing, clicking and moving are the same. */
import type { Binding } from '../binding.ts';
import { type Line, type Size, span } from '../frame.ts';
import type { Model, Slot } from '../model.ts';
import { type Scroll, topFor } from '../scroll.ts';
import { stay } from '../step.ts';
import type { Content, View } from '../views/view.ts';
import type { About } from '../waiting.ts';
import { byLines, type Scrolled, scrollBindings, toLine } from './scrolling.ts';

/** What a view keeps to be scrolled. */
export interface KeptScroll {
  readonly scroll: Scroll;
}

/** A line of such a view. */
export interface ListedLine {
  readonly line: Line;
  /** It begins a section. */
  readonly heading?: boolean;
}

/** The parts of a view that follow from its lines. */
export interface LineList<L extends ListedLine> {
  readonly scrolled: Scrolled;
  readonly bindings: readonly Binding[];
  /** The line under the cursor. */
  current(model: Model): L | undefined;
  draw(model: Model, size: Size, focused: boolean): Content;
  readonly click: NonNullable<View['click']>;
  readonly wheel: NonNullable<View['wheel']>;
}

/**
 * Makes them.
 *
 * @param view whose lines they are
 * @param noun what a line is called
 * @param about what must be known before its keys do something
 */
export function lineList<L extends ListedLine>(
  view: string,
  noun: string,
  kept: Slot<KeptScroll>,
  linesOf: (model: Model) => readonly L[],
  about?: About,
): LineList<L> {
  const scrolled: Scrolled = {
    view,
    noun,
    ...(about !== undefined && { about }),
    count: model => linesOf(model).length,
    of: model => kept.of(model).scroll,
    with: (model, scroll) => kept.with(model, { scroll }),
  };
  const which = about === undefined ? {} : { about };
  const topOf = (model: Model, count: number, height: number): number => {
    const { top, cursor } = kept.of(model).scroll;
    return topFor(top, Math.min(cursor, count - 1), count, height);
  };
  const toSection = (direction: 1 | -1) => (model: Model) => {
    const lines = linesOf(model);
    let at = kept.of(model).scroll.cursor + direction;
    while (at > 0 && at < lines.length && !lines[at]?.heading) at += direction;
    return stay(toLine(scrolled, model, at));
  };
  return {
    scrolled,
    bindings: [
      ...scrollBindings(scrolled),
      { keys: ['}'], help: 'next section', ...which, run: toSection(1) },
      { keys: ['{'], help: 'previous section', ...which, run: toSection(-1) },
    ],
    current: model => {
      const lines = linesOf(model);
      return lines[Math.min(kept.of(model).scroll.cursor, lines.length - 1)];
    },
    draw: (model, { height }, focused) => {
      const all = linesOf(model);
      const at = Math.min(kept.of(model).scroll.cursor, all.length - 1);
      const top = topOf(model, all.length, height);
      const lines = all.slice(top, top + height).map(({ line }, i) => {
        if (top + i !== at || !focused) return line;
        return (line.length > 0 ? line : [span(' ')]).map(piece => ({ ...piece, ground: 'cursor' }) as const);
      });
      return { lines, scroll: { top, total: all.length } };
    },
    click: (model, _, y, { height }) => stay(toLine(scrolled, model, topOf(model, linesOf(model).length, height) + y)),
    wheel: (model, lines) => byLines(scrolled, model, lines),
  };
}
