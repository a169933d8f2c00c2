/** The palette: every action by its name, and a record by its number. */
import { ableTo, type Binding, keyName, runBinding } from '../binding.ts';
import { keyGroups, showing } from '../keys/index.ts';
import type { Model } from '../model.ts';
import { type Step, saying, stay } from '../step.ts';
import { goToNumber } from '../travel.ts';
import type { Offer, PromptKind } from './prompt.ts';

/** An action with the name it has in the palette. */
interface Named {
  readonly name: string;
  readonly view?: string;
  readonly binding: Binding;
}

/** Every action; those of a view by its name and theirs. */
function allActions(): Named[] {
  return keyGroups.flatMap(({ view, bindings }) =>
    bindings.map(binding => ({
      binding,
      name: view === undefined ? binding.help : `${view}: ${binding.help}`,
      ...(view !== undefined && { view }),
    })),
  );
}

/** Actions whose names contain all words that were typed; those that begin with them come first. */
function matching(model: Model, text: string): Offer[] {
  const words = text
    .toLowerCase()
    .split(/\s+/)
    .filter(word => word !== '');
  const found = allActions().flatMap(({ name, binding }) => {
    if (!words.every(word => name.toLowerCase().includes(word))) return [];
    const able = ableTo(binding, model);
    const meaning = binding.keys.map(keyName).join(' ');
    return [{ word: name, meaning, ...(able !== true && { barred: able }) }];
  });
  const first = ({ word }: Offer) => (word.toLowerCase().startsWith(text.toLowerCase()) ? 0 : 1);
  return found.sort((a, b) => first(a) - first(b));
}

/** Does it in its view; where a letter belongs to it, that is waited for as behind its key. */
function run({ binding, view }: Named, model: Model): Step {
  const there = view === undefined ? model : showing(model, view);
  const [key = ''] = binding.keys;
  if (!key.endsWith(' *')) return runBinding(binding, there);
  const able = ableTo(binding, there);
  return stay(able === true ? { ...there, pending: key.slice(0, -2) } : saying(there, able));
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
    const chosen = allActions().find(({ name }) => name === offer?.word);
    if (!chosen) return stay({ ...model, notice: { text: `nothing is called '${text}'`, bad: true } });
    return run(chosen, model);
  },
};
