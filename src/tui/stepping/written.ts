/** Breakpoints as they are typed: some words first, then a filter. */
import type { Params } from '../../control/messages.ts';
import { type Completion, completeFilter } from '../../decode/filter/complete.ts';
import { compileFilter } from '../../decode/filter/filter.ts';
import { SyntaxProblem } from '../../decode/syntax-problem.ts';

/** What a breakpoint is made from. */
export type WrittenBreakpoint = Params<'hold'>;

/** Words that may stand in front of the filter, with what must follow each. */
const words: { readonly [word: string]: { readonly takes?: 'number' | 'name'; readonly meaning: string } } = {
  once: { meaning: 'hold one message, then forget the breakpoint' },
  nth: { takes: 'number', meaning: 'only this match of each connection: nth 3' },
  for: { takes: 'number', meaning: 'seconds until it goes on by itself, else 30: for 120' },
  forever: { meaning: 'until somebody lets it go' },
  pair: { takes: 'name', meaning: 'only on this pair' },
  connection: { takes: 'number', meaning: 'only on this connection' },
  as: { takes: 'name', meaning: 'a name for the breakpoint' },
};

interface Head {
  readonly options: Omit<WrittenBreakpoint, 'filter'>;
  /** Where the filter begins. */
  readonly at: number;
}

/** Reads a breakpoint. @throws SyntaxProblem that names the column */
export function parseBreakpoint(text: string): WrittenBreakpoint {
  const { options, at } = headOf(text);
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

function headOf(text: string): Head {
  const options: { -readonly [K in keyof WrittenBreakpoint]?: WrittenBreakpoint[K] } = {};
  let at = 0;
  for (;;) {
    const found = /^\s*([a-z]+)(?:\s+|$)/.exec(text.slice(at));
    const word = found?.[1];
    const spec = word !== undefined && Object.hasOwn(words, word) ? words[word] : undefined;
    if (!found || word === undefined || !spec) return { options, at };
    const after = at + found[0].length;
    if (spec.takes === undefined) {
      if (word === 'once') options.once = true;
      else options.forever = true;
      at = after;
      continue;
    }
    const value = /^(\S+)(?:\s+|$)/.exec(text.slice(after));
    if (!value?.[1]) throw new SyntaxProblem(`expected a ${spec.takes} behind ${word}`, text.length);
    if (spec.takes === 'number' && !/^[1-9]\d{0,8}$/.test(value[1]))
      throw new SyntaxProblem(`expected a number behind ${word}`, after);
    if (word === 'nth') options.nth = Number(value[1]);
    if (word === 'for') options.ms = Number(value[1]) * 1000;
    if (word === 'connection') options.connection = Number(value[1]);
    if (word === 'pair') options.pair = value[1];
    if (word === 'as') options.name = value[1];
    at = after + value[0].length;
  }
}

/** What may come next: the words while no filter has begun, and what completes the filter. */
export function completeBreakpoint(text: string): { from: number; offers: readonly Completion[] } {
  let at = 0;
  try {
    at = headOf(text).at;
  } catch (error) {
    if (!(error instanceof SyntaxProblem)) throw error;
    return { from: text.length, offers: [] };
  }
  const rest = text.slice(at);
  const { from, offers } = completeFilter(rest);
  // A word that is typed to its end has been read already.
  if (!/^\s*[a-z]*$/.test(rest)) return { from: at + from, offers };
  const typed = rest.trimStart();
  const own = Object.entries(words).flatMap(([word, { meaning }]) =>
    word.startsWith(typed) ? [{ word, meaning }] : [],
  );
  return { from: at + from, offers: [...own, ...offers] };
}
