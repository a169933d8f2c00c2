/** How a feature stands between the side that offers and the side that takes: a word and a sign, so that it is not told by colour alone. */
import { hasBit } from '../../decode/u64.ts';
import type { Span, Style } from '../frame.ts';
import { span } from '../frame.ts';
import type { Glyphs } from '../glyphs.ts';

/** One feature. */
export interface Standing {
  readonly word: string;
  readonly style: Style;
  readonly sign: Span;
}

/** What both sides said; undefined where nothing was. */
export interface BothSides {
  readonly offered: bigint | undefined;
  readonly accepted: bigint | undefined;
}

/** How a bit of a mask stands. */
export function standingOf({ offered, accepted }: BothSides, bit: number, glyphs: Glyphs): Standing {
  const isOffered = offered === undefined ? undefined : hasBit(offered, bit);
  const isAccepted = accepted === undefined ? undefined : hasBit(accepted, bit);
  const standing = (word: string, style: Style, sign: string): Standing => ({ word, style, sign: span(sign, style) });
  if (isAccepted && isOffered === false) return standing('not offered!', 'bad', '!');
  if (isAccepted) return standing('in use', 'good', glyphs.yes);
  if (!isOffered) return standing('', 'faint', glyphs.dot);
  if (isAccepted === undefined) return standing('offered', 'plain', glyphs.no);
  return standing('not taken', 'plain', glyphs.no);
}
