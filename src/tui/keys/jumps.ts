/** Keys that go from a message to others that have to do with it. */
import type { NearestOrder } from '../../trace/questions.ts';
import type { Binding } from '../binding.ts';
import { rowAt } from '../known.ts';
import type { Model } from '../model.ts';
import { placesOfInterest } from '../notes.ts';
import { open } from '../prompts/open.ts';
import { type Step, saying, stay } from '../step.ts';
import { goTo, search } from '../travel.ts';
import { currentDetail } from '../views/detail.ts';
import { rowUnderCursor } from '../views/messages.ts';

const hasRow = (model: Model): true | string => rowUnderCursor(model) !== undefined || 'there is no message here';
const hasPartner = (model: Model): true | string =>
  rowUnderCursor(model)?.partner !== undefined || 'this message neither answers another one nor was it answered';
const hasSought = ({ sought }: Model): true | string => sought !== undefined || 'nothing was searched for yet';
/** A filter that finds the messages of the name under the cursor. */
const sameName = (model: Model): string => `name == "${rowUnderCursor(model)?.name ?? ''}"`;

/** The row under the cursor, or the one that is set out for: keys may come faster than the trace answers. */
function placeOf(model: Model): number {
  if (model.pursuit?.kind === 'place') return model.pursuit.row;
  return rowAt(model.known, model.list.cursor)?.row ?? 0;
}

/** Goes to the nearest of some rows in a direction. */
function toNearest(model: Model, rows: readonly number[], direction: 1 | -1, what: string): Step {
  const here = placeOf(model);
  const beyond = rows.filter(row => (direction === 1 ? row > here : row < here));
  if (beyond.length === 0) {
    return stay(saying(model, `there is no ${what} ${direction === 1 ? 'below' : 'above'} the cursor`, true));
  }
  return goTo(model, direction === 1 ? Math.min(...beyond) : Math.max(...beyond));
}

/** Asks for the next finding or phase; keys that come before the answer count on from the first one's place. */
const toNext =
  (what: NearestOrder['what'], direction: 1 | -1) =>
  (model: Model): Step => {
    const { pursuit } = model;
    const waits = pursuit?.kind === 'nearest' && pursuit.what === what && pursuit.direction === direction;
    const order = waits
      ? { ...pursuit, steps: pursuit.steps + 1 }
      : { what, direction, from: placeOf(model), steps: 1 };
    return stay({ ...model, pursuit: { ...order, kind: 'nearest' } });
  };

const toInterest = (direction: 1 | -1) => (model: Model) =>
  toNearest(model, placesOfInterest(model), direction, 'mark or note');

/** The first record that carried the descriptor of the message under the cursor. */
function firstPassing(model: Model): number | undefined {
  const detail = currentDetail(model);
  if (!detail || detail.row.row !== rowUnderCursor(model)?.row) return undefined;
  return detail.fds.flatMap(({ passings }) => passings.slice(0, 1)).find(({ row }) => row !== detail.row.row)?.row;
}

/** The keys. */
export const jumpBindings: readonly Binding[] = [
  {
    keys: ['r'],
    help: 'go from the request to the reply, and back',
    about: 'row',
    short: 'reply',
    enabled: hasPartner,
    run: model => goTo(model, rowUnderCursor(model)?.partner ?? 0),
  },
  {
    keys: [']'],
    help: 'next message of the same name',
    about: 'row',
    enabled: hasRow,
    run: model => search(model, sameName(model), 1),
  },
  {
    keys: ['['],
    help: 'previous message of the same name',
    about: 'row',
    enabled: hasRow,
    run: model => search(model, sameName(model), -1),
  },
  { keys: ['e'], help: 'next finding', about: 'row', run: toNext('finding', 1) },
  { keys: ['E'], help: 'previous finding', about: 'row', run: toNext('finding', -1) },
  { keys: [')'], help: 'next phase', about: 'row', run: toNext('phase', 1) },
  { keys: ['('], help: 'previous phase', about: 'row', run: toNext('phase', -1) },
  {
    keys: ['u'],
    help: 'go to the message that passed this descriptor first',
    about: 'detail',
    enabled: model => firstPassing(model) !== undefined || 'no earlier message passed a descriptor of this one',
    run: model => goTo(model, firstPassing(model) ?? 0),
  },
  { keys: ['/'], help: 'search forward', about: 'row', short: 'search', run: model => open(model, 'search') },
  { keys: ['\\'], help: 'search back', about: 'row', run: model => open(model, 'search-back') },
  {
    keys: ['n'],
    help: 'next match of the search',
    about: 'row',
    enabled: hasSought,
    run: model => search(model, model.sought ?? '', 1),
  },
  {
    keys: ['N'],
    help: 'previous match of the search',
    about: 'row',
    enabled: hasSought,
    run: model => search(model, model.sought ?? '', -1),
  },
  {
    keys: ['m *'],
    help: 'mark this message with a letter',
    about: 'row',
    enabled: hasRow,
    run: (model, key) => {
      const row = rowUnderCursor(model);
      if (!row) return stay(model);
      return stay(
        saying({ ...model, marks: new Map(model.marks).set(key, row.row) }, `marked as ${key}; '${key} comes back`),
      );
    },
  },
  {
    keys: ["' *"],
    help: 'go to the message marked with a letter',
    enabled: ({ marks }) => marks.size > 0 || 'no message is marked',
    run: (model, key) => {
      const row = model.marks.get(key);
      return row === undefined ? stay(saying(model, `no message is marked ${key}`, true)) : goTo(model, row);
    },
  },
  { keys: [';'], help: 'next message that is marked or has a note', about: 'row', run: toInterest(1) },
  { keys: [','], help: 'previous message that is marked or has a note', about: 'row', run: toInterest(-1) },
];
