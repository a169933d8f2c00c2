/** The palette: every action by its name, and a record by its number. */
import { keyName, runBinding } from '../binding.ts';
import { allBindings } from '../keys/index.ts';
import type { Model } from '../model.ts';
import { stay } from '../step.ts';
import { goToNumber } from '../travel.ts';
import type { Offer, PromptKind } from './prompt.ts';

/** Actions whose words contain all that was typed; those that begin with it come first. */
function matching(model: Model, text: string): Offer[] {
  const words = text
    .toLowerCase()
    .split(/\s+/)
    .filter(word => word !== '');
  const found = allBindings().flatMap(({ view, binding }) => {
    const name = view === undefined ? binding.help : `${view}: ${binding.help}`;
    if (!words.every(word => name.toLowerCase().includes(word))) return [];
    const able = binding.enabled?.(model) ?? true;
    const meaning = binding.keys.map(keyName).join(' ');
    return [{ word: name, meaning, ...(able !== true && { barred: able }) }];
  });
  const first = ({ word }: Offer) => (word.toLowerCase().startsWith(text.toLowerCase()) ? 0 : 1);
  return found.sort((a, b) => first(a) - first(b));
}

/** The palette. */
export const prompt: PromptKind = {
  id: 'palette',
  label: 'do: ',
  picks: true,
  offers: (model, text) => {
    if (/^\d+$/.test(text)) return { from: 0, offers: [{ word: text, meaning: 'go to the record of this number' }] };
    return { from: 0, offers: matching(model, text) };
  },
  accepted: (model, text, offer) => {
    if (/^\d+$/.test(text)) return goToNumber(model, Number(text));
    const chosen = allBindings().find(
      ({ view, binding }) => offer?.word === (view === undefined ? binding.help : `${view}: ${binding.help}`),
    );
    if (!chosen) return stay({ ...model, notice: { text: `nothing is called '${text}'`, bad: true } });
    return runBinding(chosen.binding, chosen.view === undefined ? model : { ...model, focus: chosen.view });
  },
};
