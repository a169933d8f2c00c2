/** A replay beside its recording: each message as it was recorded and as it came, differences marked. */
import type { Binding } from '../binding.ts';
import { type Line, type Size, span } from '../frame.ts';
import { glyphsFor } from '../glyphs.ts';
import { type KeptScroll, lineList } from '../keys/lines.ts';
import { toLine } from '../keys/scrolling.ts';
import { paneOf } from '../layout.ts';
import { type Model, slot } from '../model.ts';
import { remembered } from '../remember.ts';
import type { PlayedMessage, ReplayFacts } from '../replay.ts';
import { atTop } from '../scroll.ts';
import { type ReplayLine, replayHead, replayLines } from '../show/replay.ts';
import { type Step, saying, stay } from '../step.ts';
import { goToNumber } from '../travel.ts';
import type { View } from './view.ts';

interface Kept extends KeptScroll {
  /** The newest message stays under the cursor, here and in the recording. */
  readonly following: boolean;
}

const start: Kept = { scroll: atTop, following: true };
const kept = slot<Kept>('replay', start);
/** What is said where there is no replay. */
const nothing = 'nothing is played: S plays one side of this capture';

const linesFor = remembered((facts: ReplayFacts, width: number, ascii: boolean): readonly ReplayLine[] =>
  replayLines(facts, { width, glyphs: glyphsFor(ascii) }),
);

const widthOf = (model: Model): number => (paneOf(model, 'replay')?.box.width ?? model.size.width) - 1;

function linesOf(model: Model): readonly ReplayLine[] {
  if (!model.replay) return [{ line: [span(` ${nothing}`, 'faint')] }];
  return linesFor(model.replay, widthOf(model), model.ability.ascii);
}

/** The lines above those that scroll. */
function headOf(model: Model): readonly Line[] {
  const { replay, ability } = model;
  const look = { width: widthOf(model), glyphs: glyphsFor(ability.ascii) };
  return replay ? replayHead(replay, look).map(({ line }) => line) : [];
}

/** What is left of a pane for the lines that scroll. */
const below = ({ width, height }: Size, head: readonly Line[]): Size => ({
  width,
  height: Math.max(1, height - head.length),
});

const list = lineList('replay', 'line', kept, linesOf);

/** The model when a replay is started: its view beside the recording. */
export function newlyPlayed(model: Model): Model {
  return { ...kept.with(model, start), focus: 'replay', side: 'replay', zoomed: false };
}

/** Nothing is played any more, though the process may still be ending. */
const isOver = (replay: ReplayFacts | undefined): boolean => replay?.ended === true || replay?.verdict !== undefined;

/** The model without the replay. */
function putAway({ replay: _, ...model }: Model): Model {
  return { ...model, focus: 'messages', side: 'detail', zoomed: false };
}

/** The model when the replay has gone on: the cursors go with it, unless somebody looks elsewhere. */
export function replayed(model: Model, replay: ReplayFacts): Step {
  const after: Model = { ...model, replay };
  if (!kept.of(model).following) return stay(after);
  // The verdict stands above.
  const line = replay.verdict ? 0 : linesOf(after).length - 1;
  const moved = kept.with(toLine(list.scrolled, after, line), { following: true });
  const n = replay.played.findLast(played => played.n !== undefined)?.n;
  const isNew = replay.played.length > (model.replay?.played.length ?? 0);
  return n === undefined || !isNew ? stay(moved) : goToNumber(moved, n);
}

/** The cursor of the recording goes where that of the replay is. */
function along(model: Model): Step {
  const n = list.current(model)?.played?.n;
  return n === undefined ? stay(model) : goToNumber(model, n);
}

/** A message that is not as it was recorded, with nothing to explain it. */
const deviates = ({ result, differences }: PlayedMessage): boolean =>
  ['missing', 'extra', 'late'].includes(result) ||
  (result === 'different' && differences.some(({ because }) => because === undefined));

function toDeviation(direction: 1 | -1): Binding['run'] {
  return model => {
    const lines = linesOf(model);
    const { cursor } = kept.of(model).scroll;
    const here = lines[cursor]?.played;
    for (let at = cursor + direction; at >= 0 && at < lines.length; at += direction) {
      const played = lines[at]?.played;
      if (played === undefined || played === here || !deviates(played)) continue;
      const first = lines.findIndex(line => line.played === played);
      return along(kept.with(toLine(list.scrolled, model, first), { following: false }));
    }
    return stay(saying(model, `there is no deviation ${direction === 1 ? 'below' : 'above'} the cursor`, true));
  };
}

const waits = ({ replay }: Model): true | string => replay?.next !== undefined || 'the replay does not wait (--step)';

const bindings: readonly Binding[] = [
  {
    keys: ['enter'],
    help: 'say the next message, where the replay waits for that',
    short: 'next',
    enabled: waits,
    run: model => [model, [{ type: 'replay-next' }]],
  },
  {
    keys: ['e'],
    help: 'next message that is not as recorded',
    short: 'deviation',
    enabled: ({ replay }) => replay?.played.some(deviates) || 'there is no deviation',
    run: toDeviation(1),
  },
  {
    keys: ['E'],
    help: 'previous message that is not as recorded',
    enabled: ({ replay }) => replay?.played.some(deviates) || 'there is no deviation',
    run: toDeviation(-1),
  },
  {
    keys: ['x'],
    help: 'end the replay; put one away that is over',
    short: 'end',
    enabled: ({ replay }) => replay !== undefined || nothing,
    run: model =>
      isOver(model.replay) ? [putAway(model), [{ type: 'replay-leave' }]] : [model, [{ type: 'replay-stop' }]],
  },
  ...list.bindings.map(binding => ({
    ...binding,
    // Who moves looks at something: the cursor stays there. At the end it follows again.
    run: (model: Model, key: string): Step => {
      const [moved] = binding.run(model, key);
      return along(kept.with(moved, { following: binding.keys.includes('G') }));
    },
  })),
];

/** The replay. */
export const view: View = {
  id: 'replay',
  help: 'a replay beside its recording, differences marked',
  key: 'P',
  enabled: ({ replay }) => replay !== undefined || nothing,
  bindings,
  wants: () => [],
  draw: (model, size, focused) => {
    const { replay } = model;
    const wrong = replay?.played.filter(deviates).length ?? 0;
    const about = replay && [
      span(isOver(replay) ? 'over' : 'playing', isOver(replay) ? 'faint' : 'good'),
      ...(wrong > 0 ? [span(`  ${wrong} not as recorded`, 'bad')] : []),
    ];
    const head = headOf(model);
    const { lines } = list.draw(model, below(size, head), focused);
    return { lines: [...head, ...lines], ...(about && { about }) };
  },
  click: (model, x, y, size) => {
    const head = headOf(model);
    return y < head.length ? stay(model) : list.click(model, x, y - head.length, below(size, head));
  },
  wheel: list.wheel,
};
