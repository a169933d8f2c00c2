/** The names of the views in the title lines of the panes: where they can be clicked. */
import { type Line, lineWidth, type Span, span } from './frame.ts';
import { insideOf, type Pane } from './layout.ts';
import type { Model } from './model.ts';
import { viewOf, views } from './views/index.ts';
import type { View } from './views/view.ts';

interface Tab {
  readonly view: string;
  readonly from: number;
  readonly line: Line;
}

/** Cells between tabs where all names have room, and where they have not. */
const wide = 2;
const narrow = 1;

/** A tab without what lies between it and the next. */
const tabWidth = ({ id, key }: View, named: boolean): number => key.length + (named ? 1 + id.length : 0);

/**
 * The views whose names are written, the others being keys alone: a cut name is none. The pane's own comes first, then
 * those that are there only at times, then all in their order.
 */
function namedIn(shown: readonly View[], own: string, room: number): ReadonlySet<string> {
  const rank = ({ id, enabled }: View): number => (id === own ? 0 : enabled ? 1 : 2);
  const named = new Set<string>();
  let left = room - shown.reduce((sum, view) => sum + tabWidth(view, false) + narrow, 0);
  for (const view of shown.toSorted((a, b) => rank(a) - rank(b))) {
    left -= 1 + view.id.length;
    if (left < 0 && view.id !== own) break;
    named.add(view.id);
  }
  return named;
}

/**
 * The tabs of a pane: its own name, and in the second place those of the others that could stand there.
 *
 * @param room cells they may take
 */
function tabsOf(model: Model, { view }: Pane, room: number): { tabs: Tab[]; fits: boolean } {
  const second = view === model.side || (model.zoomed && view !== 'messages');
  const useful = ({ id, enabled }: View): boolean => id === view || (enabled?.(model) ?? true) === true;
  const shown = second ? views.filter(each => each.id !== 'messages' && useful(each)) : [viewOf(view)];
  const fits = shown.reduce((sum, each) => sum + tabWidth(each, true) + wide, 0) <= room;
  const named = fits ? new Set(shown.map(({ id }) => id)) : namedIn(shown, view, room);
  const tabs: Tab[] = [];
  let from = 1;
  for (const { id, key } of shown) {
    const here = id === view;
    const focused = here && model.focus === view;
    const name: Span[] = [
      span(` ${key}`, focused ? 'focus' : 'faint'),
      ...(named.has(id) ? [span(` ${id}`, focused ? 'focus' : here ? 'title' : 'faint')] : []),
      ...(fits ? [span(' ', focused ? 'focus' : 'faint')] : []),
    ];
    tabs.push({ view: id, from, line: focused ? name.map(piece => ({ ...piece, ground: 'bar' }) as const) : name });
    from += lineWidth(name);
  }
  return { tabs, fits };
}

/** Share of a title line that what is told about a view may take from the names of the others. */
const mostAbout = 0.5;

/**
 * The title of a pane.
 *
 * @param about what stands behind the names
 * @param border what lies between them where there is little room: keys without names could be taken for a part of it
 */
export function titleOf(model: Model, pane: Pane, about: Line, border: Span): Line {
  const { tabs, fits } = tabsOf(model, pane, roomFor(pane, about));
  const names = tabs.flatMap(({ line }) => line);
  if (about.length === 0) return fits ? names : [...names, span(' ')];
  return [...names, span(' '), ...(fits ? [] : [border, span(' ')]), ...about, span(' ')];
}

/** The view whose tab is at a column of the title line. */
export function tabAt(model: Model, pane: Pane, x: number): string | undefined {
  const { about = [] } = viewOf(pane.view).draw(model, insideOf(pane.box), model.focus === pane.view);
  const { tabs } = tabsOf(model, pane, roomFor(pane, about));
  return tabs.find(({ from, line }) => x >= from && x < from + lineWidth(line))?.view;
}

function roomFor({ box: { width } }: Pane, about: Line): number {
  return width - 1 - Math.min(lineWidth(about) + 4, Math.floor(width * mostAbout));
}
