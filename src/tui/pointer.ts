/** The mouse: a click gives the focus and moves the cursor, the wheel scrolls what is under it, a border can be dragged. */

import { showing } from './keys/index.ts';
import { insideOf, type Layout, layoutOf } from './layout.ts';
import type { Model, Prompt } from './model.ts';
import { offerAt } from './prompts/shown.ts';
import { chosen, typed } from './prompts/typing.ts';
import { type Action, type Step, stay } from './step.ts';
import { tabAt } from './tabs.ts';
import { viewOf } from './views/index.ts';

/** Lines that one step of the wheel moves. */
const wheelLines = 3;

type MouseAction = Action & { readonly type: 'mouse' };

/** What the mouse does. */
export function pointed(model: Model, { what, x, y }: MouseAction): Step {
  if (model.help !== undefined) return stay(overHelp(model, model.help, what));
  if (model.prompt) return overPrompt(model, model.prompt, what, y);
  const layout = layoutOf(model);
  const pane = layout.panes.find(
    ({ box }) => x >= box.x && x < box.x + box.width && y >= box.y && y < box.y + box.height,
  );
  if (what === 'drag') return stay(model.dragging ? dragged(model, x, y) : model);
  if (what === 'release') return stay(model.dragging ? { ...model, dragging: false } : model);
  if (what === 'press' && isBorder(model, layout, x, y)) return stay({ ...model, dragging: true });
  if (!pane) return stay(model);
  const view = viewOf(pane.view);
  if (what !== 'press') return view.wheel?.(model, what === 'up' ? -wheelLines : wheelLines) ?? stay(model);
  const focused = { ...model, focus: pane.view };
  if (y === pane.box.y) {
    const tab = tabAt(model, pane, x - pane.box.x);
    return stay(tab === undefined ? focused : showing(model, tab));
  }
  return view.click?.(focused, x - pane.box.x, y - pane.box.y - 1, insideOf(pane.box)) ?? stay(focused);
}

/** The list of keys is scrolled by the wheel, and closed by a click. */
function overHelp(model: Model, top: number, what: MouseAction['what']): Model {
  if (what === 'up' || what === 'down')
    return { ...model, help: Math.max(0, top + (what === 'up' ? -wheelLines : wheelLines)) };
  if (what !== 'press') return model;
  const { help: _, ...closed } = model;
  return closed;
}

/** What a prompt offers can be clicked, and the wheel goes through it. */
function overPrompt(model: Model, prompt: Prompt, what: MouseAction['what'], y: number): Step {
  if (what === 'up' || what === 'down') return typed(model, prompt, what);
  const offer = what === 'press' ? offerAt(model, y) : undefined;
  return offer === undefined ? stay(model) : chosen(model, prompt, offer);
}

/** Whether a cell belongs to the border between the messages and the other view: a column, or a title without a name. */
function isBorder(model: Model, { panes, beside }: Layout, x: number, y: number): boolean {
  const [messages, other] = panes;
  if (!messages || !other) return false;
  if (beside) return x === messages.box.width;
  return y === other.box.y && tabAt(model, other, x - other.box.x) === undefined;
}

/** The border between the messages and the other view moved to where the mouse is. */
function dragged(model: Model, x: number, y: number): Model {
  const { beside, head } = layoutOf(model);
  const share = beside ? x / model.size.width : (y - head.height) / Math.max(1, model.size.height - 2);
  return { ...model, split: Math.max(0.2, Math.min(0.8, share)) };
}
