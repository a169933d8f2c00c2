/** What happens to the model when something happens: a pure function, like everything it calls. */
import { counted } from '../decode/counted.ts';
import type { Answer, Question } from '../trace/questions.ts';
import { boundTo, continuing, runBinding } from './binding.ts';
import type { EngineFacts } from './engine.ts';
import { bindingsAt } from './keys/index.ts';
import { toLine } from './keys/scrolling.ts';
import { entryOf, forgotten, type Known, keyOf, noted, pageKept, pageRows } from './known.ts';
import { heightOf, insideOf, layoutOf } from './layout.ts';
import { type Model, sameChoice, surveyedUpTo } from './model.ts';
import { played } from './playback.ts';
import { pointed } from './pointer.ts';
import { inserted, typed } from './prompts/typing.ts';
import type { Action, Effect, Step } from './step.ts';
import { saying, stay } from './step.ts';
import { obeyed } from './stepping/obeyed.ts';
import { awaited, caughtUp, standing } from './tail.ts';
import { goTo, notFound } from './travel.ts';
import { detailQuestion } from './views/detail.ts';
import { viewOf } from './views/index.ts';
import { messageList, pagesWanted, rowUnderCursor } from './views/messages.ts';
import { replayed } from './views/replay.ts';
import { waitingFor, waitingForNothing } from './waiting.ts';
import { wiresharkCommand } from './wireshark.ts';

/** The model after an action, and what is to be done outside. */
export function update(model: Model, action: Action): Step {
  const [done, effects] = handle(model, action);
  const handled = caughtUp(done);
  const [after, more] = action.type === 'key' ? stay(handled) : resumed(handled);
  const [settled, asked] = inquire(after);
  return [settled, [...effects, ...more, ...asked]];
}

/** Presses the keys that have waited, as far as it is known by now what they are about. */
function resumed(model: Model): Step {
  const [key, ...others] = model.waiting ?? [];
  if (key === undefined) return stay(model);
  const [after, effects] = pressed(waitingForNothing(model), key);
  if (others.length === 0) return [after, effects];
  // It waits still, and those behind it with it.
  if (after.waiting) return [waitingFor(after, others), effects];
  const [last, more] = resumed(waitingFor(after, others));
  return [last, [...effects, ...more]];
}

function handle(model: Model, action: Action): Step {
  switch (action.type) {
    case 'key':
      return model.waiting ? queued(model, model.waiting, action.key) : pressed(model, action.key);
    case 'paste':
      return pasted(model, action.text);
    case 'mouse':
      return pointed(model, action);
    case 'resize':
      return stay({ ...model, size: action.size });
    case 'standing':
      return stay(standing(model, action.standing));
    case 'progress':
      return stay(withEntry(model, action.key, { state: 'asked', done: action.done, of: action.of }));
    case 'failed':
      return stay(saying(failed(model, action.key, action.message), action.message, true));
    case 'answer':
      return answered(model, action.key, action.answer);
    case 'engine':
      return stay(newlyHeld({ ...model, engine: action.facts }, model.engine?.held));
    case 'obeyed':
      return obeyed(model, action.order, action.outcome);
    case 'replay':
      return replayed(model, action.facts);
    case 'said':
      return stay(saying(model, action.text, action.bad));
    case 'awake':
      return played(model, action.turn);
  }
}

/** Once a message is held, what was said before gives way to the keys for that. */
function newlyHeld(model: Model, before: EngineFacts['held'] = []): Model {
  const isNew = model.engine?.held.some(({ n }) => !before.some(one => one.n === n));
  if (!isNew) return model;
  const { notice: _, ...calm } = model;
  return calm;
}

/** Pasted text goes where text is typed; nothing else is done with it. */
function pasted(model: Model, text: string): Step {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: none of them belongs into a line
  if (model.prompt) return inserted(model, model.prompt, text.replace(/[\s\x00-\x1f\x7f]+/g, ' '));
  return stay(saying(model, 'text can be pasted where one is typed: f filters, / searches, c writes a note'));
}

/** A key behind others that wait. Esc is for those who do not want to. */
function queued(model: Model, waiting: readonly string[], key: string): Step {
  const free = waitingForNothing(model);
  if (key === 'escape' || key === 'C-c') return pressed(free, key);
  return stay(waitingFor(free, [...waiting, key]));
}

function pressed(model: Model, key: string): Step {
  const { notice: _, pending, ...calm } = model;
  if (model.prompt) return typed(calm, model.prompt, key);
  if (model.help !== undefined) return stay(helping(calm, model.help, key));
  const bindings = bindingsAt(model);
  const binding = boundTo(bindings, key, pending);
  if (binding) return runBinding(binding, calm, key);
  if (pending === undefined && continuing(bindings, key).length > 0) return stay({ ...calm, pending: key });
  return stay(calm);
}

