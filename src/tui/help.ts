/** The list of keys of a place, made from the bindings. */
import { keyName } from './binding.ts';
import { fitted, type Line, type Size, span } from './frame.ts';
import { glyphsFor } from './glyphs.ts';
import { groupsAt } from './keys/index.ts';
import type { Model } from './model.ts';
import { padded } from './width.ts';

/** As many lines as there is room for, from the one on that was scrolled to. */
export function helpLines(model: Model, { width, height }: Size): Line[] {
  const glyphs = glyphsFor(model.ability.ascii);
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
  const top = Math.max(0, Math.min(model.help ?? 0, all.length - height + 2));
  const rule = (words: string): Line => [
    span(` ${words} ${glyphs.horizontal.repeat(Math.max(0, width - words.length - 2))}`, 'focus'),
  ];
  const seen = [rule('Keys'), ...all.slice(top, top + height - 2), rule('any other key closes')];
  return seen.map(line =>
    fitted(line, width, glyphs.more).map(piece => ({ ...piece, ground: piece.ground ?? 'popup' }) as const),
  );
}
