/** What follows in the viewer when the engine has done what it was asked to. */
import { composing } from '../compose/composing.ts';
import type { Model } from '../model.ts';
import type { Order, Outcome } from '../order.ts';
import { type Step, saying, stay } from '../step.ts';

/** Says what became of an order. A message that was sent closes its form; one that could not be sent stays in it. */
export function obeyed(model: Model, order: Order, { text, bad }: Outcome): Step {
  // The form has its time begin anew with every change; only that it is too late is worth a word.
  if (order.request === 'prolong' && model.focus === 'compose' && !bad) return stay(model);
  const sent = order.request === 'edit' || order.request === 'inject' || order.request === 'release';
  const { sending } = composing.of(model);
  if (!sent || !sending) return stay(saying(model, text, bad));
  if (bad) return stay(saying(composing.with(model, { sending: false }), text, true));
  return stay(saying(leave(composing.with(model, { sending: false, draft: undefined })), text));
}

/** Back to where the form was opened from. */
function leave(model: Model): Model {
  const { from } = composing.of(model);
  return { ...model, ...from };
}
