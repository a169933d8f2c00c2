/** A cursor in a list that is longer than its pane. */

/** The line under the cursor and the first one that is seen, from 0. */
export interface Scroll {
  readonly cursor: number;
  readonly top: number;
}

/** The beginning. */
export const atTop: Scroll = { cursor: 0, top: 0 };

/** The cursor at a line of so many, and the pane moved so far that it is seen. */
export function movedTo(scroll: Scroll, line: number, count: number, height: number): Scroll {
  const cursor = Math.max(0, Math.min(line, count - 1));
  return { cursor, top: topFor(scroll.top, cursor, count, height) };
}

/** The pane moved by lines, and the cursor with it where it would be left behind. */
export function scrolledBy(scroll: Scroll, lines: number, count: number, height: number): Scroll {
  const top = Math.max(0, Math.min(scroll.top + lines, count - height));
  const cursor = Math.max(top, Math.min(scroll.cursor, top + height - 1, count - 1));
  return { cursor, top };
}

/** The first line to be seen such that the cursor is, and no room is wasted at the end. */
export function topFor(top: number, cursor: number, count: number, height: number): number {
  const seen = Math.max(cursor - height + 1, Math.min(top, cursor));
  return Math.max(0, Math.min(seen, count - height));
}
