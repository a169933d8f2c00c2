/** That everything can be read: the contrast of what is written to what lies behind it, in every theme. */
import { describe, expect, it } from 'vitest';
import { type Ability, type Look, themeFor } from '../../src/tui/theme.ts';

type Colour = readonly [red: number, green: number, blue: number];
const hex = (text: string): Colour =>
  [1, 3, 5].map(at => Number.parseInt(text.slice(at, at + 2), 16)) as unknown as Colour;

/** The first sixteen colours as xterm and the console of Linux have them, and as Solarized, which uses some for grounds. */
const palettes: { readonly [name: string]: readonly Colour[] } = {
  xterm: ['#000000', '#cd0000', '#00cd00', '#cdcd00', '#0000ee', '#cd00cd', '#00cdcd', '#e5e5e5']
    .concat(['#7f7f7f', '#ff0000', '#00ff00', '#ffff00', '#5c5cff', '#ff00ff', '#00ffff', '#ffffff'])
    .map(hex),
  linux: ['#000000', '#aa0000', '#00aa00', '#aa5500', '#0000aa', '#aa00aa', '#00aaaa', '#aaaaaa']
    .concat(['#555555', '#ff5555', '#55ff55', '#ffff55', '#5555ff', '#ff55ff', '#55ffff', '#ffffff'])
    .map(hex),
  solarized: ['#073642', '#dc322f', '#859900', '#b58900', '#268bd2', '#d33682', '#2aa198', '#eee8d5']
    .concat(['#002b36', '#cb4b16', '#586e75', '#657b83', '#839496', '#6c71c4', '#93a1a1', '#fdf6e3'])
    .map(hex),
};

function colourOf(number: number, palette: readonly Colour[]): Colour {
  if (number < 16) return palette[number] as Colour;
  if (number >= 232) return [0, 1, 2].map(() => 8 + (number - 232) * 10) as unknown as Colour;
  return [36, 6, 1].map(part => [0, 95, 135, 175, 215, 255][Math.floor((number - 16) / part) % 6]) as unknown as Colour;
}

/** Relative luminance, as WCAG has it. */
function luminance(colour: Colour): number {
  const [red = 0, green = 0, blue = 0] = colour.map(part => {
    const share = part / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(one: Colour, other: Colour): number {
  const [less = 0, more = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (more + 0.05) / (less + 0.05);
}

/** Least contrast of text; the larger or bold it is, the less it needs. */
const least = 3;

const terminals: readonly { name: string; ability: Ability; palette: string; ground: string; ink: string }[] = [
  ['256 dark', 256, false, 'xterm', '#000000', '#e5e5e5'],
  ['256 on grey', 256, false, 'xterm', '#1d1f21', '#c5c8c6'],
  ['256 light', 256, true, 'xterm', '#ffffff', '#000000'],
  ['xterm dark', 16, false, 'xterm', '#000000', '#e5e5e5'],
  ['xterm light', 16, true, 'xterm', '#ffffff', '#000000'],
  ['the console', 16, false, 'linux', '#000000', '#aaaaaa'],
  ['solarized dark', 16, false, 'solarized', '#002b36', '#839496'],
  ['solarized light', 16, true, 'solarized', '#fdf6e3', '#657b83'],
].map(([name, colours, light, palette, ground, ink]) => ({
  ...{ name: String(name), palette: String(palette), ground: String(ground), ink: String(ink) },
  ability: { colours, light, ascii: false } as Ability,
}));

describe.each(terminals)('$name', ({ ability, palette, ground, ink }) => {
  const theme = themeFor(ability);
  const colours = palettes[palette] ?? [];
  const styles = Object.entries(theme.styles).filter(([style]) => style !== 'border');

  it.each(Object.entries(theme.grounds))('everything on %s', (name, behind) => {
    for (const [style, own] of styles) {
      const look: Look = { ...own, ...behind };
      const front = look.fg === undefined ? hex(ink) : colourOf(look.fg, colours);
      const back = look.bg === undefined ? hex(ground) : colourOf(look.bg, colours);
      expect(contrast(front, back), `${style} on ${name}`).toBeGreaterThanOrEqual(least);
    }
  });
});
