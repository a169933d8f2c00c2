/** What the program's output goes to: a terminal with colours and a width, or a pipe or file that gets everything. */

/** How to print. */
export interface Surface {
  colour: boolean;
  /** Only ASCII characters of our own. */
  ascii: boolean;
  /** Columns that lines are cut at; undefined where they never are. */
  width: number | undefined;
}

/** What decides about it, as the user gives it on the command line. */
export interface SurfaceOptions {
  color?: 'auto' | 'always' | 'never';
  ascii?: boolean;
}

/** How to print to standard output. Colours follow NO_COLOR; arrows need a locale in UTF-8. */
export function surfaceOf(
  options: SurfaceOptions,
  stream: { isTTY?: boolean; columns?: number } = process.stdout,
  env: NodeJS.ProcessEnv = process.env,
): Surface {
  const isTerminal = stream.isTTY === true && env.TERM !== 'dumb';
  const { color = 'auto' } = options;
  const locale = env.LC_ALL || env.LC_CTYPE || env.LANG || '';
  return {
    colour: color === 'always' || (color === 'auto' && isTerminal && !env.NO_COLOR),
    ascii: options.ascii === true || !/utf-?8/i.test(locale),
    width: isTerminal ? stream.columns : undefined,
  };
}

/** Signs of our own and what stands for them where the locale has only ASCII. */
const signs: readonly (readonly [sign: RegExp, ascii: string])[] = [
  [/───/g, '----'],
  [/→/g, '->'],
  [/←/g, '<-'],
  [/└/g, "'-"],
  [/…/g, '...'],
  [/×/g, 'x'],
  [/µ/g, 'u'],
  [/’/g, "'"],
];

/** A text as the surface can show it. What others wrote (names, paths) stays as it is. */
export function shownOn({ ascii }: Pick<Surface, 'ascii'>, text: string): string {
  return ascii ? signs.reduce((shown, [sign, written]) => shown.replace(sign, written), text) : text;
}

/** Cuts a line at a width, not counting what only switches colours. A cut line ends with the last colour reset. */
export function cutLine(line: string, width: number, ascii: boolean): string {
  let seen = 0;
  let at = 0;
  let coloured = false;
  let cutAt = -1;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the sequences that switch colours begin with one
  for (const match of line.matchAll(/\x1b\[[\d;]*m|./gsu)) {
    if (match[0].startsWith('\x1b')) coloured = true;
    else {
      if (seen === width - 1) cutAt = at;
      if (++seen > width) return `${line.slice(0, cutAt)}${ascii ? '>' : '…'}${coloured ? '\x1b[0m' : ''}`;
    }
    at += match[0].length;
  }
  return line;
}

/**
 * Prints a line on standard error. A terminal may be in raw mode, since a guest's console can share it, and then needs
 * the carriage return.
 */
export function printStatus(line: string): void {
  if (process.stderr.writable) process.stderr.write(`vhuscope: ${line}${process.stderr.isTTY ? '\r\n' : '\n'}`);
}
