/** What keys have the engine do with the held message that is meant. */
import type { HeldStatus } from '../../control/messages.ts';
import { isReply, readHeader } from '../../decode/header.ts';
import { composing } from '../compose/composing.ts';
import type { Model } from '../model.ts';
import type { Order } from '../order.ts';
import { type Step, stay } from '../step.ts';
import { heldUnderCursor } from '../views/held.ts';
import { rowUnderCursor } from '../views/messages.ts';

/** The held message that is meant: the one of the record under the cursor, else the one that has waited longest. */
export function heldHere(model: Model): HeldStatus | undefined {
  const held = model.engine?.held ?? [];
  if (model.focus === 'compose') return held.find(({ n }) => n === composing.of(model).draft?.of);
  if (model.focus === 'held') return heldUnderCursor(model) ?? held[0];
  const row = model.focus === 'messages' ? rowUnderCursor(model) : undefined;
  return held.find(({ n }) => n === row?.n) ?? held[0];
}

/** Whether there is an engine to be asked. */
export function canAsk({ engine }: Model): true | string {
  return (engine && !engine.ended) || 'there is no running engine';
}

/** Whether something is held. */
export function isHolding(model: Model): true | string {
  const able = canAsk(model);
  return able === true ? heldHere(model) !== undefined || 'nothing is held' : able;
}

/** Whether a held message is a reply. */
export function isReplyHeld({ bytes, channel, direction, context }: HeldStatus): boolean {
  const header = bytes && readHeader(bytes, 0, context.big_endian);
  return header !== undefined && isReply(channel, direction, header.flags);
}

/** Has the engine do something. */
export function order(model: Model, what: Order): Step {
  return [model, [{ type: 'order', order: what }]];
}

/** Has it do something with the held message that is meant. */
export function orderHere(model: Model, make: (n: number) => Order): Step {
  const held = heldHere(model);
  return held ? order(model, make(held.n)) : stay(model);
}
