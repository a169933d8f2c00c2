/** What a prompt shows above its line: some of what it offers, and what is wrong with what was typed. */
import type { Model } from '../model.ts';
import { promptOf } from './index.ts';
import type { Flaw, Offer } from './prompt.ts';

/** Offers that are seen at a time. */
const mostOffers = 8;

/** What is shown. */
export interface ShownOffers {
  /** The place of the first one among all. */
  readonly first: number;
  readonly offers: readonly Offer[];
  readonly flaw?: Flaw;
}

/** What the open prompt shows; nothing where none is open. */
export function shownOffers(model: Model): ShownOffers {
  const { prompt } = model;
  if (!prompt) return { first: 0, offers: [] };
  const kind = promptOf(prompt.kind);
  const typed = prompt.text.slice(0, prompt.caret);
  const { from, offers } = kind.offers(model, typed);
  const first = Math.max(0, Math.min(prompt.picked - mostOffers + 1, offers.length - mostOffers));
  const flaw = kind.flaw?.(prompt.text, model);
  // A word that is half typed is none yet, but it can become one that is offered.
  const becomes = offers.length > 0 && typed.length > from && typed === prompt.text;
  const isSeen = flaw !== undefined && !(becomes && flaw.column >= from);
  return { first, offers: offers.slice(first, first + mostOffers), ...(isSeen && { flaw }) };
}

/** The place among all offers of the one that is shown in a line of the screen. */
export function offerAt(model: Model, y: number): number | undefined {
  const { first, offers, flaw } = shownOffers(model);
  const line = y - (model.size.height - 1 - offers.length - (flaw ? 1 : 0));
  return line >= 0 && line < offers.length ? first + line : undefined;
}
