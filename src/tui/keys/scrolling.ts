/** Moving through anything that has lines: the same keys everywhere. */
import type { Binding } from '../binding.ts';
import { heightOf } from '../layout.ts';
import type { Model } from '../model.ts';
import { movedTo, type Scroll, scrolledBy } from '../scroll.ts';
import { type Step, stay } from '../step.ts';
import type { About } from '../waiting.ts';

/** Something with lines and a cursor. */
export interface Scrolled {
  /** Where it is drawn. */
  readonly view: string;
  /** What a line of it is called: `message`, `field`. */
  readonly noun: string;
  /** What must be known before it is moved through. */
  readonly about?: About;
  count(model: Model): number;
  of(model: Model): Scroll;
  with(model: Model, scroll: Scroll): Model;
}

/** The cursor at a line. */
export function toLine(scrolled: Scrolled, model: Model, line: number): Model {
  const { view, count, of } = scrolled;
  return scrolled.with(model, movedTo(of(model), line, count(model), heightOf(model, view)));
}

/** The pane moved by lines, as the wheel does it. */
export function byLines(scrolled: Scrolled, model: Model, lines: number): Step {
  const { view, count, of } = scrolled;
  return stay(scrolled.with(model, scrolledBy(of(model), lines, count(model), heightOf(model, view))));
}

/** The keys that move through it. */
export function scrollBindings(scrolled: Scrolled): readonly Binding[] {
  const { view, noun, of, count, about } = scrolled;
  const by = (lines: (height: number) => number) => (model: Model) =>
    stay(toLine(scrolled, model, of(model).cursor + lines(heightOf(model, view))));
  const bindings: Binding[] = [
    { keys: ['j', 'down'], help: `next ${noun}`, run: by(() => 1) },
    { keys: ['k', 'up'], help: `previous ${noun}`, run: by(() => -1) },
    { keys: ['C-d'], help: 'half a page down', run: by(height => Math.ceil(height / 2)) },
    { keys: ['C-u'], help: 'half a page up', run: by(height => -Math.ceil(height / 2)) },
    { keys: ['pagedown', 'C-f', 'space'], help: 'a page down', run: by(height => Math.max(1, height - 1)) },
    { keys: ['pageup', 'C-b'], help: 'a page up', run: by(height => -Math.max(1, height - 1)) },
    { keys: ['g', 'home'], help: `first ${noun}`, run: model => stay(toLine(scrolled, model, 0)) },
    { keys: ['G', 'end'], help: `last ${noun}`, run: model => stay(toLine(scrolled, model, count(model) - 1)) },
  ];
  return about === undefined ? bindings : bindings.map(binding => ({ ...binding, about }));
}
