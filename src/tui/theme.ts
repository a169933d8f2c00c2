/** How the things a screen speaks of look: colours mean the same in every view, and nothing is told by colour alone. */
import type { Ground, Style } from './frame.ts';

/** How a cell is drawn. Colours are numbers of the terminal's palette; absent is the terminal's own. */
export interface Look {
  readonly fg?: number;
  readonly bg?: number;
  readonly bold?: true;
  readonly underline?: true;
  readonly inverse?: true;
}

/** What a terminal can show. */
export interface Ability {
  readonly colours: 0 | 16 | 256;
  /** The terminal's background is light. */
  readonly light: boolean;
  /** Only ASCII characters of our own. */
  readonly ascii: boolean;
}

/** Looks by style and by ground; a ground goes over the style. */
export interface Theme {
  readonly styles: { readonly [style in Style]: Look };
  readonly grounds: { readonly [ground in Ground]: Look };
}

/** Without colours: weight and inversion alone. */
const monochrome: Theme = {
  styles: {
    plain: {},
    faint: {},
    name: { bold: true },
    frontEnd: {},
    backEnd: {},
    fd: {},
    event: {},
    good: {},
    warn: { bold: true },
    bad: { bold: true },
    changed: { underline: true },
    key: { bold: true },
    title: { bold: true },
    border: {},
    focus: { bold: true },
  },
  grounds: {
    none: {},
    cursor: { inverse: true },
    resting: { underline: true },
    selected: { underline: true },
    bar: { inverse: true },
    match: { inverse: true },
    popup: {},
  },
};

/**
 * The colours every terminal has, on a dark ground. What is read is never bright black, which some palettes give the
 * colour of the ground, nor blue, which is hard to see on black.
 */
const sixteen: Theme = {
  styles: {
    plain: {},
    faint: {},
    name: { bold: true },
    frontEnd: { fg: 6 },
    backEnd: { fg: 5 },
    fd: { fg: 3 },
    event: { fg: 12 },
    good: { fg: 2 },
    warn: { fg: 3, bold: true },
    bad: { fg: 9, bold: true },
    changed: { fg: 3, underline: true },
    key: { fg: 6, bold: true },
    title: { bold: true },
    border: { fg: 8 },
    focus: { fg: 6, bold: true },
  },
  grounds: {
    none: {},
    cursor: { inverse: true },
    resting: { underline: true },
    selected: { underline: true },
    bar: { inverse: true },
    match: { fg: 0, bg: 3 },
    popup: {},
  },
};

/** The same on a light ground, where yellow, green and cyan cannot be read. */
const sixteenLight: Theme = {
  styles: {
    plain: {},
    faint: {},
    name: { bold: true },
    frontEnd: { fg: 4 },
    backEnd: { fg: 5 },
    fd: {},
    event: { fg: 4 },
    good: {},
    warn: { fg: 5, bold: true },
    bad: { fg: 1, bold: true },
    changed: { bold: true, underline: true },
    key: { fg: 4, bold: true },
    title: { bold: true },
    border: { fg: 8 },
    focus: { fg: 4, bold: true },
  },
  grounds: { ...sixteen.grounds, match: { inverse: true } },
};

const dark: Theme = {
  styles: {
    plain: {},
    faint: { fg: 245 },
    name: { fg: 231, bold: true },
    frontEnd: { fg: 80 },
    backEnd: { fg: 176 },
    fd: { fg: 179 },
    event: { fg: 110 },
    good: { fg: 114 },
    warn: { fg: 215, bold: true },
    bad: { fg: 203, bold: true },
    changed: { fg: 221, underline: true },
    key: { fg: 117, bold: true },
    title: { fg: 252, bold: true },
    border: { fg: 240 },
    focus: { fg: 117, bold: true },
  },
  grounds: {
    none: {},
    cursor: { bg: 18 },
    resting: { bg: 236 },
    selected: { bg: 237 },
    bar: { bg: 236 },
    match: { fg: 16, bg: 221 },
    popup: { bg: 235 },
  },
};

const light: Theme = {
  styles: {
    plain: {},
    faint: { fg: 243 },
    name: { fg: 16, bold: true },
    frontEnd: { fg: 30 },
    backEnd: { fg: 90 },
    fd: { fg: 94 },
    event: { fg: 25 },
    good: { fg: 28 },
    warn: { fg: 130, bold: true },
    bad: { fg: 160, bold: true },
    changed: { fg: 130, underline: true },
    key: { fg: 25, bold: true },
    title: { fg: 236, bold: true },
    border: { fg: 248 },
    focus: { fg: 25, bold: true },
  },
  grounds: {
    none: {},
    cursor: { bg: 189 },
    resting: { bg: 254 },
    selected: { bg: 253 },
    bar: { bg: 254 },
    match: { fg: 16, bg: 221 },
    popup: { bg: 255 },
  },
};

/** The theme for what a terminal can show. */
export function themeFor({ colours, light: isLight }: Ability): Theme {
  if (colours === 0) return monochrome;
  if (colours === 16) return isLight ? sixteenLight : sixteen;
  return isLight ? light : dark;
}

/** What the environment says of the terminal: NO_COLOR, TERM, COLORTERM, COLORFGBG, the locale. */
export function abilityOf(env: NodeJS.ProcessEnv): Ability {
  const term = env.TERM ?? '';
  const locale = env.LC_ALL || env.LC_CTYPE || env.LANG || '';
  const many = /256color|direct|kitty|alacritty|ghostty|foot|wezterm/.test(term) || Boolean(env.COLORTERM);
  const [, ground = ''] = /;(\d+)$/.exec(env.COLORFGBG ?? '') ?? [];
  return {
    colours: env.NO_COLOR || /^(dumb|vt\d+)/.test(term) ? 0 : many ? 256 : 16,
    light: ground === '7' || ground === '15',
    ascii: !/utf-?8/i.test(locale),
  };
}
