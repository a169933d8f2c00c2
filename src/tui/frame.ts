/**
 * What a screen shows, as values: lines of styled spans, and charts. A frame is made by `view` and painted by
 * `terminal.ts`; nothing here knows a terminal.
 */
import { cut, widthOf } from './width.ts';

/** Columns and rows. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

/** A rectangle of the screen, in cells from the upper left corner. */
export interface Box extends Size {
  readonly x: number;
  readonly y: number;
}

/** What a piece of text stands for; `theme.ts` says how that looks. */
export type Style =
  | 'plain'
  | 'faint'
  | 'name'
  | 'frontEnd'
  | 'backEnd'
  | 'fd'
  | 'event'
  | 'good'
  | 'warn'
  | 'bad'
  | 'changed'
  | 'key'
  | 'title'
  | 'border'
  | 'focus';

/** What lies behind a text. */
export type Ground = 'none' | 'cursor' | 'resting' | 'selected' | 'bar' | 'match' | 'popup';

/** A piece of a line. The text is safe to print and has no line ends. */
export interface Span {
  readonly text: string;
  readonly style: Style;
  readonly ground?: Ground;
}

/** One line of a screen or pane. */
export type Line = readonly Span[];

/** Numbers drawn as a line over an axis, or as bars. */
export interface Chart {
  readonly kind: 'line' | 'bar';
  readonly title: string;
  readonly labels: readonly string[];
  readonly values: readonly number[];
}

/** A chart and where it goes. */
export interface PlacedChart {
  readonly box: Box;
  readonly chart: Chart;
}

/** A whole screen: as many lines as it has rows, each as wide as the screen. */
export interface Frame {
  readonly size: Size;
  readonly lines: readonly Line[];
  readonly charts: readonly PlacedChart[];
}

/** A span. */
export function span(text: string, style: Style = 'plain', ground?: Ground): Span {
  return ground === undefined ? { text, style } : { text, style, ground };
}

/** Cells a line takes. */
export function lineWidth(line: Line): number {
  return line.reduce((sum, { text }) => sum + widthOf(text), 0);
}

/** The cells of a line from one column on, at most so many. */
export function slice(line: Line, from: number, width: number): Line {
  const found: Span[] = [];
  let at = 0;
  for (const piece of line) {
    const wide = widthOf(piece.text);
    const start = Math.max(from - at, 0);
    const room = from + width - Math.max(at, from);
    if (start < wide && room > 0) {
      const head = start > 0 ? piece.text.slice(cut(piece.text, start).length) : piece.text;
      found.push({ ...piece, text: cut(head, room) });
    }
    at += wide;
  }
  return found;
}

/** The line cut or filled to a width; what is cut off is told by a sign. */
export function fitted(line: Line, width: number, sign: string, ground?: Ground): Line {
  const wide = lineWidth(line);
  const shown = wide > width ? [...slice(line, 0, width - 1), span(sign, 'faint')] : line;
  const left = width - lineWidth(shown);
  const filled = left > 0 ? [...shown, span(' '.repeat(left))] : shown;
  return ground === undefined ? filled : filled.map(piece => ({ ...piece, ground: piece.ground ?? ground }));
}

/** The text of a line. */
export function textOf(line: Line): string {
  return line.map(({ text }) => text).join('');
}
