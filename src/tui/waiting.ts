/**
 * Keys that are pressed before the trace has told what they are about: they wait, and are pressed once it has. Somebody
 * who types a jump and a letter at once means the message that is jumped to.
 */
import { entryOf, recall, rowAt } from './known.ts';
import { chosenRows, type Model, sameChoice } from './model.ts';

/** What must be known before a key does something: which rows are shown, that under the cursor, everything about it. */
export type About = 'list' | 'row' | 'detail';

/** Keys that may wait; more are not pressed by a person. */
const mostKeys = 256;

/** Whether the trace has told what a key is about. Nothing is known of a row that is not there. */
export function isTold(model: Model, about: About | undefined): boolean {
  if (about === undefined) return true;
  const { standing, choice, known, list } = model;
  if (!sameChoice(standing.choice, choice) || isMoving(model)) return false;
  if (standing.rows === 0 && !standing.settled) return false;
  if (about === 'list' || chosenRows(model) === 0) return true;
  const row = rowAt(known, list.cursor);
  if (!row || about === 'row') return row !== undefined;
  return recall(known, { kind: 'detail', row: row.row, surveyed: false })?.row.row === row.row;
}

/** Whether the cursor is on its way; a search that takes its time is none, since people scroll meanwhile. */
function isMoving({ pursuit, known }: Model): boolean {
  if (pursuit === undefined) return false;
  if (pursuit.kind === 'place' || pursuit.kind === 'number') return true;
  if (pursuit.kind !== 'search' && pursuit.kind !== 'nearest') return false;
  const entry = entryOf(known, pursuit);
  return entry?.state !== 'asked' || entry.done === 0;
}

/** The model in which keys wait, behind those that do already. */
export function waitingFor(model: Model, keys: readonly string[]): Model {
  return { ...model, waiting: [...(model.waiting ?? []), ...keys].slice(0, mostKeys) };
}

/** The model in which no key waits. */
export function waitingForNothing({ waiting: _, ...model }: Model): Model {
  return model;
}
