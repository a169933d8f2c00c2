/** The keys that do the same wherever the cursor is. */
import type { Binding } from '../binding.ts';
import { everything, type Model } from '../model.ts';
import { open } from '../prompts/open.ts';
import { saying, stay } from '../step.ts';
import { choose, goTo, search } from '../travel.ts';
import { rowUnderCursor } from '../views/messages.ts';

const hasRow = (model: Model): true | string => rowUnderCursor(model) !== undefined || 'there is no message here';
const hasPartner = (model: Model): true | string =>
  rowUnderCursor(model)?.partner !== undefined || 'this message neither answers another one nor was it answered';
const sought = ({ sought }: Model): true | string => sought !== undefined || 'nothing was searched for yet';
/** A filter that finds the messages of the name under the cursor. */
const sameName = (model: Model): string => `name == "${rowUnderCursor(model)?.name ?? ''}"`;

/** Keys for every place. */
export const globalBindings: readonly Binding[] = [
  { keys: ['?'], help: 'list every key', short: 'keys', run: model => stay({ ...model, help: 0 }) },
  {
    keys: [':'],
    help: 'find an action by its name, or a record by its number',
    short: 'do',
    run: model => open(model, 'palette'),
  },
  {
    keys: ['f'],
    help: 'filter the messages',
    short: 'filter',
    run: model => open(model, 'filter', model.choice.filter),
  },
  { keys: ['/'], help: 'search forward', short: 'search', run: model => open(model, 'search') },
  { keys: ['\\'], help: 'search back', run: model => open(model, 'search-back') },
  {
    keys: ['n'],
    help: 'next match of the search',
    enabled: sought,
    run: model => search(model, model.sought ?? '', 1),
  },
  {
    keys: ['N'],
    help: 'previous match of the search',
    enabled: sought,
    run: model => search(model, model.sought ?? '', -1),
  },
  {
    keys: ['r'],
    help: 'go from the request to the reply, and back',
    short: 'reply',
    enabled: hasPartner,
    run: model => goTo(model, rowUnderCursor(model)?.partner ?? 0),
  },
  {
    keys: [']'],
    help: 'next message of the same name',
    enabled: hasRow,
    run: model => search(model, sameName(model), 1),
  },
  {
    keys: ['['],
    help: 'previous message of the same name',
    enabled: hasRow,
    run: model => search(model, sameName(model), -1),
  },
  {
    keys: ['o'],
    help: 'fold replies into their requests, or show them by themselves',
    short: 'fold',
    run: model => choose(model, { ...model.choice, fold: !model.choice.fold }),
  },
  {
    keys: ['F'],
    help: 'follow the newest message, or stay here',
    short: 'follow',
    run: model =>
      stay({ ...model, list: { ...model.list, following: !model.list.following, seen: model.standing.chosen } }),
  },
  {
    keys: ['m *'],
    help: 'mark this message with a letter',
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
  { keys: ['tab'], help: 'the other pane', short: 'pane', run: model => stay({ ...model, focus: nextFocus(model) }) },
  {
    keys: ['z'],
    help: 'this pane over the whole screen, and back',
    short: 'zoom',
    run: model => stay({ ...model, zoomed: !model.zoomed }),
  },
  {
    keys: ['+'],
    help: 'more room for the messages',
    run: model => stay({ ...model, split: Math.min(0.8, model.split + 0.05) }),
  },
  {
    keys: ['-'],
    help: 'less room for the messages',
    run: model => stay({ ...model, split: Math.max(0.2, model.split - 0.05) }),
  },
  {
    keys: ['escape'],
    help: 'give up a search, leave the pane, take the filter away',
    run: model => {
      if (model.pursuit) return stay({ ...withoutPursuit(model) });
      if (model.zoomed) return stay({ ...model, zoomed: false });
      if (model.focus !== 'messages') return stay({ ...model, focus: 'messages' });
      return model.choice.filter === '' ? stay(model) : choose(model, { ...model.choice, filter: everything.filter });
    },
  },
  { keys: ['q', 'C-c'], help: 'quit', short: 'quit', run: model => [model, [{ type: 'quit' }]] },
];

function nextFocus(model: Model): string {
  return model.focus === 'messages' ? model.side : 'messages';
}

function withoutPursuit({ pursuit: _, ...model }: Model): Model {
  return model;
}
