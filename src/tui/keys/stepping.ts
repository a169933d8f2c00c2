/** Keys that hold messages of a running engine, and say what becomes of those that are held. */
import type { Binding } from '../binding.ts';
import { compose, composing } from '../compose/composing.ts';
import { isChanged, newDraft } from '../compose/draft.ts';
import type { Model } from '../model.ts';
import { open } from '../prompts/open.ts';
import { type Step, stay } from '../step.ts';
import { kindFilter } from '../stepping/kind.ts';
import { canAsk, heldHere, isHolding, isReplyHeld, order, orderHere } from '../stepping/orders.ts';
import { currentDetail } from '../views/detail.ts';
import { rowUnderCursor } from '../views/messages.ts';

const filterHere = (model: Model): string | undefined => {
  const row = rowUnderCursor(model);
  return row && kindFilter(row);
};

/** The breakpoint that holds the kind of the message under the cursor, if there is one. */
const breakpointHere = (model: Model) => {
  const filter = filterHere(model);
  return model.engine?.rules.find(
    ({ breakpoint, when, limits }) => breakpoint && when === filter && limits.length === 0,
  );
};

function holdKind(model: Model): Step {
  const filter = filterHere(model);
  if (filter === undefined) return stay(model);
  const there = breakpointHere(model);
  if (there) return order(model, { request: 'unhold', params: { name: there.name } });
  return order(model, { request: 'hold', params: { filter } });
}

/** Whether the held message may go on as it came: not over what somebody has written in its form, and may believe to be sent. */
function mayGoOn(model: Model): true | string {
  const able = isHolding(model);
  const { draft } = composing.of(model);
  if (able !== true || draft === undefined || draft.of !== heldHere(model)?.n || !isChanged(draft)) return able;
  return 'it is changed in the form: C goes there, a sends it so, Esc gives the changes up';
}

/** A copy of the message under the cursor, to be sent again. */
function copyHere(model: Model): Step {
  const detail = currentDetail(model);
  const { channel, dir, context, bytes, fds, kind } = detail?.frame ?? {};
  if (!detail || kind !== 'message' || !channel || !dir || !bytes || !context || !fds) return stay(model);
  return compose(model, newDraft({ channel, dir, context, bytes, fds }));
}

/** The keys. */
export const steppingBindings: readonly Binding[] = [
  {
    keys: ['a'],
    help: 'let the held message go on',
    short: 'let go',
    enabled: mayGoOn,
    run: model => orderHere(model, n => ({ request: 'release', params: { n } })),
  },
  {
    keys: ['s'],
    help: 'let it go, and hold the next message of its connection, in either direction',
    short: 'step',
    enabled: mayGoOn,
    run: model => orderHere(model, n => ({ request: 'step', params: { n } })),
  },
  {
    keys: ['A'],
    help: 'let all held messages go on',
    enabled: isHolding,
    run: model => order(model, { request: 'release', params: {} }),
  },
  {
    keys: ['T'],
    help: 'take more time: the held message waits as long again from now on',
    enabled: isHolding,
    run: model => orderHere(model, n => ({ request: 'prolong', params: { n } })),
  },
  {
    keys: ['d'],
    help: 'drop the held message: the other side does not get it',
    short: 'drop',
    enabled: isHolding,
    run: model => orderHere(model, n => ({ request: 'drop', params: { n } })),
  },
  {
    keys: ['@'],
    help: 'answer the held message in the name of the side it was meant for, which does not get it',
    short: 'answer',
    enabled: model => {
      const able = isHolding(model);
      if (able !== true) return able;
      const held = heldHere(model);
      return (held && !isReplyHeld(held)) || 'it is a reply, nobody answers it';
    },
    run: model => {
      const held = heldHere(model);
      return held ? open(model, 'answer', '', { label: `answer ${held.name}: `, about: String(held.n) }) : stay(model);
    },
  },
  {
    keys: ['X'],
    help: 'close the connection in place of the held message',
    short: 'close',
    enabled: isHolding,
    run: model => orderHere(model, n => ({ request: 'close', params: { n } })),
  },
  {
    keys: ['b'],
    help: 'hold messages like this one, or hold them no more',
    about: 'row',
    short: 'hold',
    enabled: model => {
      const able = canAsk(model);
      return able === true ? filterHere(model) !== undefined || 'there is no message here' : able;
    },
    run: holdKind,
  },
  {
    keys: ['B'],
    help: 'hold messages that a filter matches: once, only the nth, for so long',
    enabled: canAsk,
    run: model => open(model, 'hold'),
  },
  {
    keys: ['i'],
    help: 'write a message of your own, and send it',
    about: 'detail',
    enabled: canAsk,
    run: model => open(model, 'inject'),
  },
  {
    keys: ['I'],
    help: 'write a message like this one, and send it',
    about: 'detail',
    enabled: model => {
      const able = canAsk(model);
      return able === true ? rowUnderCursor(model)?.kind === 'message' || 'there is no message here' : able;
    },
    run: copyHere,
  },
];
