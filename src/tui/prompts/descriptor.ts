/** A descriptor of the form's message; `about` is its place. */
import { parseFd } from '../../decode/text/descriptors.ts';
import { composing, redrafted } from '../compose/composing.ts';
import { changedTo } from '../compose/draft.ts';
import type { Model } from '../model.ts';
import { descriptorText } from '../show/descriptor.ts';
import { saying, stay } from '../step.ts';
import type { Offer, PromptKind } from './prompt.ts';

function offersOf(model: Model): Offer[] {
  const came = composing.of(model).draft?.came ?? [];
  return [
    ...came.map((identity, i) => ({ word: String(i), meaning: `as it came: ${descriptorText(identity)}` })),
    { word: 'memfd:4K', meaning: 'fresh memory of that size' },
    { word: 'eventfd', meaning: 'a fresh eventfd, which nobody else has' },
    { word: 'null', meaning: '/dev/null' },
    { word: 'none', meaning: 'leave it out' },
  ];
}

function isChoice(model: Model, text: string): boolean {
  const came = composing.of(model).draft?.came.length ?? 0;
  if (/^\d+$/.test(text)) return Number(text) < came;
  return ['eventfd', 'null', 'none'].includes(text) || (text.startsWith('memfd') && parseFd(text) !== undefined);
}

/** One that came, a fresh one, or none. */
export const prompt: PromptKind = {
  id: 'descriptor',
  label: 'descriptor: ',
  picks: true,
  offers: (model, text) => ({ from: 0, offers: offersOf(model).filter(({ word }) => word.startsWith(text.trim())) }),
  flaw: (text, model) =>
    text.trim() === '' ||
    offersOf(model).some(({ word }) => word.startsWith(text.trim())) ||
    isChoice(model, text.trim())
      ? undefined
      : { column: 0, message: 'expected the place of one that came, memfd:SIZE, eventfd, null or none' },
  accepted: (model, text, offer, { about }) => {
    const { draft } = composing.of(model);
    const written = isChoice(model, text.trim()) ? text.trim() : (offer?.word ?? text.trim());
    if (!draft) return stay(model);
    if (!isChoice(model, written)) return stay(saying(model, `there is no descriptor '${written}'`, true));
    const fds = [...draft.fds];
    if (written === 'none') fds.splice(Number(about), 1);
    else fds.splice(Number(about), 1, written);
    return redrafted(model, changedTo(draft, { fds }));
  },
};