/** A key while the list of keys is open: it scrolls, anything else closes it. */
function helping(model: Model, top: number, key: string): Model {
  const page = Math.max(1, model.size.height - 6);
  const by = { j: 1, down: 1, k: -1, up: -1, pagedown: page, space: page, pageup: -page }[key];
  if (by !== undefined) return { ...model, help: Math.max(0, top + by) };
  const { help: _, ...closed } = model;
  return closed;
}

type Progress = { state: 'asked'; done: number; of: number } | { state: 'failed'; message: string };

function withEntry(model: Model, key: string, change: Progress): Model {
  const entry = model.known.entries.get(key);
  if (!entry) return model;
  return { ...model, known: noted(model.known, key, { question: entry.question, ...change }) };
}

/** A question that cannot be answered. What a person waited for is over, and may be tried again. */
function failed(waiting: Model, key: string, message: string): Model {
  const model = waitingForNothing(waiting);
  if (!model.pursuit || keyOf(model.pursuit) !== key) return withEntry(model, key, { state: 'failed', message });
  const { pursuit: _, ...free } = model;
  return { ...free, known: without(free.known, key) };
}

function without(known: Known, key: string): Known {
  const entries = new Map(known.entries);
  entries.delete(key);
  return { ...known, entries };
}

/** An answer; one to a question that nobody asks any more was dropped before. */
function answered(model: Model, key: string, answer: Answer): Step {
  const entry = model.known.entries.get(key);
  if (!entry) return stay(model);
  const { question } = entry;
  if (question.kind === 'rows') {
    if (!sameChoice(question.choice, model.choice)) return stay(model);
    const known = pageKept(model.known, question.from / pageRows, {
      rows: answer as Answer<'rows'>,
      surveyed: question.surveyed,
    });
    return stay({ ...model, known: noted(known, key, { state: 'answered', question, answer: [] }) });
  }
  if (model.pursuit && keyOf(model.pursuit) === key) {
    // Not kept: the same way may be gone again.
    return arrived({ ...model, known: without(model.known, key) }, question, answer);
  }
  return stay({ ...model, known: noted(model.known, key, { state: 'answered', question, answer }) });
}

/** The answer that moves the cursor. */
function arrived(model: Model, question: Question, answer: Answer): Step {
  const { pursuit: _, ...free } = model;
  if (question.kind === 'place') {
    const { position, shown } = answer as Answer<'place'>;
    const height = heightOf(free, 'messages');
    const there = toLine(messageList, { ...free, list: { ...free.list, following: false } }, position);
    // A row that was far away is shown in the middle.
    const far = position < model.list.top || position >= model.list.top + height;
    const top = far ? Math.max(0, position - Math.floor(height / 2)) : there.list.top;
    const moved = { ...there, list: { ...there.list, top } };
    return stay(shown ? moved : saying(moved, 'that message is not among those shown; this is the next one'));
  }
  if (question.kind === 'save') {
    return stay(saying(free, `${counted(answer as Answer<'save'>, 'record')} saved into ${question.path}`));
  }
  if (question.kind === 'packet') {
    const place = answer as Answer<'packet'>;
    if (question.open)
      return [saying(free, `opening packet ${place.number} in Wireshark`), [{ type: 'wireshark', place }]];
    const text = wiresharkCommand(place);
    return [saying(free, `copied: ${text}`), [{ type: 'copy', text }]];
  }
  if (question.kind === 'note') return stay(saying(free, `noted as record ${answer as Answer<'note'>}`));
  const row = answer as Answer<'search' | 'number' | 'nearest'>;
  return row === undefined ? stay(notFound(free, question)) : goTo(free, row);
}

/** What the keys need, whatever is on the screen. */
function alwaysWanted(model: Model): Question[] {
  const surveyed = surveyedUpTo(model);
  const row = model.waiting && rowUnderCursor(model);
  return [
    ...(surveyed === 0 ? [] : [{ kind: 'notes', surveyed } as const]),
    ...pagesWanted(model, { width: 0, height: heightOf(model, 'messages') }),
    ...awaited(model),
    ...(row ? [detailQuestion(model, row.row)] : []),
  ];
}

/** Asks what the views on the screen want to know and nobody has asked; gives up what is not wanted any more. */
function inquire(model: Model): Step {
  const wanted = new Map<string, Question>();
  for (const { view, box } of layoutOf(model).panes) {
    for (const question of viewOf(view).wants(model, insideOf(box))) wanted.set(keyOf(question), question);
  }
  for (const question of alwaysWanted(model)) wanted.set(keyOf(question), question);
  if (model.pursuit) wanted.set(keyOf(model.pursuit), model.pursuit);
  const left = forgotten(model.known, new Set(wanted.keys()));
  const effects: Effect[] = left.cancelled.map(key => ({ type: 'cancel', key }));
  let { known } = left;
  for (const [key, question] of wanted) {
    if (entryOf(known, question)) continue;
    known = noted(known, key, { state: 'asked', question, done: 0, of: 0 });
    effects.push({ type: 'ask', key, question });
  }
  return [known === model.known ? model : { ...model, known }, effects];
}
