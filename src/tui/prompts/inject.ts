/** A message of our own: its name, or a whole line; it comes into the form before it is sent. */
import { messagesOf } from '../../decode/catalog.ts';
import { channels } from '../../decode/frame.ts';
import { requester } from '../../decode/header.ts';
import { encodeLine, parseLine } from '../../decode/text/parse.ts';
import { compose } from '../compose/composing.ts';
import { explained, newDraft } from '../compose/draft.ts';
import type { Model } from '../model.ts';
import { saying, stay } from '../step.ts';
import { currentDetail } from '../views/detail.ts';
import type { Flaw, Offer, PromptKind } from './prompt.ts';

/** Every message as the beginning of its line. */
const offers: readonly Offer[] = channels.flatMap(channel =>
  messagesOf[channel].map(({ name, doc }) => {
    const whole = channel === 'main' ? name : `${channel}:${name}`;
    return { word: `${requester(channel) === 'front-to-back' ? 'F->B' : 'F<-B'} ${whole}`, meaning: doc };
  }),
);

/** What is agreed on where it will be sent, as far as the message under the cursor tells. */
const contextHere = (model: Model) => currentDetail(model)?.frame.context ?? {};

function flawOf(model: Model, text: string): Flaw | undefined {
  try {
    encodeLine(parseLine(text), contextHere(model));
    return undefined;
  } catch (error) {
    return explained(error, 0, text.length);
  }
}

function matching(text: string): Offer[] {
  const typed = text.trimStart().toUpperCase().replace('→', '->').replace('←', '<-');
  return offers.filter(({ word }) => word.startsWith(typed) || word.slice(5).startsWith(typed));
}

/** `GET_FEATURES`, or `F→B SET_VRING_NUM index=0 num=256`. */
export const prompt: PromptKind = {
  id: 'inject',
  label: 'message: ',
  offers: (_, text) => ({ from: 0, offers: matching(text) }),
  flaw: (text, model) => (text.trim() === '' || matching(text).length > 0 ? undefined : flawOf(model, text)),
  accepted: (model, text) => {
    if (text.trim() === '') return stay(model);
    const flaw = flawOf(model, text);
    if (flaw) return stay(saying(model, flaw.message, true));
    const { channel, dir, fds, ...line } = parseLine(text);
    const context = contextHere(model);
    const bytes = encodeLine({ ...line, channel, dir, fds }, context);
    return compose(model, newDraft({ channel, dir, context, bytes, fds }));
  },
};
