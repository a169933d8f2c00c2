/** Going to other messages, and choosing which are shown: the trace is asked, since only it knows where a row stands. */
import type { Question } from '../trace/questions.ts';
import type { Choice } from '../trace/selection.ts';
import { nothingKnown, rowAt } from './known.ts';
import type { Model } from './model.ts';
import { type Step, saying, stay } from './step.ts';

/** Sets out for a row; the cursor is there once the trace has told its position. */
export function goTo(model: Model, row: number): Step {
  return stay({ ...model, pursuit: { kind: 'place', choice: model.choice, row } });
}

/** Shows other rows; the cursor stays on its message, or goes to the next one that is shown. */
export function choose(model: Model, choice: Choice): Step {
  const row = rowAt(model.known, model.list.cursor);
  const { pages: _, ...known } = model.known;
  const { anchor: __, ...list } = model.list;
  const anew: Model = {
    ...model,
    choice,
    known: { ...known, pages: nothingKnown.pages },
    list: { ...list, cursor: 0, top: 0 },
  };
  const effects = [{ type: 'choose', choice }] as const;
  const wanted = row?.row ?? (model.pursuit?.kind === 'place' ? model.pursuit.row : undefined);
  if (wanted === undefined || model.list.following) return [anew, effects];
  return [{ ...anew, pursuit: { kind: 'place', choice, row: wanted } }, effects];
}

/** Looks for a text from the cursor on. */
export function search(model: Model, text: string, direction: 1 | -1): Step {
  if (text.trim() === '') return stay(model);
  const from = rowAt(model.known, model.list.cursor)?.row ?? 0;
  const pursuit = { kind: 'search', choice: model.choice, text, from, direction } as const;
  return stay({ ...model, sought: text, pursuit });
}

/** Goes to a record by its number in the recording. */
export function goToNumber(model: Model, n: number): Step {
  return stay({ ...model, pursuit: { kind: 'number', n } });
}

/** What is said where a question for a row found none. */
export function notFound(model: Model, question: Question): Model {
  if (question.kind === 'search') {
    const where = question.direction === 1 ? 'below' : 'above';
    return saying(model, `'${question.text}' does not occur ${where} the cursor`, true);
  }
  if (question.kind === 'nearest') {
    return saying(
      model,
      `there is no ${question.what} ${question.direction === 1 ? 'below' : 'above'} the cursor`,
      true,
    );
  }
  return saying(
    model,
    question.kind === 'number' ? `there is no record ${question.n}` : 'there is no such record',
    true,
  );
}
