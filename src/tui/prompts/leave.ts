/** What becomes of a proxy that this viewer has started, when the viewer is quit. */
import { stay } from '../step.ts';
import type { PromptKind } from './prompt.ts';

const goesOn = { word: 'leave it running', meaning: 'the connection goes on and is recorded; attach opens it again' };
const ends = { word: 'end it', meaning: 'and with it the connections; run ends its command too' };

/** The question. */
export const prompt: PromptKind = {
  id: 'leave',
  label: 'quit, and the engine: ',
  picks: true,
  offers: (_, text) => ({ from: 0, offers: [goesOn, ends].filter(({ word }) => word.startsWith(text.toLowerCase())) }),
  accepted: (model, _, offer) => {
    if (offer === undefined) return stay({ ...model, notice: { text: 'leave it running, or end it?', bad: true } });
    return [model, offer === ends ? [{ type: 'stop-engine' }] : [{ type: 'quit' }]];
  },
};
