/** Texts of a language of ours in a file of rules: what cannot be read is complained of at its column. */
import { z } from 'zod';
import { SyntaxProblem } from '../../decode/syntax-problem.ts';
import { parseLine } from '../../decode/text/parse.ts';

/** A text that `read` can read; `what` it is, for people. `read` throws SyntaxProblem. */
export function written(what: string, read: (text: string) => unknown) {
  return z.string().superRefine((text, context) => {
    try {
      read(text);
    } catch (error) {
      if (!(error instanceof SyntaxProblem)) throw error;
      context.addIssue({ code: 'custom', message: `${error.message} (at column ${error.column + 1} of the ${what})` });
    }
  });
}

/** A transcript line. Names of features are looked up when it is sent: they depend on the device. */
export const transcriptLine = written('line', parseLine);
