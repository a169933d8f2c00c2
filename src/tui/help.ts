/** The list of keys of a place, made from the bindings. */
import { keyName } from './binding.ts';
import { type Line, type Size, span } from './frame.ts';
import { groupsAt } from './keys/index.ts';
import type { Model } from './model.ts';
import { padded } from './width.ts';

/** As many lines as there is room for, from the one on that was scrolled to. */
export function helpLines(model: Model, { height }: Size): Line[] {
  const all: Line[] = groupsAt(model).flatMap(({ title, bindings }) => [
    [span(` ${title}`, 'title')],
    ...bindings.map(binding => {
      const able = binding.enabled?.(model) ?? true;
      return [
        span(`  ${padded(binding.keys.map(keyName).join(' '), 18)}`, 'key'),
        span(binding.help, able === true ? 'plain' : 'faint'),
        ...(able === true ? [] : [span(`  (${able})`, 'faint')]),
      ];
    }),
    [],
  ]);
  const top = Math.max(0, Math.min(model.help ?? 0, all.length - height + 1));
  const more = all.length > height - 1 ? 'j k scroll, any other key closes' : 'any key closes';
  return [...all.slice(top, top + height - 1), [span(more, 'faint')]];
}
