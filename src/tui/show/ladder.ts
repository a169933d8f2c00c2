/** The sequence diagram: the peers as lanes with vhuscope between them, messages as arrows, phases at the left. */

import type { Phase } from '../../decode/phase.ts';
import { duration } from '../../decode/text/remarks.ts';
import type { ListedRow } from '../../trace/questions.ts';
import type { Stretch } from '../../trace/survey.ts';
import { fitted, type Line, lineWidth, type Span, span } from '../frame.ts';
import type { Glyphs } from '../glyphs.ts';
import { aligned, cut, drawable, padded, widthOf } from '../width.ts';
import { spansOf } from './painted.ts';
import { timeOf } from './row.ts';

/** What a diagram is drawn with. */
export interface LadderLook {
  readonly width: number;
  readonly glyphs: Glyphs;
  readonly folded: boolean;
}

const phaseWidth = 12;
const timeWidth = 13;
/** Columns between vhuscope and the back-end, where latencies stand. */
const backWidth = 14;

/** Columns between the front-end and vhuscope. */
function frontWidth(width: number): number {
  return Math.max(12, width - phaseWidth - timeWidth - backWidth - 4);
}

/** The names of the lanes. */
export function laneTitles({ width, glyphs }: LadderLook): Line {
  const room = frontWidth(width);
  return [
    span(' '.repeat(phaseWidth + timeWidth)),
    span(padded('front-end', room - 3), 'frontEnd'),
    span('vhuscope', 'title'),
    span(aligned('back-end', backWidth - 2), 'backEnd'),
    span(glyphs.leaf),
  ];
}

/** A record as an arrow, or as words where nobody sent it. Its phase is named where it is not the one above. */
export function ladderLine(row: ListedRow, above: Phase | undefined, look: LadderLook): Line {
  const { glyphs, width } = look;
  const begins = row.phase !== undefined && row.phase !== above;
  const head: Span[] = [
    span(padded(begins ? (row.phase ?? '') : '', phaseWidth), 'title'),
    span(`${timeOf(row, 'relative')} `, 'faint'),
  ];
  if (row.kind !== 'message' || row.dir === undefined) {
    return [...head, span(`${glyphs.dot} `, 'faint'), ...spansOf(row.said).slice(row.kind === 'raw' ? 0 : 1)];
  }
  const lane = span(glyphs.vertical, 'border');
  const toBack = row.dir === 'front-to-back';
  const style = toBack ? 'frontEnd' : 'backEnd';
  const stroke = row.channel === 'main' ? glyphs.horizontal : glyphs.dashed;
  const arrow = (label: readonly Span[], room: number): Span[] => {
    const shown = label.length === 0 ? [] : [span(' '), ...label, span(' ')];
    const inside = fitLabel(shown, room - 4, glyphs);
    const left = room - 2 - lineWidth(inside);
    const line = span(stroke.repeat(Math.max(0, left)), style);
    const start = span(stroke, style);
    return toBack
      ? [start, ...inside, line, span(glyphs.arrowRight, style)]
      : [span(glyphs.arrowLeft, style), line, ...inside, start];
  };
  const latency =
    row.latencyNs === undefined || !(row.reply || look.folded) ? '' : duration(row.latencyNs, `${glyphs.micro}s`);
  return [
    ...head,
    lane,
    ...arrow(labelOf(row, look), frontWidth(width)),
    span(row.touched ? '*' : glyphs.vertical, row.touched ? 'warn' : 'border'),
    ...arrow(latency === '' ? [] : [span(latency, 'faint')], backWidth),
    lane,
  ];
}

/** The message without its direction, and what was answered where replies are folded. */
function labelOf(row: ListedRow, { folded }: LadderLook): Span[] {
  const [, ...said] = spansOf(row.said);
  const first = said[0];
  const untied = first && /^(?:└|'-) $/.test(first.text) ? said.slice(1) : said;
  return folded && row.answer !== undefined ? [...untied, span(' = ', 'backEnd'), ...spansOf(row.answer)] : untied;
}

function fitLabel(label: Line, room: number, glyphs: Glyphs): Line {
  return lineWidth(label) <= room ? label : fitted(label, room, glyphs.more);
}

/** A stretch of a phase: when, how long, what was said, and its place in the time of the capture. */
export function stretchLine(
  stretch: Stretch,
  span0: { readonly fromNs: bigint; readonly toNs: bigint },
  look: LadderLook,
): Line {
  const { glyphs, width } = look;
  const { phase, session, epoch, messages, fromNs, toNs, names } = stretch;
  const axis = Math.max(10, Math.min(40, Math.floor(width / 4)));
  const whole = Number(span0.toNs - span0.fromNs) || 1;
  const from = Math.min(axis - 1, Math.floor((Number(fromNs - span0.fromNs) / whole) * axis));
  const to = Math.min(axis, Math.max(from + 1, Math.ceil((Number(toNs - span0.fromNs) / whole) * axis)));
  const bar = glyphs.dot.repeat(from) + glyphs.full.repeat(to - from) + glyphs.dot.repeat(axis - to);
  const head: Span[] = [
    span(` ${padded(phase, phaseWidth)}`, 'title'),
    span(`${padded(`${session}.${epoch}`, 6)}`, 'faint'),
    span(`${aligned((Number(fromNs - span0.fromNs) / 1e9).toFixed(6), timeWidth)} `, 'faint'),
    span(bar, 'event'),
    span(` ${aligned(String(messages), 6)} in ${padded(duration(Number(toNs - fromNs), `${glyphs.micro}s`), 8)} `),
  ];
  const left = width - lineWidth(head);
  const said = drawable(names.join(' '));
  return [...head, span(widthOf(said) > left ? `${cut(said, left - 1)}${glyphs.more}` : said, 'faint')];
}
