/**
 * The end of a list that grows. Whoever follows it sees the rows of one moment until those of another are known: if the
 * list moved with every word of how far the trace is, a fast recording would run away from every answer.
 */
import type { Question, Standing } from '../trace/questions.ts';
import { toLine } from './keys/scrolling.ts';
import { entryOf } from './known.ts';
import { heightOf } from './layout.ts';
import { type Model, sameChoice } from './model.ts';
import { messageList, pagesWanted } from './views/messages.ts';

/** The trace has come so far. */
export function standing(model: Model, now: Standing): Model {
  const { ahead = [], ...rest } = model;
  if (!model.list.following || !sameChoice(now.choice, model.choice)) return moved(rest, now);
  return { ...model, ahead: [...ahead.slice(0, 1), now] };
}

/** The model when what is ahead is shown as far as its rows are known, and at once where nobody follows. */
export function caughtUp(model: Model): Model {
  const { ahead, ...rest } = model;
  const [next, ...others] = ahead ?? [];
  if (!next) return model;
  if (!model.list.following) return moved(rest, others.at(-1) ?? next);
  if (awaited(model).some(question => entryOf(model.known, question)?.state !== 'failed')) return model;
  const after = moved(rest, next);
  return others.length === 0 ? after : caughtUp({ ...after, ahead: others });
}

/** The rows that have to be known before the list moves on. */
export function awaited({ ahead, ...model }: Model): Question[] {
  const next = ahead?.[0];
  if (!next) return [];
  return pagesWanted(moved(model, next), { width: 0, height: heightOf(model, 'messages') });
}

function moved(model: Model, now: Standing): Model {
  if (!sameChoice(now.choice, model.choice)) return { ...model, standing: { ...now, chosen: 0, choice: now.choice } };
  const after = { ...model, standing: now };
  const { list } = after;
  if (!list.following) return list.cursor < now.chosen ? after : toLine(messageList, after, now.chosen - 1);
  const last = toLine(messageList, after, now.chosen - 1);
  return { ...last, list: { ...last.list, following: true, seen: now.chosen } };
}
