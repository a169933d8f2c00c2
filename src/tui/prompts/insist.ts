/** Flags or size of the header of the form's message, where they are not to follow from the rest. */
import { composing, redrafted } from '../compose/composing.ts';
import { bytesOf, changedTo, type Draft, explained, type Insisted } from '../compose/draft.ts';
import { saying, stay } from '../step.ts';
import type { Flaw, PromptKind } from './prompt.ts';

function insisting(draft: Draft, what: string | undefined, value: string): Draft {
  const { [what as Insisted]: _, ...others } = draft.insisted;
  return changedTo(draft, { insisted: value === '' ? others : { ...others, [what as Insisted]: value } });
}

function flawOf(draft: Draft, what: string | undefined, value: string): Flaw | undefined {
  try {
    bytesOf(insisting(draft, what, value));
    return undefined;
  } catch (error) {
    return explained(error, `!${what}=`.length, value.length);
  }
}

/** Nothing: it follows again. */
export const prompt: PromptKind = {
  id: 'insist',
  label: '',
  offers: () => ({ from: 0, offers: [] }),
  flaw: (text, model) => {
    const { draft } = composing.of(model);
    return draft && flawOf(draft, model.prompt?.about, text.trim());
  },
  accepted: (model, text, _, { about }) => {
    const { draft } = composing.of(model);
    if (!draft) return stay(model);
    const flaw = flawOf(draft, about, text.trim());
    return flaw ? stay(saying(model, flaw.message, true)) : redrafted(model, insisting(draft, about, text.trim()));
  },
};
