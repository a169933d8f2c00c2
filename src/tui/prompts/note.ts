/** Words about a message, for the capture. */
import { stay } from '../step.ts';
import { rowUnderCursor } from '../views/messages.ts';
import type { PromptKind } from './prompt.ts';

/** About the message under the cursor. */
export const prompt: PromptKind = {
  id: 'note',
  label: 'note: ',
  offers: () => ({ from: 0, offers: [] }),
  accepted: (model, text) => {
    const row = rowUnderCursor(model);
    if (text.trim() === '') return stay(model);
    return [model, [{ type: 'note', text: text.trim(), ...(row?.kind === 'message' && { of: row.n }) }]];
  },
};
