/** Lines as `read` prints them in colour, as spans: what a colour stands for is known there and here. */
import { paint } from '../../decode/text/paint.ts';
import type { Line, Span, Style } from '../frame.ts';
import { drawable } from '../width.ts';

const styles = new Map<string, Style>([
  [paint.none, 'plain'],
  [paint.frontEnd, 'frontEnd'],
  [paint.backEnd, 'backEnd'],
  [paint.name, 'name'],
  [paint.faint, 'faint'],
  [paint.fd, 'fd'],
  [paint.bad, 'bad'],
  [paint.event, 'event'],
]);

// biome-ignore lint/suspicious/noControlCharactersInRegex: the sequences that switch colours begin with one
const switching = /\x1b\[([\d;]*)m/;

/** The spans of a coloured line. Sequences of any other kind are written out. */
export function spansOf(painted: string): Line {
  const spans: Span[] = [];
  let style: Style = 'plain';
  for (const [i, piece] of painted.split(switching).entries()) {
    if (i % 2 === 1) style = styles.get(piece) ?? 'plain';
    else if (piece !== '') spans.push({ text: drawable(piece), style });
  }
  return spans;
}
