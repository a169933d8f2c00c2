/** What records are exported into: a new file of some format, for us alone. */
import { closeSync, openSync } from 'node:fs';
import type { Row } from '../row.ts';

/** A file that rows are put into, one after the other. */
export interface Saver {
  /** Adds a row with the comments that stand with it, where the format has a place for them. Throws where the disk is full. */
  add(row: Row, comments: readonly string[]): void;
  /** Writes what is left. */
  end(): void;
  /** Takes the file away again. */
  abandon(): void;
}

/** A format, known by the end of the file's name; a new one is a file here and a line in `index.ts`. */
export interface SavingFormat {
  /** With the dot. */
  readonly ending: string;
  readonly meaning: string;
  /** Rows must tell their phase and QEMU's functions. */
  readonly labelled?: true;
  /** It has a place for comments; notes about what is exported come along. */
  readonly commented?: true;
  /** Makes the file; throws where it exists already or cannot be made. */
  open(path: string): Saver;
}

/** Makes a file: what is there is never written over. */
export function claim(path: string): void {
  try {
    closeSync(openSync(path, 'wx', 0o600));
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const why = code === 'EEXIST' ? 'it is there already, choose another name' : message;
    throw new Error(`cannot save into ${path}: ${why}`, { cause: error });
  }
}
