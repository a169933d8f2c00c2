/**
 * Text that is pasted. The terminal brackets it, so that it is not taken for keys: what lies in a clipboard must not
 * run actions.
 */

/** What a terminal is told to bracket what is pasted, or no longer. */
export const pasteBrackets = { on: '\x1b[?2004h', off: '\x1b[?2004l' } as const;

const begin = '\x1b[200~';
const end = '\x1b[201~';
/** Characters that are kept of what is pasted; nobody types a line as long. */
const mostCharacters = 10_000;

/** Tells pasted text from typed keys. */
export class Pasting {
  readonly #pasted: (text: string) => void;
  /** What was pasted so far, while the end is not there yet. */
  #text: string | undefined;
  #mutes = false;

  constructor(pasted: (text: string) => void) {
    this.#pasted = pasted;
  }

  /** What is told as keys is pasted text. */
  get mutes(): boolean {
    return this.#mutes;
  }

  /** Takes what comes from the terminal, before it is told as keys. */
  hear(data: string): void {
    const from = this.#text === undefined ? data.indexOf(begin) : -begin.length;
    this.#mutes = this.#text !== undefined || from >= 0;
    if (!this.#mutes) return;
    const text = (this.#text ?? '') + data.slice(from + begin.length);
    const until = text.indexOf(end);
    // Of a text that is too long its end is kept: the bracket may have come only in part.
    const kept = text.length > mostCharacters ? text.slice(0, mostCharacters) + text.slice(-end.length) : text;
    this.#text = until < 0 ? kept : undefined;
    if (until >= 0) this.#pasted(text.slice(0, Math.min(until, mostCharacters)));
  }
}
