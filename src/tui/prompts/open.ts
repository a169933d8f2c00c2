/** Opening a prompt. */
import type { Model, Prompt } from '../model.ts';
import { type Step, stay } from '../step.ts';

/** The model with a prompt of a kind open, in which a text stands already. */
export function open(model: Model, kind: string, text = ''): Step {
  const { choice, list } = model;
  const prompt: Prompt = { kind, text, caret: text.length, picked: 0, before: { choice, list } };
  return stay({ ...model, prompt });
}
