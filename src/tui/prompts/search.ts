/** Search: a filter, or words that occur in the line. */
import { completeFilter } from '../../decode/filter/complete.ts';
import { search } from '../travel.ts';
import type { PromptKind } from './prompt.ts';

/** Forward. */
export const forward: PromptKind = {
  id: 'search',
  label: 'search: ',
  offers: (_, text) => completeFilter(text),
  accepted: (model, text) => search(model, text || (model.sought ?? ''), 1),
};

/** Back. */
export const backward: PromptKind = {
  ...forward,
  id: 'search-back',
  label: 'search back: ',
  accepted: (model, text) => search(model, text || (model.sought ?? ''), -1),
};
