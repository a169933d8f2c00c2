/** The characters that screens are drawn with, in two sets: for terminals with UTF-8 and for those without. */
import type { Direction } from '../decode/frame.ts';

/** One set. */
export interface Glyphs {
  readonly horizontal: string;
  /** A line of a channel besides the main one. */
  readonly dashed: string;
  readonly vertical: string;
  readonly topLeft: string;
  readonly topRight: string;
  readonly bottomLeft: string;
  readonly bottomRight: string;
  /** What was cut off at the end of a line. */
  readonly more: string;
  readonly open: string;
  readonly closed: string;
  readonly leaf: string;
  readonly thumb: string;
  readonly cursor: string;
  readonly arrowRight: string;
  readonly arrowLeft: string;
  readonly yes: string;
  readonly no: string;
  readonly dot: string;
  readonly full: string;
  readonly half: string;
  readonly shade: string;
  readonly micro: string;
}

const unicode: Glyphs = {
  horizontal: '─',
  dashed: '╌',
  vertical: '│',
  topLeft: '┌',
  topRight: '┐',
  bottomLeft: '└',
  bottomRight: '┘',
  more: '…',
  open: '▾',
  closed: '▸',
  leaf: ' ',
  thumb: '┃',
  cursor: '▌',
  arrowRight: '→',
  arrowLeft: '←',
  yes: '●',
  no: '○',
  dot: '·',
  full: '█',
  half: '▌',
  shade: '░',
  micro: 'µ',
};

const ascii: Glyphs = {
  horizontal: '-',
  dashed: '.',
  vertical: '|',
  topLeft: '+',
  topRight: '+',
  bottomLeft: '+',
  bottomRight: '+',
  more: '>',
  open: '-',
  closed: '+',
  leaf: ' ',
  thumb: '#',
  cursor: '_',
  arrowRight: '>',
  arrowLeft: '<',
  yes: 'x',
  no: '-',
  dot: '.',
  full: '#',
  half: '#',
  shade: '.',
  micro: 'u',
};

/** Who speaks to whom. */
export function directionSign({ arrowLeft, arrowRight }: Glyphs, dir: Direction): string {
  const line = arrowRight === ascii.arrowRight ? '-' : '';
  return dir === 'front-to-back' ? `F${line}${arrowRight}B` : `F${arrowLeft}${line}B`;
}

/** The set for a terminal. */
export function glyphsFor(isAscii: boolean): Glyphs {
  return isAscii ? ascii : unicode;
}
