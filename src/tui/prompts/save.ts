/** What is shown, written into a capture of its own. */
import { stay } from '../step.ts';
import type { PromptKind } from './prompt.ts';

/** The path of the new file. */
export const prompt: PromptKind = {
  id: 'save',
  label: 'save what is shown into the new file: ',
  offers: () => ({ from: 0, offers: [] }),
  accepted: (model, text) => {
    const path = text.trim();
    return stay(path === '' ? model : { ...model, pursuit: { kind: 'save', choice: model.choice, path } });
  },
};
