/** A value for a field of the form; `about` is its path. */
import { composing, redrafted } from '../compose/composing.ts';
import { assigned } from '../compose/draft.ts';
import { formFields } from '../compose/fields.ts';
import { stay } from '../step.ts';
import { fieldFlaw } from '../views/compose.ts';
import type { PromptKind } from './prompt.ts';

/** Numbers in decimal or hexadecimal digits, names where there are some, texts in quotes, bytes as digits. */
export const prompt: PromptKind = {
  id: 'field',
  label: '',
  offers: (model, text) => {
    const { draft } = composing.of(model);
    const path = model.prompt?.about;
    const field = draft && formFields(draft, undefined).find(one => one.path === path && one.kind === 'choice');
    const offers = (field?.choices ?? []).filter(word => word.toLowerCase().startsWith(text.toLowerCase()));
    return { from: 0, offers: offers.map(word => ({ word, meaning: '' })) };
  },
  flaw: (text, model) => fieldFlaw(model, model.prompt?.about ?? '', text),
  accepted: (model, text, _, { about = '' }) => {
    const { draft } = composing.of(model);
    return draft ? redrafted(model, assigned(draft, about, text.trim())) : stay(model);
  },
};
