/** What stands with records that are exported: what people wrote about them, and how they marked them. */
import type { Frame } from '../../decode/frame.ts';
import type { Note } from '../notes.ts';

interface Comment {
  readonly text: string;
  /** Row of the note it was taken from. */
  readonly row?: number;
}

/** Comments by record. */
export class Comments {
  readonly #byRecord = new Map<string, Comment[]>();
  /** Rows of the notes that were given out. */
  readonly told = new Set<number>();

  constructor(notes: Iterable<Note>) {
    for (const { of, captureId, text, author, row } of notes) {
      if (of === undefined) continue;
      this.#add(`${captureId}/${of}`, { text: author === undefined ? text : `${text} (${author})`, row });
    }
  }

  /** Adds one. */
  add({ captureId, n }: Frame, text: string): void {
    this.#add(`${captureId}/${n}`, { text });
  }

  /** The comments on a record. */
  on({ captureId, n }: Frame): string[] {
    if (this.#byRecord.size === 0) return [];
    return (this.#byRecord.get(`${captureId}/${n}`) ?? []).map(({ text, row }) => {
      if (row !== undefined) this.told.add(row);
      return text;
    });
  }

  #add(key: string, comment: Comment): void {
    const known = this.#byRecord.get(key);
    if (known) known.push(comment);
    else this.#byRecord.set(key, [comment]);
  }
}
