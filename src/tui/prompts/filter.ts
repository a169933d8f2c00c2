/** The filter: it works while it is typed, as soon as what was typed is one. */
import { completeFilter } from '../../decode/filter/complete.ts';
import { compileFilter } from '../../decode/filter/filter.ts';
import { SyntaxProblem } from '../../decode/syntax-problem.ts';
import { sameChoice } from '../model.ts';
import { stay } from '../step.ts';
import { choose, goTo } from '../travel.ts';
import type { Flaw, PromptKind } from './prompt.ts';

/** What is wrong with a filter. */
export function flawOf(text: string): Flaw | undefined {
  try {
    compileFilter(text);
    return undefined;
  } catch (error) {
    if (error instanceof SyntaxProblem) return { column: error.column, message: error.message };
    throw error;
  }
}

/** `docs/filters.md` says what may be typed. */
export const prompt: PromptKind = {
  id: 'filter',
  label: 'filter: ',
  offers: (_, text) => completeFilter(text),
  flaw: flawOf,
  changed: (model, text) => {
    const filter = text.trim();
    if (flawOf(filter) || filter === model.choice.filter) return stay(model);
    return choose(model, { ...model.choice, filter });
  },
  accepted: (model, text) => {
    const flaw = flawOf(text);
    return stay(flaw ? { ...model, notice: { text: flaw.message, bad: true } } : model);
  },
  cancelled: model => {
    const before = model.prompt?.before;
    if (!before || sameChoice(before.choice, model.choice)) return stay(model);
    const [chosen, effects] = choose(model, before.choice);
    return [before.row === undefined ? chosen : goTo(chosen, before.row)[0], effects];
  },
};
