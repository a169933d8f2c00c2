/** How many cells of a terminal a text takes, and texts of which that is certain. */
import { plain } from '../decode/plain.ts';

/** Scripts of which a character takes two cells, as terminals have agreed on for long. */
const wide =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]/;
const onlyAscii = /^[\x20-\x7e]*$/;
/** Terminals do not agree on these: what is added to a letter, pictures, everything beyond the first plane. */
const uncertain = /\p{M}|\p{Emoji_Presentation}|[\u{10000}-\u{10ffff}]/gu;

/** Text of a capture, safe to print and of certain width: characters of uncertain width become U+FFFD. */
export function drawable(text: string): string {
  return onlyAscii.test(text) ? text : plain(text).replace(uncertain, '\ufffd');
}

/** Cells a drawable text takes. */
export function widthOf(text: string): number {
  if (onlyAscii.test(text)) return text.length;
  let cells = 0;
  for (const char of text) cells += cellsOf(char);
  return cells;
}

/** Cells of one character. */
export function cellsOf(char: string): 1 | 2 {
  return wide.test(char) ? 2 : 1;
}

/** The beginning of a text that takes at most so many cells. */
export function cut(text: string, width: number): string {
  if (onlyAscii.test(text)) return text.slice(0, Math.max(0, width));
  let cells = 0;
  let end = 0;
  for (const char of text) {
    cells += cellsOf(char);
    if (cells > width) break;
    end += char.length;
  }
  return text.slice(0, end);
}

/** The text filled with spaces to a width, or cut to it. */
export function padded(text: string, width: number): string {
  const shown = cut(text, width);
  return shown + ' '.repeat(Math.max(0, width - widthOf(shown)));
}

/** The same with the spaces in front. */
export function aligned(text: string, width: number): string {
  const shown = cut(text, width);
  return ' '.repeat(Math.max(0, width - widthOf(shown))) + shown;
}
