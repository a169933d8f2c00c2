/** Playing a capture: the cursor moves by itself, forward or back, as fast as the messages came or so many times faster. */

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

type Direction = Play['direction'];

/** Plays from the cursor on in a direction; pauses where that is being done. */
export function playOrPause(model: Model, direction: Direction = model.play?.direction ?? 1): Step {
  if (model.play?.direction === direction) return stay(saying(paused(model), 'paused'));
  if (!isThere(model, direction)) {
    return stay(saying(model, direction === 1 ? 'this is the last message' : 'this is the first message', true));
  }
  const { speed, turn } = model.play ?? { speed: 1, turn: 0 };
  return waiting({ ...model, list: { ...model.list, following: false }, play: { direction, speed, turn } });
}

/** Plays faster or slower; begins where nothing is played. */
export function playFaster(model: Model, factor: number): Step {
  if (!model.play) return playOrPause(model);
  const speed = Math.max(1 / 64, Math.min(4096, model.play.speed * factor));
  return stay({ ...model, play: { ...model.play, speed } });
}

/** The time until the next message is over. */
export function played(model: Model, turn: number): Step {
  const { play } = model;
  if (!play || play.turn !== turn) return stay(model);
  if (!isThere(model, play.direction)) {
    return stay(saying(paused(model), play.direction === 1 ? 'played to the end' : 'played back to the beginning'));
  }
  const next = model.list.cursor + play.direction;
  if (!rowAt(model.known, next)) return waiting(model);
  return waiting(toLine(messageList, model, next));
}

/** What is being played, in words; empty where nothing is. */
export function playing({ play }: Model): string {
  if (!play) return '';
  return `playing${play.direction === 1 ? '' : ' back'} at ${speedText(play.speed)}`;
}

function speedText(speed: number): string {
  if (speed === 1) return 'the speed of the recording';
  return speed > 1 ? `${speed} times the speed` : `1/${1 / speed} of the speed`;
}

/** Whether there is a message in a direction. */
function isThere(model: Model, direction: Direction): boolean {
  const next = model.list.cursor + direction;
  return next >= 0 && next < chosenRows(model);
}

function paused({ play: _, ...model }: Model): Model {
  return model;
}

/** Waits as long as passed between the message under the cursor and the one that comes next. */
function waiting(model: Model): Step {
  const play = model.play as Play;
  const turn = play.turn + 1;
  const here = rowAt(model.known, model.list.cursor);
  const next = rowAt(model.known, model.list.cursor + play.direction);
  const ms = here && next ? Math.abs(next.sinceFirstNs - here.sinceFirstNs) / 1e6 / play.speed : retryMs;
  const bounded = Math.max(leastMs, Math.min(mostMs, ms));
  return [{ ...model, play: { ...play, turn } }, [{ type: 'wake', turn, ms: bounded }]];
}
