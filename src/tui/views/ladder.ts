/** The sequence diagram of a capture, from an overview of its phases down to single messages. */
import type { Phase } from '../../decode/phase.ts';
import type { Stretch } from '../../trace/survey.ts';
import type { Binding } from '../binding.ts';
import { type Line, type Size, span } from '../frame.ts';
import { glyphsFor } from '../glyphs.ts';
import { byLines, type Scrolled, scrollBindings, toLine } from '../keys/scrolling.ts';
import { recall, rowAt } from '../known.ts';
import { chosenRows, type Model, slot, surveyedUpTo } from '../model.ts';
import { topFor } from '../scroll.ts';
import { type LadderLook, ladderLine, laneTitles, stretchLine } from '../show/ladder.ts';
import { type Step, stay } from '../step.ts';
import { choose, goTo } from '../travel.ts';
import { messageList, pagesWanted, rowUnderCursor } from './messages.ts';
import type { Content, View } from './view.ts';

interface Kept {
  /** The phases are shown, not the messages. */
  readonly overview: boolean;
  readonly top: number;
}

const kept = slot<Kept>('ladder', { overview: false, top: 0 });

/** The phases of the capture, as far as it is surveyed. */
function stretchesOf(model: Model): readonly Stretch[] {
  return recall(model.known, { kind: 'stretches', surveyed: surveyedUpTo(model) }) ?? [];
}

/** The stretch that the cursor is in, or on its way to. */
function currentStretch(model: Model): number {
  const row = model.pursuit?.kind === 'place' ? model.pursuit.row : rowUnderCursor(model)?.row;
  if (row === undefined) return 0;
  return Math.max(
    0,
    stretchesOf(model).findLastIndex(({ first }) => first <= row),
  );
}

const isOverview = (model: Model): boolean => kept.of(model).overview;

/** Moves through messages, or through phases. */
const scrolled: Scrolled = {
  view: 'ladder',
  noun: 'message or phase',
  about: 'list',
  count: model => (isOverview(model) ? stretchesOf(model).length : chosenRows(model)),
  of: model => (isOverview(model) ? { cursor: currentStretch(model), top: kept.of(model).top } : model.list),
  with: (model, scroll) => {
    if (!isOverview(model)) return messageList.with(model, scroll);
    const stretch = stretchesOf(model)[scroll.cursor];
    const moved = kept.with(model, { top: scroll.top });
    return stretch && scroll.cursor !== currentStretch(model) ? goTo(moved, stretch.first)[0] : moved;
  },
};

/** From messages to exchanges to phases. */
function zoomOut(model: Model): Step {
  if (isOverview(model)) return stay(model);
  return model.choice.fold
    ? stay(kept.with(model, { overview: true }))
    : choose(model, { ...model.choice, fold: true });
}

/** From phases to exchanges to messages. */
function zoomIn(model: Model): Step {
  if (isOverview(model)) return stay(kept.with(model, { overview: false }));
  return model.choice.fold ? choose(model, { ...model.choice, fold: false }) : stay(model);
}

const bindings: readonly Binding[] = [
  ...scrollBindings(scrolled),
  {
    keys: ['>', 'enter'],
    help: 'nearer: from phases to exchanges to messages',
    short: 'nearer',
    enabled: model => isOverview(model) || model.choice.fold || 'every message is shown already',
    run: zoomIn,
  },
  {
    keys: ['<', 'backspace'],
    help: 'farther: from messages to exchanges to phases',
    short: 'farther',
    enabled: model => !isOverview(model) || 'the phases are shown already',
    run: zoomOut,
  },
];

/** The names of the lanes take a line. */
const insideOf = ({ width, height }: Size): Size => ({ width: width - 1, height: Math.max(1, height - 1) });

function overview(model: Model, size: Size, focused: boolean): Content {
  const stretches = stretchesOf(model);
  const [first] = stretches;
  if (!first) return { lines: [[span(' no message was surveyed yet', 'faint')]] };
  const toNs = stretches.reduce((most, one) => (one.toNs > most ? one.toNs : most), first.toNs);
  const cursor = currentStretch(model);
  const top = topFor(kept.of(model).top, cursor, stretches.length, size.height);
  const lines = stretches.slice(top, top + size.height).map((stretch, i): Line => {
    const line = stretchLine(stretch, { fromNs: first.fromNs, toNs }, lookOf(model, size));
    return marked(line, top + i === cursor, focused);
  });
  return { about: [span('phases', 'faint')], lines, scroll: { top, total: stretches.length } };
}

function messages(model: Model, size: Size, focused: boolean): Content {
  const inside = insideOf(size);
  const look = lookOf(model, inside);
  const total = chosenRows(model);
  const top = topFor(model.list.top, model.list.cursor, total, inside.height);
  const lines: Line[] = [];
  let phase: Phase | undefined;
  for (let at = top; at < Math.min(total, top + inside.height); at++) {
    const row = rowAt(model.known, at);
    lines.push(row ? marked(ladderLine(row, phase, look), at === model.list.cursor, focused) : []);
    phase = row?.phase ?? phase;
  }
  const about = [span(model.choice.fold ? 'exchanges' : 'messages', 'faint')];
  return { about, lines: [laneTitles(look), ...lines], scroll: { top, total } };
}

function marked(line: Line, isCursor: boolean, focused: boolean): Line {
  if (!isCursor) return line;
  return line.map(piece => ({ ...piece, ground: focused ? 'cursor' : 'resting' }) as const);
}

function lookOf(model: Model, { width }: Size): LadderLook {
  return { width, glyphs: glyphsFor(model.ability.ascii), folded: model.choice.fold };
}

/** The diagram. */
export const view: View = {
  id: 'ladder',
  help: 'the sequence diagram: peers, messages, phases, latencies',
  key: '6',
  bindings,
  wants: (model, size) => [
    { kind: 'stretches', surveyed: surveyedUpTo(model) },
    ...(isOverview(model) ? [] : pagesWanted(model, insideOf(size))),
  ],
  draw: (model, size, focused) =>
    isOverview(model) ? overview(model, { ...size, width: size.width - 1 }, focused) : messages(model, size, focused),
  click: (model, _, y, size) => {
    const { cursor, top } = scrolled.of(model);
    const inside = isOverview(model) ? size : insideOf(size);
    const line = y - (isOverview(model) ? 0 : 1);
    return stay(toLine(scrolled, model, topFor(top, cursor, scrolled.count(model), inside.height) + line));
  },
  wheel: (model, lines) => byLines(scrolled, model, lines),
};
