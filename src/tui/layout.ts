/** Where the panes of a screen are. */
import type { Box, Size } from './frame.ts';
import type { Model } from './model.ts';

/** A view's place on the screen; the first line of the box is its title. */
export interface Pane {
  readonly view: string;
  readonly box: Box;
}

/** What has a place: panes, the line above them and the one below. */
export interface Layout {
  readonly panes: readonly Pane[];
  readonly head: Box;
  readonly foot: Box;
  /** Messages and the other view stand next to each other, not one above the other. */
  readonly beside: boolean;
}

/** From this width on two views stand next to each other. */
const besideWidth = 140;
/** From this height of its pane on the bytes stand below the detail. */
const bytesBelowHeight = 26;

/** What the layout depends on. */
export type Arranged = Pick<Model, 'size' | 'zoomed' | 'focus' | 'side' | 'split'>;

/** The places of everything. */
export function layoutOf({ size, zoomed, focus, side, split }: Arranged): Layout {
  const { width, height } = size;
  const body: Box = { x: 0, y: 1, width, height: Math.max(0, height - 2) };
  const frame = {
    head: { x: 0, y: 0, width, height: Math.min(1, height) },
    foot: { x: 0, y: Math.max(0, height - 1), width, height: Math.min(1, height) },
  };
  const beside = width >= besideWidth;
  if (zoomed) return { ...frame, beside, panes: [{ view: focus, box: body }] };
  const [first, second] = beside ? columns(body, split) : rows(body, split);
  const messages = { view: 'messages', box: first };
  if (side !== 'detail' && side !== 'bytes')
    return { ...frame, beside, panes: [messages, { view: side, box: second }] };
  if (second.height < bytesBelowHeight) return { ...frame, beside, panes: [messages, { view: side, box: second }] };
  const [upper, lower] = rows(second, 0.62);
  return { ...frame, beside, panes: [messages, { view: 'detail', box: upper }, { view: 'bytes', box: lower }] };
}

/** The pane of a view, where it is on the screen. */
export function paneOf(model: Arranged, view: string): Pane | undefined {
  return layoutOf(model).panes.find(pane => pane.view === view);
}

/** Lines a view has for its content. */
export function heightOf(model: Arranged, view: string): number {
  return Math.max(1, (paneOf(model, view)?.box.height ?? 1) - 1);
}

/** What of a box is below the title line: the size a view draws in. */
export function insideOf({ width, height }: Size): Size {
  return { width, height: Math.max(0, height - 1) };
}

function rows({ x, y, width, height }: Box, share: number): [Box, Box] {
  const first = Math.max(2, Math.min(height - 2, Math.round(height * share)));
  return [
    { x, y, width, height: first },
    { x, y: y + first, width, height: Math.max(0, height - first) },
  ];
}

/** One column between them is left for a line. */
function columns({ x, y, width, height }: Box, share: number): [Box, Box] {
  const first = Math.max(30, Math.min(width - 31, Math.round(width * share)));
  return [
    { x, y, width: first, height },
    { x: x + first + 1, y, width: width - first - 1, height },
  ];
}
