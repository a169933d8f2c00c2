/** What was written about records, and which were marked. */
import type { ListedNote } from '../trace/questions.ts';
import { recall } from './known.ts';
import { type Model, surveyedUpTo } from './model.ts';

const none: readonly ListedNote[] = [];

/** Every note of the capture, as far as it is surveyed. */
export function notesIn(model: Model): readonly ListedNote[] {
  return recall(model.known, { kind: 'notes', surveyed: surveyedUpTo(model) }) ?? none;
}

/** Rows that were marked or written about. */
export function placesOfInterest(model: Model): number[] {
  return [...model.marks.values(), ...notesIn(model).map(({ about, row }) => about ?? row)];
}
