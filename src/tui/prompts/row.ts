/** Some bytes of a field of the form; `about` is its path and the first of them, as in `data@16`. */
import { withRow } from '../compose/bytes.ts';
import { composing, redrafted } from '../compose/composing.ts';
import { assigned, type Draft, explained } from '../compose/draft.ts';
import { formFields } from '../compose/fields.ts';
import type { Model } from '../model.ts';
import { saying, stay } from '../step.ts';
import type { Flaw, PromptKind } from './prompt.ts';

/** The path of the field, and all its bytes with those that were typed. @throws SyntaxProblem */
function replaced(
  model: Model,
  draft: Draft,
  about: string,
  text: string,
): { path: string; bytes: string } | undefined {
  const [path = '', from] = about.split('@');
  const all = formFields(draft, undefined, composing.of(model).toggled).filter(field => field.path === path);
  const whole = all.find(({ kind }) => kind === 'bytes');
  const row = all.find(({ kind, at }) => kind === 'row' && at === Number(from));
  return whole && row && { path, bytes: withRow(draft.bytes, whole, row, text) };
}

function flawOf(model: Model, about: string, text: string): Flaw | undefined {
  const { draft } = composing.of(model);
  try {
    if (draft) replaced(model, draft, about, text);
    return undefined;
  } catch (error) {
    return explained(error, 0, text.length);
  }
}

/** As many bytes as there were: hexadecimal digits, or a text in quotes. */
export const prompt: PromptKind = {
  id: 'row',
  label: '',
  offers: () => ({ from: 0, offers: [] }),
  flaw: (text, model) => flawOf(model, model.prompt?.about ?? '', text.trim()),
  accepted: (model, text, _, { about = '' }) => {
    const { draft } = composing.of(model);
    const flaw = flawOf(model, about, text.trim());
    if (flaw) return stay(saying(model, flaw.message, true));
    const made = draft && replaced(model, draft, about, text.trim());
    return made ? redrafted(model, assigned(draft, made.path, made.bytes)) : stay(model);
  },
};
