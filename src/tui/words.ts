/** Words in front of something that is typed, some with a value behind them: `once`, `nth 3`, `to /run/b.sock`. */
import { SyntaxProblem } from '../decode/syntax-problem.ts';

/** What may stand behind a word: a number from 1 on, a factor above 0, or anything without spaces. */
const values = {
  number: /^[1-9]\d{0,8}$/,
  factor: /^(?!0*(?:\.0*)?$)(?:\d{1,6}(?:\.\d{1,6})?|\.\d{1,6})$/,
  name: /^/,
  path: /^/,
} as const;

/** One word. */
export interface Word {
  /** What must follow it. */
  readonly takes?: keyof typeof values;
  readonly meaning: string;
}

/** Words by themselves. */
export type Words = { readonly [word: string]: Word };

/** What was read: a value for each word that takes one, true for the others. */
export interface ReadWords {
  readonly given: ReadonlyMap<string, string | true>;
  /** Where the first piece begins that is none of the words. */
  readonly at: number;
}

/** Reads the words that a text begins with. @throws SyntaxProblem that names the column, where a value is missing or wrong */
export function readWords(text: string, words: Words): ReadWords {
  const given = new Map<string, string | true>();
  let at = 0;
  for (;;) {
    const found = /^\s*([a-z]+)(?:\s+|$)/.exec(text.slice(at));
    const word = found?.[1];
    const spec = word !== undefined && Object.hasOwn(words, word) ? words[word] : undefined;
    if (!found || word === undefined || !spec) return { given, at };
    at += found[0].length;
    if (spec.takes === undefined) {
      given.set(word, true);
      continue;
    }
    const value = /^(\S+)(?:\s+|$)/.exec(text.slice(at));
    if (!value?.[1]) throw new SyntaxProblem(`expected a ${spec.takes} behind ${word}`, text.length);
    if (!values[spec.takes].test(value[1])) throw new SyntaxProblem(`expected a ${spec.takes} behind ${word}`, at);
    given.set(word, value[1]);
    at += value[0].length;
  }
}

/** The words that begin as a piece does; none where it is no word. */
export function wordsLike(piece: string, words: Words): { word: string; meaning: string }[] {
  if (!/^\s*[a-z]*$/.test(piece)) return [];
  const typed = piece.trimStart();
  return Object.entries(words).flatMap(([word, { meaning }]) => (word.startsWith(typed) ? [{ word, meaning }] : []));
}
