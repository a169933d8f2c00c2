/** Opening a prompt. */
import { rowAt } from '../known.ts';
import type { Model, Prompt } from '../model.ts';
import { type Step, stay } from '../step.ts';

/** The model with a prompt of a kind open, in which a text stands already. */
export function open(model: Model, kind: string, text = '', about: Pick<Prompt, 'label' | 'about'> = {}): Step {
  const before = { choice: model.choice, row: rowAt(model.known, model.list.cursor)?.row };
  const prompt: Prompt = { kind, text, caret: text.length, picked: 0, before, ...about };
  return stay({ ...model, prompt });
}
