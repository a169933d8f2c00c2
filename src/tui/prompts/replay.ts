/** A replay of the connection under the cursor: which side is played, and where the living one is. */
import { SyntaxProblem } from '../../decode/syntax-problem.ts';
import { type PlayedConnection, parseReplay, replayWords } from '../replaying.ts';
import { saying, stay } from '../step.ts';
import { newlyPlayed } from '../views/replay.ts';
import { readWords, wordsLike } from '../words.ts';
import type { Flaw, Offers, PromptKind } from './prompt.ts';

function flawOf(text: string): Flaw | undefined {
  try {
    parseReplay(text);
    return undefined;
  } catch (error) {
    if (error instanceof SyntaxProblem) return { column: error.column, message: error.message };
    throw error;
  }
}

function offersFor(text: string): Offers {
  try {
    const { given, at } = readWords(text, replayWords);
    const from = at + (text.slice(at).length - text.slice(at).trimStart().length);
    const sides = ['to', 'listen'];
    const taken = new Set([...given.keys(), ...(sides.some(side => given.has(side)) ? sides : [])]);
    return { from, offers: wordsLike(text.slice(at), replayWords).filter(({ word }) => !taken.has(word)) };
  } catch (error) {
    if (!(error instanceof SyntaxProblem)) throw error;
    return { from: text.length, offers: [] };
  }
}

/** `to SOCKET` or `listen SOCKET`, and how; `about` is the connection. */
export const prompt: PromptKind = {
  id: 'replay',
  label: 'play: ',
  offers: (_, text) => offersFor(text),
  flaw: text => (text.trim() === '' ? undefined : flawOf(text)),
  accepted: (model, text, _, { about = '{}' }) => {
    if (text.trim() === '') return stay(model);
    const flaw = flawOf(text);
    if (flaw) return stay(saying(model, flaw.message, true));
    const order = { ...(JSON.parse(about) as PlayedConnection), ...parseReplay(text) };
    return [newlyPlayed(model), [{ type: 'replay-start', order }]];
  },
};
