/** The list of keys of a place, made from the bindings. */
import { ableTo, type Binding, keyName } from './binding.ts';
import { type Line, type Size, span } from './frame.ts';
import { groupsAt } from './keys/index.ts';
import type { Model } from './model.ts';
import { wrapped } from './show/wrap.ts';
import { padded } from './width.ts';

/** Columns of the keys. */
const keysWidth = 20;

/** As many lines as there is room for, from the one on that was scrolled to. */
export function helpLines(model: Model, { width, height }: Size): Line[] {
  const all: Line[] = groupsAt(model).flatMap(({ title, bindings }) => [
    [span(` ${title}`, 'title')],
    ...bindings.flatMap(binding => bindingLines(binding, model, width)),
    [],
  ]);
  const top = Math.max(0, Math.min(model.help ?? 0, all.length - height + 1));
  const more = all.length > height - 1 ? 'j k scroll, any other key closes' : 'any key closes';
  return [...all.slice(top, top + height - 1), [span(more, 'faint')]];
}

/** A binding, and the reason why it cannot be used now, in as many lines as they need. */
function bindingLines(binding: Binding, model: Model, width: number): Line[] {
  const { keys, help } = binding;
  const able = ableTo(binding, model);
  const words = able === true ? help : `${help} (${able})`;
  return wrapped(words, Math.max(10, width - keysWidth)).map((line, i) => [
    span(padded(i === 0 ? `  ${keys.map(keyName).join(' ')} ` : '', keysWidth), 'key'),
    span(line, able === true ? 'plain' : 'faint'),
  ]);
}
