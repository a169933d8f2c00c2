import type { HeldStatus } from '../../control/messages.ts';
import { compose } from '../compose/composing.ts';
import { draftOf } from '../compose/draft.ts';
import type { Model } from '../model.ts';
import { type Step, saying, stay } from '../step.ts';

/** Opens the form on a held message. */
export function editing(model: Model, held: HeldStatus | undefined): Step {
  const draft = held && draftOf(held);
  return draft
    ? compose(model, draft)
    : stay(saying(model, 'it is not going to be sent, there is nothing to edit', true));
}
