/** A row of the message list as spans. */
import { duration } from '../../decode/text/remarks.ts';
import type { ListedRow } from '../../trace/questions.ts';
import { fitted, type Line, lineWidth, type Span, span } from '../frame.ts';
import type { Glyphs } from '../glyphs.ts';
import type { Clock } from '../model.ts';
import { aligned, drawable, padded } from '../width.ts';
import { spansOf } from './painted.ts';

/** What a list of rows has in common. */
export interface ListLook {
  readonly width: number;
  readonly glyphs: Glyphs;
  readonly clock: Clock;
  /** Digits of the largest number. */
  readonly digits: number;
  /** Say which session and epoch a row belongs to. */
  readonly origins: boolean;
  /** Replies are left out: their requests say what was answered. */
  readonly folded: boolean;
}

/** What is around a row: the tie to the row under the cursor, the letter of a mark, whether somebody wrote about it. */
export interface RowPlace {
  readonly tie: 'none' | 'first' | 'between' | 'last';
  readonly mark?: string;
  readonly noted?: boolean;
}

/** Columns of the latency, the space before it included. */
const latencyWidth = 9;

/** The line of a row, as wide as the list. */
export function rowLine(row: ListedRow, { tie, mark, noted }: RowPlace, look: ListLook): Line {
  const { glyphs, width } = look;
  const ties = { none: ' ', first: glyphs.topLeft, between: glyphs.vertical, last: glyphs.bottomLeft };
  const head: Span[] = [
    signOf(row, mark, noted),
    span(aligned(String(row.n), look.digits), 'faint'),
    span(` ${timeOf(row, look.clock)} `, 'faint'),
    ...(look.origins ? [span(padded(originOf(row), 6), 'faint')] : []),
    span(ties[tie], 'focus'),
  ];
  const latency =
    row.latencyNs === undefined || !(row.reply || look.folded)
      ? []
      : [span(aligned(duration(row.latencyNs, `${glyphs.micro}s`), latencyWidth), 'faint')];
  const left = width - lineWidth(head) - lineWidth(latency);
  const answer = look.folded && row.answer !== undefined ? [span(' = ', 'backEnd'), ...spansOf(row.answer)] : [];
  return [...head, ...fitted([...spansOf(row.said), ...answer], Math.max(0, left), glyphs.more), ...latency];
}

/** The time of a row, always of the same width for a clock. */
export function timeOf(row: ListedRow, clock: Clock): string {
  if (clock === 'absolute')
    return new Date(Number(row.wallNs / 1_000_000n)).toISOString().slice(11, 19) + microsOf(row.wallNs);
  const ns = clock === 'delta' ? row.sincePreviousNs : row.sinceFirstNs;
  const sign = ns < 0 ? '-' : clock === 'delta' ? '+' : '';
  const micros = Math.floor(Math.abs(ns) / 1000);
  return aligned(`${sign}${Math.floor(micros / 1e6)}.${String(micros % 1e6).padStart(6, '0')}`, 12);
}

function microsOf(wallNs: bigint): string {
  return `.${String((wallNs / 1000n) % 1_000_000n).padStart(6, '0')}`;
}

function originOf({ session, epoch }: ListedRow): string {
  return session === 0 ? '' : `${session}.${epoch}`;
}

/** One cell that says what is wrong with a record, how it was marked, or that somebody wrote about it. */
function signOf(row: ListedRow, mark: string | undefined, noted = false): Span {
  if (mark !== undefined) return span(drawable(mark), 'key');
  if (noted) return span('"', 'key');
  if (row.severity === 'error') return span('E', 'bad');
  if (row.severity === 'warning') return span('W', 'warn');
  if (row.problems > 0) return span('!', 'bad');
  if (row.severity === 'note') return span('n', 'event');
  if (row.touched) return span('*', 'warn');
  return span(' ');
}
