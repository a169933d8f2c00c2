/** What becomes of a proxy that this viewer has started, when the viewer is quit. */
import type { Model } from '../model.ts';
import { stay } from '../step.ts';
import type { Offer, PromptKind } from './prompt.ts';

const goesOn: Offer = {
  word: 'leave it running',
  meaning: 'the connection goes on and is recorded; attach opens it again',
};
const ends = 'end it';

function offersFor({ engine }: Model): readonly Offer[] {
  const also = engine?.owned === 'with a command' ? ', and the command that it has started' : '';
  return [goesOn, { word: ends, meaning: `and with it the connections${also}` }];
}

/** The question. */
export const prompt: PromptKind = {
  id: 'leave',
  label: 'quit, and the engine: ',
  picks: true,
  offers: (model, text) => ({
    from: 0,
    offers: offersFor(model).filter(({ word }) => word.startsWith(text.toLowerCase())),
  }),
  accepted: (model, _, offer) => {
    if (offer === undefined) return stay({ ...model, notice: { text: 'leave it running, or end it?', bad: true } });
    return [model, offer.word === ends ? [{ type: 'stop-engine' }] : [{ type: 'quit' }]];
  },
};
