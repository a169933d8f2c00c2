/** The keys that do the same wherever the cursor is. */
import type { Binding } from '../binding.ts';
import { chosenRows, everything, type Model } from '../model.ts';
import { playFaster, playOrPause } from '../playback.ts';
import { open } from '../prompts/open.ts';
import { canReplay } from '../replaying.ts';
import { selectOrNot } from '../selected.ts';
import { stay } from '../step.ts';
import { canAsk, order } from '../stepping/orders.ts';
import { choose } from '../travel.ts';
import { compareFrom } from '../views/compare.ts';
import { messageList, rowUnderCursor } from '../views/messages.ts';
import { toLine } from './scrolling.ts';

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
    about: 'list',
    short: 'filter',
    run: model => open(model, 'filter', model.choice.filter),
  },
  {
    keys: ['o'],
    help: 'fold replies into their requests, or show them by themselves',
    about: 'list',
    short: 'fold',
    run: model => choose(model, { ...model.choice, fold: !model.choice.fold }),
  },
  {
    keys: ['F'],
    help: 'follow the newest message, or stay here',
    short: 'follow',
    run: model => {
      const rows = chosenRows(model);
      if (model.list.following) return stay({ ...model, list: { ...model.list, following: false, seen: rows } });
      const last = toLine(messageList, model, rows - 1);
      return stay({ ...last, list: { ...last.list, following: true, seen: rows } });
    },
  },
  {
    keys: ['S'],
    help: 'play one side of this connection against a living other side, and compare (replay)',
    about: 'row',
    enabled: canReplay,
    run: model => {
      const { pair, session = 0, epoch } = rowUnderCursor(model) ?? {};
      // A record of no connection stands for the first one.
      const about = JSON.stringify(session > 0 ? { pair, session, epoch } : {});
      return open(model, 'replay', '', { label: session > 0 ? `play ${session}.${epoch}: ` : 'play: ', about });
    },
  },
  { keys: ['p'], help: 'play the capture from here, or pause', about: 'row', run: model => playOrPause(model, 1) },
  {
    keys: ['~'],
    help: 'play the capture back from here, or pause',
    about: 'row',
    run: model => playOrPause(model, -1),
  },
  { keys: ['*'], help: 'play twice as fast', run: model => playFaster(model, 2) },
  { keys: ['_'], help: 'play half as fast', run: model => playFaster(model, 0.5) },
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
    help: 'pause, give up a search or a selection, leave the pane, take the filter away',
    run: model => {
      if (model.play) return playOrPause(model);
      if (model.pursuit) return stay({ ...withoutPursuit(model) });
      if (model.list.anchor !== undefined) return selectOrNot(model);
      if (model.zoomed) return stay({ ...model, zoomed: false });
      if (model.focus !== 'messages') return stay({ ...model, focus: 'messages' });
      return model.choice.filter === '' ? stay(model) : choose(model, { ...model.choice, filter: everything.filter });
    },
  },
  {
    keys: ['w'],
    help: 'write the selection, else all that is shown, into a new file: capture, text, JSON, table or bytes',
    about: 'list',
    enabled: model => chosenRows(model) > 0 || 'nothing is shown',
    run: model => open(model, 'save', `${model.title.replace(/\.pcapng$/, '')}-part.pcapng`),
  },
  {
    keys: ['v'],
    help: 'select messages from here to the cursor, or give the selection up',
    about: 'list',
    enabled: model => chosenRows(model) > 0 || 'nothing is shown',
    run: selectOrNot,
  },
  {
    keys: ['='],
    help: 'compare this message with others',
    about: 'row',
    enabled: model => rowUnderCursor(model) !== undefined || 'there is no message here',
    run: compareFrom,
  },
  {
    keys: ['c'],
    help: 'write a note about this message into the capture',
    about: 'row',
    enabled: model => rowUnderCursor(model) !== undefined || 'there is no message here',
    run: model => open(model, 'note'),
  },
  {
    keys: ['O'],
    help: 'have the recording go on in another file',
    enabled: canAsk,
    run: model => order(model, { request: 'rotate', params: {} }),
  },
  {
    keys: ['Q'],
    help: 'quit, and end the engine or leave it running',
    enabled: canAsk,
    run: model => open(model, 'leave'),
  },
  {
    keys: ['q', 'C-c'],
    help: 'quit',
    short: 'quit',
    run: model => (model.engine?.owned && !model.engine.ended ? open(model, 'leave') : [model, [{ type: 'quit' }]]),
  },
];

function nextFocus(model: Model): string {
  return model.focus === 'messages' ? model.side : 'messages';
}

function withoutPursuit({ pursuit: _, ...model }: Model): Model {
  return model;
}
