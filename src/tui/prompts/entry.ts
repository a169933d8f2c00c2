/** An entry of a table of the form that was zero: its place and its value; `about` is the path of the table. */
import { composing, redrafted } from '../compose/composing.ts';
import { assigned, flawOf } from '../compose/draft.ts';
import type { Model } from '../model.ts';
import { saying, stay } from '../step.ts';
import type { Flaw, PromptKind } from './prompt.ts';

const form = /^(\d+):(\S+)$/;

function flawIn(model: Model, about: string, text: string): Flaw | undefined {
  const { draft } = composing.of(model);
  const [, at, value] = form.exec(text) ?? [];
  if (at === undefined || value === undefined)
    return { column: 0, message: 'expected a place and a value, as in 3:0x1000' };
  return draft && flawOf(draft, `${about}[${at}]`, value);
}

/** `3:0x1000`. */
export const prompt: PromptKind = {
  id: 'entry',
  label: '',
  offers: () => ({ from: 0, offers: [] }),
  flaw: (text, model) => (text.trim() === '' ? undefined : flawIn(model, model.prompt?.about ?? '', text.trim())),
  accepted: (model, text, _, { about = '' }) => {
    const { draft } = composing.of(model);
    const flaw = flawIn(model, about, text.trim());
    if (flaw) return stay(saying(model, flaw.message, true));
    const [, at, value = ''] = form.exec(text.trim()) ?? [];
    return draft ? redrafted(model, assigned(draft, `${about}[${at}]`, value)) : stay(model);
  },
};
