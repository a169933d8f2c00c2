/** Files of rules, in place of those that are in force. */
import { stay } from '../step.ts';
import type { PromptKind } from './prompt.ts';

/** Paths, or names of rules that come with vhuscope; `none` for no rules. */
export const prompt: PromptKind = {
  id: 'load',
  label: 'rules from: ',
  offers: ({ engine }, text) => {
    const typed = /\S*$/.exec(text)?.[0] ?? '';
    const offers = [
      ...(engine?.readyRules ?? []).map(word => ({ word, meaning: 'comes with vhuscope' })),
      { word: 'none', meaning: 'no rules from files any more' },
    ];
    return { from: text.length - typed.length, offers: offers.filter(({ word }) => word.startsWith(typed)) };
  },
  accepted: (model, text) => {
    const names = text
      .trim()
      .split(/\s+/)
      .filter(name => name !== '');
    if (names.length === 0) return stay(model);
    const files = names.length === 1 && names[0] === 'none' ? [] : names;
    return [model, [{ type: 'order', order: { request: 'load', params: { files } } }]];
  },
};
