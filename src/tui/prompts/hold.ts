/** A breakpoint: which messages are to be held, and when. */
import { SyntaxProblem } from '../../decode/syntax-problem.ts';
import { saying, stay } from '../step.ts';
import { completeBreakpoint, parseBreakpoint } from '../stepping/written.ts';
import type { Flaw, PromptKind } from './prompt.ts';

function flawOf(text: string): Flaw | undefined {
  try {
    parseBreakpoint(text);
    return undefined;
  } catch (error) {
    if (error instanceof SyntaxProblem) return { column: error.column, message: error.message };
    throw error;
  }
}

/** `once`, `nth 3`, `for 120`, … and a filter; `docs/filters.md` says what that may be. */
export const prompt: PromptKind = {
  id: 'hold',
  label: 'hold: ',
  offers: (_, text) => completeBreakpoint(text),
  flaw: text => (text.trim() === '' ? undefined : flawOf(text)),
  accepted: (model, text) => {
    if (text.trim() === '') return stay(model);
    const flaw = flawOf(text);
    if (flaw) return stay(saying(model, flaw.message, true));
    return [model, [{ type: 'order', order: { request: 'hold', params: parseBreakpoint(text) } }]];
  },
};
