/** A line that is typed at the foot of the screen: what it offers, what is wrong with it, what it does. */
import type { Model, Prompt } from '../model.ts';
import type { Step } from '../step.ts';

/** Something that may be typed, and what it means. */
export interface Offer {
  readonly word: string;
  readonly meaning: string;
  /** Why it cannot be chosen now. */
  readonly barred?: string;
}

/** Offers, and where the word begins that they replace. */
export interface Offers {
  readonly from: number;
  readonly offers: readonly Offer[];
}

/** What is wrong with a text, and where. */
export interface Flaw {
  /** From 0. */
  readonly column: number;
  readonly message: string;
}

/** One kind of prompt. */
export interface PromptKind {
  readonly id: string;
  /** In front of the line. */
  readonly label: string;
  /** An offer is what is meant, whatever was typed: Enter takes the one that is picked. */
  readonly picks?: boolean;
  offers(model: Model, text: string): Offers;
  flaw?(text: string, model: Model): Flaw | undefined;
  /** What happens while it is typed. */
  changed?(model: Model, text: string): Step;
  /** @param prompt as it was when it was closed */
  accepted(model: Model, text: string, offer: Offer | undefined, prompt: Prompt): Step;
  /** What happens where it is given up. */
  cancelled?(model: Model): Step;
}
