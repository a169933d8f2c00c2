/** Words about a message, for the capture. */
import { stay } from '../step.ts';
import { rowUnderCursor } from '../views/messages.ts';
import type { PromptKind } from './prompt.ts';

/** About the record under the cursor: written by the engine while it records, else by us behind its last record. */
export const prompt: PromptKind = {
  id: 'note',
  label: 'note: ',
  offers: () => ({ from: 0, offers: [] }),
  accepted: (model, typed) => {
    const row = rowUnderCursor(model);
    const text = typed.trim();
    if (text === '' || !row) return stay(model);
    if (model.engine && !model.engine.ended) return [model, [{ type: 'note', text, of: row.n }]];
    return stay({ ...model, pursuit: { kind: 'note', row: row.row, text } });
  },
};
