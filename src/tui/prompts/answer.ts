/** A reply to a held message, in the name of the side it was meant for. */
import type { Model } from '../model.ts';
import { saying, stay } from '../step.ts';
import type { Offer, PromptKind } from './prompt.ts';

const usual: readonly Offer[] = [
  { word: 'ok', meaning: 'acknowledge: it was done' },
  { word: 'error', meaning: 'acknowledge: it could not be done' },
  { word: 'empty', meaning: 'a reply without a payload, as GET_CONFIG is refused' },
];

/** A word, a number for a u64, or a transcript line; `about` is the number of the held message. */
export const prompt: PromptKind = {
  id: 'answer',
  label: 'answer: ',
  picks: true,
  offers: (_: Model, text: string) => ({ from: 0, offers: usual.filter(({ word }) => word.startsWith(text.trim())) }),
  accepted: (model, text, offer, { about }) => {
    const written = offer?.word ?? text.trim();
    const n = Number(about);
    if (written === '' || !Number.isInteger(n))
      return stay(saying(model, 'ok, error, empty, a number or a line', true));
    return [model, [{ type: 'order', order: { request: 'answer', params: { n, with: written } } }]];
  },
};
