/** Looking for the next row that matches, from one place on, forward or back. */
import { compileFilter, type Filter, Subject } from '../decode/filter/filter.ts';
import type { Frame } from '../decode/frame.ts';
import { SyntaxProblem } from '../decode/syntax-problem.ts';
import { Repeats } from './repeats.ts';
import type { Row } from './row.ts';

/** Whether a row is one that is looked for; how it stands to other rows is asked for only where that decides. */
export type Wanted = (frame: Frame, row: () => Row) => boolean;

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
  if (filter) {
    return (frame, row) => {
      const verdict = filter.head(new Subject(frame));
      return verdict === 'maybe' ? filter.matches(frame, row()) : verdict === 'yes';
    };
  }
  const has = (frame: Frame): boolean => said(frame).toLowerCase().includes(words);
  const repeats = new Repeats<boolean>();
  return frame => repeats.of(frame, has);
}

function filterOf(text: string): Filter | undefined {
  try {
    return compileFilter(text);
  } catch (error) {
    if (error instanceof SyntaxProblem) return undefined;
    throw error;
  }
}
