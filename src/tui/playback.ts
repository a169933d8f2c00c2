/** Playing a capture: the cursor moves on by itself, as fast as the messages came or so many times faster. */

import { toLine } from './keys/scrolling.ts';
import { rowAt } from './known.ts';
import { chosenRows, type Model, type Play } from './model.ts';
import { type Step, saying, stay } from './step.ts';
import { messageList } from './views/messages.ts';

/** Milliseconds between two messages, at least and at most: a night without a message is no night on the screen. */
const leastMs = 20;
const mostMs = 1500;
/** How long a row is waited for that is not known yet. */
const retryMs = 20;

/** Begins at the cursor, or pauses. */
export function playOrPause(model: Model): Step {
  if (model.play) return stay(saying(paused(model), 'paused'));
  if (model.list.cursor >= chosenRows(model) - 1) return stay(saying(model, 'this is the last message', true));
  return waiting({ ...model, play: { speed: 1, turn: 0 } });
}

/** Plays faster or slower; begins where nothing is played. */
export function playFaster(model: Model, factor: number): Step {
  if (!model.play) return playOrPause(model);
  const speed = Math.max(1 / 64, Math.min(4096, model.play.speed * factor));
  return stay(saying({ ...model, play: { ...model.play, speed } }, `${speed} times as fast as it was recorded`));
}

/** The time until the next message is over. */
export function played(model: Model, turn: number): Step {
  const { play } = model;
  if (!play || play.turn !== turn) return stay(model);
  const next = model.list.cursor + 1;
  if (next >= chosenRows(model)) return stay(saying(paused(model), 'played to the end'));
  if (!rowAt(model.known, next)) return waiting(model);
  return waiting(toLine(messageList, model, next));
}

function paused({ play: _, ...model }: Model): Model {
  return model;
}

/** Waits as long as passed between the message under the cursor and the next one. */
function waiting(model: Model): Step {
  const play = model.play as Play;
  const turn = play.turn + 1;
  const here = rowAt(model.known, model.list.cursor);
  const next = rowAt(model.known, model.list.cursor + 1);
  const ms = here && next ? (next.sinceFirstNs - here.sinceFirstNs) / 1e6 / play.speed : retryMs;
  const bounded = Math.max(leastMs, Math.min(mostMs, ms));
  return [{ ...model, play: { ...play, turn } }, [{ type: 'wake', turn, ms: bounded }]];
}
