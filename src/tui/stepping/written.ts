/** Breakpoints as they are typed: some words first, then a filter. */
import type { Params } from '../../control/messages.ts';
import { type Completion, completeFilter } from '../../decode/filter/complete.ts';
import { compileFilter } from '../../decode/filter/filter.ts';
import { SyntaxProblem } from '../../decode/syntax-problem.ts';
import { type ReadWords, readWords, type Words, wordsLike } from '../words.ts';

/** What a breakpoint is made from. */
export type WrittenBreakpoint = Params<'hold'>;

/** Words that may stand in front of the filter. */
const words: Words = {
  once: { meaning: 'hold one message, then forget the breakpoint' },
  nth: { takes: 'number', meaning: 'only this match of each connection: nth 3' },
  for: { takes: 'number', meaning: 'seconds until it goes on by itself, else 30: for 120' },
  forever: { meaning: 'until somebody lets it go' },
  pair: { takes: 'name', meaning: 'only on this pair' },
  connection: { takes: 'number', meaning: 'only on this connection' },
  as: { takes: 'name', meaning: 'a name for the breakpoint' },
};

/** Reads a breakpoint. @throws SyntaxProblem that names the column */
export function parseBreakpoint(text: string): WrittenBreakpoint {
  const { given, at } = readWords(text, words);
  const options = optionsOf(given);
  const filter = text.slice(at).trim();
  const column = at + (text.slice(at).length - text.slice(at).trimStart().length);
  if (filter === '') throw new SyntaxProblem('expected a filter; message stands for every message', text.length);
  if (options.ms !== undefined && options.forever) throw new SyntaxProblem('for and forever contradict each other', 0);
  try {
    compileFilter(filter);
  } catch (error) {
    if (!(error instanceof SyntaxProblem)) throw error;
    throw new SyntaxProblem(error.message, column + error.column);
  }
  return { ...options, filter };
}

function optionsOf(given: ReadWords['given']): Omit<WrittenBreakpoint, 'filter'> {
  const number = (word: string): number => Number(given.get(word));
  return {
    ...(given.has('once') && { once: true }),
    ...(given.has('forever') && { forever: true }),
    ...(given.has('nth') && { nth: number('nth') }),
    ...(given.has('for') && { ms: number('for') * 1000 }),
    ...(given.has('connection') && { connection: number('connection') }),
    ...(given.has('pair') && { pair: String(given.get('pair')) }),
    ...(given.has('as') && { name: String(given.get('as')) }),
  };
}

/** What may come next: the words while no filter has begun, and what completes the filter. */
export function completeBreakpoint(text: string): { from: number; offers: readonly Completion[] } {
  let at = 0;
  try {
    at = readWords(text, words).at;
  } catch (error) {
    if (!(error instanceof SyntaxProblem)) throw error;
    return { from: text.length, offers: [] };
  }
  const rest = text.slice(at);
  const { from, offers } = completeFilter(rest);
  // A word that is typed to its end has been read already.
  return { from: at + from, offers: [...wordsLike(rest, words), ...offers] };
}
