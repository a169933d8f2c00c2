/** What is shown, written into a file of its own; the end of its name says the format. */
import { savingFormats } from '../../trace/saving/index.ts';
import { selectedPart } from '../selected.ts';
import { stay } from '../step.ts';
import type { PromptKind } from './prompt.ts';

/** The path of the new file. */
export const prompt: PromptKind = {
  id: 'save',
  label: 'save into the new file: ',
  offers: (_, text) => {
    const from = /\.\w*$/.exec(text)?.index ?? text.length;
    return {
      from,
      offers: savingFormats
        .filter(({ ending }) => ending !== text.slice(from))
        .map(({ ending, meaning }) => ({ word: ending, meaning })),
    };
  },
  accepted: (model, text) => {
    const path = text.trim();
    if (path === '') return stay(model);
    const part = selectedPart(model);
    const marks = [...model.marks];
    const order = { path, ...(part && { part }), ...(marks.length > 0 && { marks }) };
    return stay({ ...model, pursuit: { kind: 'save', choice: model.choice, ...order } });
  },
};
