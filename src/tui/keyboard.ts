/**
 * What comes from a terminal, cut into single keys, mouse events and pasted texts. Keys may be typed faster than they are
 * read, and then come several at a time. Pasted text is bracketed by the terminal, so that it is not taken for keys: what
 * lies in a clipboard must not run actions.
 */
import { PassThrough, type Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';

/** What a terminal is told to bracket what is pasted, or no longer. */
export const pasteBrackets = { on: '\x1b[?2004h', off: '\x1b[?2004l' } as const;

const begin = '\x1b[200~';
const end = '\x1b[201~';
/** Characters that are kept of what is pasted; nobody types a line as long. */
const mostCharacters = 10_000;
/** Milliseconds after which what could be the beginning of something longer is taken for what it is. */
const wholeMs = 25;

/** One key or mouse event as the terminal sends it, or a text that was pasted. */
export type Piece = { readonly pressed: string } | { readonly pasted: string };

// Mouse events of three kinds, keys with names, and then single characters. A character behind an escape is a key of
// its own: what some terminals send for Alt is also what somebody sends who presses Esc and goes on at once.
const sequences =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they begin with an escape character
  /^(?:\x1b\[M[\s\S]{3}|\x1b\[\[[A-E]|\x1b\[[<\d;?]*[ -/]*[@-LN-Z^-~$]|\x1b\[[<\d;]+M|\x1bO[\d;]*[A-Za-z])/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: they begin with an escape character
const unfinished = /^\x1b(?:O[\d;]*|\[\[?|\[[<\d;?]+|\[M[\s\S]{0,2})?$/;

/** Cuts what comes into pieces. */
export class Cutter {
  /** The beginning of a piece, whose end has not come. */
  #rest = '';
  /** What was pasted so far, while its end has not come. */
  #pasted: string | undefined;

  /** Whether something waits for its end that may be a whole key as well. */
  get waits(): boolean {
    return this.#rest !== '';
  }

  /** The pieces that are whole, with what has waited. */
  cut(data: string): Piece[] {
    const pieces: Piece[] = [];
    let left = this.#rest + data;
    this.#rest = '';
    while (left !== '') {
      if (this.#pasted !== undefined) {
        left = this.#paste(this.#pasted, left, pieces);
      } else if (left.startsWith(begin)) {
        this.#pasted = '';
        left = left.slice(begin.length);
      } else if (unfinished.test(left)) {
        this.#rest = left;
        left = '';
      } else {
        const pressed = sequences.exec(left)?.[0] ?? String.fromCodePoint(left.codePointAt(0) ?? 0);
        pieces.push({ pressed });
        left = left.slice(pressed.length);
      }
    }
    return pieces;
  }

  /** What has waited, as it is: nothing follows. */
  flush(): Piece[] {
    const pieces = Array.from(this.#rest, pressed => ({ pressed }));
    this.#rest = '';
    return pieces;
  }

  /** Takes what is pasted up to its end, and gives what is left. */
  #paste(before: string, data: string, pieces: Piece[]): string {
    const text = before + data;
    const until = text.indexOf(end);
    if (until < 0) {
      // Of a text that is too long its end is kept: the bracket may have come only in part.
      this.#pasted = text.length > mostCharacters ? text.slice(0, mostCharacters) + text.slice(-end.length) : text;
      return '';
    }
    this.#pasted = undefined;
    pieces.push({ pasted: text.slice(0, Math.min(until, mostCharacters)) });
    return text.slice(until + end.length);
  }
}

/** What a terminal's input can do besides being read. */
interface RawInput extends Readable {
  setRawMode?(raw: boolean): unknown;
}

/** A terminal's input, in which every chunk is one key or mouse event. */
export class Keyboard extends PassThrough {
  /** As of a terminal: keys come as they are pressed. */
  isRaw = false;
  readonly #source: RawInput;
  readonly #told: (text: string) => void;
  readonly #cutter = new Cutter();
  readonly #decoder = new StringDecoder('utf8');
  readonly #hear = (data: Buffer | string): void =>
    this.#take(typeof data === 'string' ? data : this.#decoder.write(data));
  #timer: NodeJS.Timeout | undefined;

  /** @param pasted is told what is pasted, which comes as no key */
  constructor(source: RawInput, pasted: (text: string) => void) {
    super();
    this.#source = source;
    this.#told = pasted;
    source.on('data', this.#hear);
  }

  /** Has the terminal send keys as they are pressed, or lines. */
  setRawMode(raw: boolean): this {
    this.isRaw = raw;
    this.#source.setRawMode?.(raw);
    return this;
  }

  /** Reads no more. */
  close(): void {
    clearTimeout(this.#timer);
    this.#source.off('data', this.#hear);
    this.#source.pause();
  }

  #take(data: string): void {
    clearTimeout(this.#timer);
    this.#tell(this.#cutter.cut(data));
    if (this.#cutter.waits) this.#timer = setTimeout(() => this.#tell(this.#cutter.flush()), wholeMs);
  }

  #tell(pieces: readonly Piece[]): void {
    for (const piece of pieces) {
      if ('pasted' in piece) this.#told(piece.pasted);
      else this.write(piece.pressed);
    }
  }
}
