/** Looking for the next row that matches, from one place on, forward or back. */
import { compileFilter, type Filter } from '../decode/filter/filter.ts';
import type { Frame } from '../decode/frame.ts';
import { SyntaxProblem } from '../decode/syntax-problem.ts';
import type { Row } from './row.ts';

/** Whether a row is one that is looked for. */
export type Wanted = (row: Row) => boolean;

/** How many rows are examined between two looks at the clock. */
export const searchStride = 32;

/**
 * What a search text asks for: a filter where it is one, else a piece of the line as it is shown, upper and lower case
 * alike.
 *
 * @param said the line of a frame
 */
export function wantedBy(text: string, said: (frame: Frame) => string): Wanted {
  const filter = filterOf(text);
  const words = text.trim().toLowerCase();
  if (filter) return row => filter.matches(row.frame, row);
  return row => said(row.frame).toLowerCase().includes(words);
}

function filterOf(text: string): Filter | undefined {
  try {
    return compileFilter(text);
  } catch (error) {
    if (error instanceof SyntaxProblem) return undefined;
    throw error;
  }
}
