/** The names of the views in the title lines of the panes: where they can be clicked. */
import { type Line, lineWidth, type Span, span } from './frame.ts';
import type { Pane } from './layout.ts';
import type { Model } from './model.ts';
import { viewOf, views } from './views/index.ts';
import type { View } from './views/view.ts';

/** Letters of a name where not all of them have room. */
const shortName = 4;

/** How many letters each name can have beside the whole of one; none where not even one has room. */
function shortestThatFits(shown: readonly View[], view: string, width: number): number {
  const each = Math.floor((width - view.length - 5) / Math.max(1, shown.length - 1)) - 4;
  return Math.max(0, Math.min(shortName, each));
}

interface Tab {
  readonly view: string;
  readonly from: number;
  readonly line: Line;
}

/** The tabs of a pane: its own name, and in the second place those of the others that could stand there. */
function tabsOf(model: Model, { view, box: { width } }: Pane): Tab[] {
  const second = view === model.side || (model.zoomed && view !== 'messages');
  const useful = ({ id, enabled }: View): boolean => id === view || (enabled?.(model) ?? true) === true;
  const shown = second ? views.filter(each => each.id !== 'messages' && useful(each)) : [viewOf(view)];
  const whole = shown.reduce((sum, { id }) => sum + id.length + 5, 1);
  const room = whole > width ? shortestThatFits(shown, view, width) : Number.POSITIVE_INFINITY;
  const tabs: Tab[] = [];
  let from = 1;
  for (const { id, key } of shown) {
    const here = id === view;
    const focused = here && model.focus === view;
    const style = focused ? 'focus' : here ? 'title' : 'faint';
    const name: Span[] = [
      span(` ${key} `, focused ? 'focus' : 'faint'),
      span(`${here ? id : id.slice(0, room)} `, style),
    ];
    tabs.push({ view: id, from, line: focused ? name.map(piece => ({ ...piece, ground: 'bar' }) as const) : name });
    from += lineWidth(name);
  }
  return tabs;
}

/** The title of a pane. */
export function titleOf(model: Model, pane: Pane): Line {
  return tabsOf(model, pane).flatMap(({ line }) => line);
}

/** The view whose tab is at a column of the title line. */
export function tabAt(model: Model, pane: Pane, x: number): string | undefined {
  return tabsOf(model, pane).find(({ from, line }) => x >= from && x < from + lineWidth(line))?.view;
}
