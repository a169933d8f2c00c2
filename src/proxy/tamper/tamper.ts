/** What a rule can do to a message. */
import type { z } from 'zod';
import type { Layout } from '../../decode/edit.ts';
import type { Passage, Plan } from '../hold/plan.ts';

/** What a tamper needs besides the message. Random numbers follow from the rule's seed. */
export interface Occasion {
  random(): number;
}

/** One thing a rule can do. Pure: a plan in, a plan out. */
export interface Tamper<Settings = unknown> {
  /** Its key below `do:`. */
  readonly name: string;
  /** What it does, in one line: lower case, no full stop. */
  readonly meaning: string;
  /** What stands behind the key. */
  readonly settings: z.ZodType<Settings>;
  /** The filter of a rule that has none of its own. */
  when?(settings: Settings): string;
  /** Why some of the settings fit no message that the rule can be about, by the key they stand behind. */
  problems?(settings: Settings, layouts: readonly Layout[]): Problems;
  /** What was done, for the recording and for people: `delayed by 50 ms`. */
  told(settings: Settings): string;
  /**
   * The plan afterwards.
   *
   * @throws NotPossible, EncodeError or SyntaxProblem where this message cannot be treated so
   */
  apply(plan: Plan, settings: Settings, passage: Passage, occasion: Occasion): Plan;
}

/** Complaints by key of the settings. */
export type Problems = readonly { readonly key: string; readonly message: string }[];

/** A tamper cannot treat this message: why, for people. */
export class NotPossible extends Error {
  override name = 'NotPossible';
}

/** Checks that a tamper is complete, and lets its settings be inferred. */
export function tamper<Settings>(declared: Tamper<Settings>): Tamper {
  return declared as unknown as Tamper;
}
