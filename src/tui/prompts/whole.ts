/** The message of the form as a whole: as a transcript line, or as bytes. */
import { composing, redrafted } from '../compose/composing.ts';
import { type Draft, explained, withHex, withLine } from '../compose/draft.ts';
import type { Model } from '../model.ts';
import { saying, stay } from '../step.ts';
import type { Flaw, PromptKind } from './prompt.ts';

function flawOf(model: Model, make: (draft: Draft) => Draft): Flaw | undefined {
  const { draft } = composing.of(model);
  if (!draft) return undefined;
  try {
    make(draft);
    return undefined;
  } catch (error) {
    return explained(error, 0, Number.POSITIVE_INFINITY);
  }
}

const whole = (id: string, label: string, make: (draft: Draft, text: string) => Draft): PromptKind => ({
  id,
  label,
  offers: () => ({ from: 0, offers: [] }),
  flaw: (text, model) => flawOf(model, draft => make(draft, text)),
  accepted: (model, text) => {
    const { draft } = composing.of(model);
    if (!draft) return stay(model);
    const flaw = flawOf(model, one => make(one, text));
    return flaw ? stay(saying(model, flaw.message, true)) : redrafted(model, make(draft, text));
  },
});

/** As `read` prints it. */
export const line = whole('line', 'line: ', withLine);
/** Hexadecimal digits, header included. */
export const hex = whole('hex', 'bytes: ', withHex);
