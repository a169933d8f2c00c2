/** The messages that are held: each decoded, with the state so far, and what can be done with it. */
import type { HeldStatus } from '../../control/messages.ts';
import type { Binding } from '../binding.ts';
import { span } from '../frame.ts';
import { glyphsFor } from '../glyphs.ts';
import { type KeptScroll, lineList } from '../keys/lines.ts';
import { paneOf } from '../layout.ts';
import { type Model, slot } from '../model.ts';
import { atTop } from '../scroll.ts';
import type { Toggled } from '../show/fields.ts';
import { type HeldLine, heldLines } from '../show/held.ts';
import { stay } from '../step.ts';
import { editing } from '../stepping/editing.ts';
import { questionsAbout, stateAt } from '../stepping/so-far.ts';
import { goToNumber } from '../travel.ts';
import { drawable } from '../width.ts';
import type { View } from './view.ts';

interface Kept extends KeptScroll {
  readonly toggled: Toggled;
}

const kept = slot<Kept>('held', { scroll: atTop, toggled: new Set() });

function linesOf(model: Model): readonly HeldLine[] {
  const { engine } = model;
  if (!engine || engine.held.length === 0) return nothing(model);
  const width = (paneOf(model, 'held')?.box.width ?? model.size.width) - 1;
  const look = { width, glyphs: glyphsFor(model.ability.ascii), toggled: kept.of(model).toggled };
  return engine.held.flatMap(held => heldLines(held, engine.rules, stateAt(model, held.n), look));
}

/** What would hold something. */
function nothing({ engine }: Model): HeldLine[] {
  const armed = (engine?.rules ?? []).filter(({ does, off }) => !off && does.includes('held'));
  return [
    { line: [span(' nothing is held', 'faint')] },
    ...armed.map(({ name, when }) => ({
      line: [
        span(` ${drawable(name)}`, 'key'),
        span(` waits for ${drawable(when === '' ? 'the next message' : when)}`, 'faint'),
      ],
    })),
    { line: [span(' b holds messages like the one under the cursor, B those that a filter matches', 'faint')] },
  ];
}

const list = lineList('held', 'line', kept, linesOf);

/** The held message that the cursor is in. */
export function heldUnderCursor(model: Model): HeldStatus | undefined {
  return list.current(model)?.held;
}

const bindings: readonly Binding[] = [
  {
    keys: ['e'],
    help: 'change its fields, its descriptors or its bytes',
    short: 'edit',
    enabled: model => heldUnderCursor(model)?.bytes !== undefined || 'nothing is held here that will be sent',
    run: model => editing(model, heldUnderCursor(model)),
  },
  {
    keys: ['enter'],
    help: 'open or close the field, or go to the message that set what the line shows',
    short: 'open',
    enabled: model => {
      const line = list.current(model);
      return line?.folds !== undefined || line?.n !== undefined || 'there is nothing to open in this line';
    },
    run: model => {
      const line = list.current(model);
      if (line?.n !== undefined) return goToNumber(model, line.n);
      if (line?.folds === undefined) return stay(model);
      const toggled = new Set(kept.of(model).toggled);
      if (!toggled.delete(line.folds)) toggled.add(line.folds);
      return stay(kept.with(model, { toggled }));
    },
  },
  ...list.bindings,
];

/** The held messages. */
export const view: View = {
  id: 'held',
  help: 'the messages that are held: decoded, with the state so far',
  key: '0',
  enabled: ({ engine }) => (engine && !engine.ended) || 'there is no running engine that could hold messages',
  bindings,
  wants: model => {
    const held = heldUnderCursor(model) ?? model.engine?.held[0];
    return held ? questionsAbout(model, held.n) : [];
  },
  draw: (model, size, focused) => ({
    ...list.draw(model, size, focused),
    about: [span(`${model.engine?.held.length ?? 0}`, 'faint')],
  }),
  click: list.click,
  wheel: list.wheel,
};
