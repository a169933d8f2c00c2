/** A value for a field of the form; `about` is its path. */
import { composing, redrafted } from '../compose/composing.ts';
import { assigned } from '../compose/draft.ts';
import { type FormField, formFields } from '../compose/fields.ts';
import type { Model } from '../model.ts';
import { stay } from '../step.ts';
import { fieldFlaw } from '../views/compose.ts';
import type { PromptKind } from './prompt.ts';

/** Numbers in decimal or hexadecimal digits, names where there are some, texts in quotes, bytes as digits. */
export const prompt: PromptKind = {
  id: 'field',
  label: '',
  offers: (model, text) => {
    const field = fieldOf(model, model.prompt?.about);
    const offers = (field?.choices ?? []).filter(word => word.toLowerCase().startsWith(text.toLowerCase()));
    return { from: 0, offers: offers.map(word => ({ word, meaning: '' })) };
  },
  flaw: (text, model) => {
    const { about = '' } = model.prompt ?? {};
    return text.trim() === '' && fieldOf(model, about)?.counts !== undefined
      ? undefined
      : fieldFlaw(model, about, text);
  },
  accepted: (model, text, _, { about = '' }) => {
    const { draft } = composing.of(model);
    const counts = text.trim() === '' ? fieldOf(model, about)?.counts : undefined;
    return draft ? redrafted(model, assigned(draft, about, counts?.toString() ?? text.trim())) : stay(model);
  },
};

/** The field at a path that is written as a whole. */
function fieldOf(model: Model, path: string | undefined): FormField | undefined {
  const { draft, toggled } = composing.of(model);
  const whole = (one: FormField): boolean => one.path === path && !['bit', 'row', 'fold'].includes(one.kind);
  return draft && formFields(draft, undefined, toggled).find(whole);
}
