/**
 * The terminal: the one file that knows blessed. It paints frames into cells, of which blessed sends only those that
 * changed, and names what is typed and clicked. Whatever ends the program, the terminal is given back as it was.
 */
import { createRequire } from 'node:module';
import type { Readable, Writable } from 'node:stream';
import type blessed from 'blessed';
import { Charts } from './charts.ts';
import type { Frame, Ground, Size, Style } from './frame.ts';
import { Keyboard, pasteBrackets } from './keyboard.ts';
import type { Action } from './step.ts';
import { type Ability, type Look, type Theme, themeFor } from './theme.ts';
import { cellsOf } from './width.ts';

const require = createRequire(import.meta.url);
/**
 * Of blessed only the screen is loaded: all of its widgets together take twice as long. It is required, since of a module
 * like this that is imported Node first reads through the text for what it exports, which takes as long again.
 */
const Screen: typeof blessed.Widgets.Screen = require('blessed/lib/widgets/screen.js');

/** What the terminal is reached by; standard input and output unless a test says otherwise. */
export interface TerminalStreams {
  readonly input: Readable;
  readonly output: Writable;
}

/** blessed's own parts that its types leave out. */
interface Cells {
  lines: ([attr: number, char: string][] & { dirty: boolean })[];
  width: number;
  height: number;
  program: {
    write(text: string): void;
    isAlt: boolean;
  };
  tput: { brokenACS: boolean };
}

/** A key as blessed tells it. */
interface Key {
  readonly full?: string;
  readonly name?: string;
  readonly ch?: string;
  readonly sequence?: string;
}

/** A mouse event as blessed tells it. */
interface Mouse {
  readonly action: string;
  readonly x: number;
  readonly y: number;
  readonly button?: string;
}

/** Attribute of a cell: flags, then 9 bits of foreground, then 9 of background; 0x1ff is the terminal's own. */
const ownColour = 0x1ff;
const flag = { bold: 1, underline: 2, inverse: 8 } as const;

/** A screen over the whole terminal. */
export class Terminal {
  readonly #screen: blessed.Widgets.Screen;
  readonly #theme: Theme;
  readonly #charts: Charts;
  readonly #attributes = new Map<string, number>();
  readonly #keyboard: Keyboard;
  #frame: Frame | undefined;
  #closed = false;
  /** The left button is down. */
  #pressed = false;

  /**
   * Takes the terminal over.
   *
   * @param listener is told what is typed, clicked, and when the size changes
   */
  constructor(ability: Ability, listener: (action: Action) => void, streams?: TerminalStreams) {
    this.#theme = themeFor(ability);
    this.#keyboard = new Keyboard(streams?.input ?? process.stdin, text => listener({ type: 'paste', text }));
    // The types of blessed have the two the wrong way round.
    const joined = { input: this.#keyboard, output: streams?.output ?? process.stdout } as object;
    this.#screen = new Screen({
      ...joined,
      // blessed has this description built in; it cannot read those that many systems have now.
      terminal: 'xterm-256color',
      forceUnicode: true,
      fullUnicode: true,
      smartCSR: false,
      warnings: false,
      sendFocus: false,
      title: 'vhuscope',
    });
    this.#cells.tput.brokenACS = true;
    this.#cells.program.write(pasteBrackets.on);
    this.#screen.on('keypress', (char: string | undefined, key: Key) => {
      const name = keyOf(char, key);
      if (name !== undefined) listener({ type: 'key', key: name });
    });
    this.#screen.on('mouse', (event: Mouse) => {
      const what = mouseOf(event, this.#pressed);
      this.#pressed = what === 'press' || what === 'drag';
      if (what) listener({ type: 'mouse', what, x: event.x, y: event.y });
    });
    this.#screen.on('resize', () => listener({ type: 'resize', size: this.size }));
    const { event: line, faint: text } = this.#theme.styles;
    this.#charts = new Charts(this.#screen, { line, text }, () => this.#frame && this.paint(this.#frame));
    this.#screen.enableMouse();
    this.#screen.program.hideCursor();
  }

  /** Columns and rows there are. */
  get size(): Size {
    const { width, height } = this.#cells;
    return { width, height };
  }

  /** Shows a frame. */
  paint(frame: Frame): void {
    if (this.#closed) return;
    this.#frame = frame;
    const { lines } = this.#cells;
    for (const [y, line] of frame.lines.entries()) {
      const cells = lines[y];
      if (!cells) break;
      let x = 0;
      for (const { text, style, ground } of line) {
        const attribute = this.#attribute(style, ground ?? 'none');
        for (const char of text) {
          const wide = cellsOf(char) === 2;
          if (x + (wide ? 2 : 1) > cells.length) break;
          set(cells, x++, attribute, char);
          if (wide) set(cells, x++, attribute, '\0');
        }
      }
      cells.dirty = true;
    }
    this.#charts.paint(frame.charts);
    this.#screen.draw(0, lines.length - 1);
  }

  /** Resolves once everything of the last frame is shown: charts are loaded when the first one comes. */
  shown(): Promise<void> {
    return this.#charts.loaded;
  }

  /** Puts a text into the clipboard of whoever sits at the terminal, where the terminal allows it (OSC 52). */
  copy(text: string): void {
    const encoded = Buffer.from(text, 'utf8').toString('base64');
    this.#cells.program.write(`\x1b]52;c;${encoded}\x07`);
  }

  /** Gives the terminal back as it was. May be called more than once. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#cells.program.write(pasteBrackets.off);
    this.#screen.destroy();
    this.#keyboard.close();
  }

  get #cells(): Cells {
    return this.#screen as unknown as Cells;
  }

  #attribute(style: Style, ground: Ground): number {
    const key = `${style} ${ground}`;
    let attribute = this.#attributes.get(key);
    if (attribute === undefined) {
      attribute = packed({ ...this.#theme.styles[style], ...this.#theme.grounds[ground] });
      this.#attributes.set(key, attribute);
    }
    return attribute;
  }
}

function set(cells: [number, string][], x: number, attribute: number, char: string): void {
  const cell = cells[x];
  if (!cell) return;
  cell[0] = attribute;
  cell[1] = char;
}

function packed({ fg = ownColour, bg = ownColour, bold, underline, inverse }: Look): number {
  const flags = (bold ? flag.bold : 0) | (underline ? flag.underline : 0) | (inverse ? flag.inverse : 0);
  return (flags << 18) | (fg << 9) | bg;
}

/** The name of a key; undefined for what is reported twice. */
function keyOf(char: string | undefined, { full, name, sequence }: Key): string | undefined {
  // blessed tells a carriage return as `enter` and again as `return`.
  if (name === 'return') return undefined;
  if (char === ' ' || name === 'space') return 'space';
  if (name === 'enter' || name === 'linefeed') return 'enter';
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters have names instead
  if (char !== undefined && char !== '' && !/[\x00-\x1f\x7f]/.test(char) && sequence === char) return char;
  return full ?? name;
}

function mouseOf({ action, button }: Mouse, pressed: boolean): (Action & { type: 'mouse' })['what'] | undefined {
  if (action === 'wheelup') return 'up';
  if (action === 'wheeldown') return 'down';
  if (action === 'mousedown') return button === 'left' ? 'press' : undefined;
  if (action === 'mousemove') return pressed ? 'drag' : undefined;
  if (action === 'mouseup') return 'release';
  return undefined;
}
