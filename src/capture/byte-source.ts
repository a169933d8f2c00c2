/** Where a capture's bytes come from: a file, or memory. Reading is at a position, so readers do not disturb each other. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { CaptureError } from './capture-error.ts';

/** Bytes that can be read at any position; they may grow while they are read. */
export interface ByteSource {
  /** How it is named in messages. */
  readonly path: string;
  /** Bytes there are now. */
  size(): number;
  /** Fills `into` from `position` on as far as there are bytes, and returns how many it got. */
  read(into: Uint8Array, position: number): number;
}

/** A capture file, open for reading. */
export class FileSource implements ByteSource {
  readonly path: string;
  readonly #fd: number;

  /** Opens a file. Throws a CaptureError that says what to do. */
  constructor(path: string) {
    this.path = path;
    try {
      this.#fd = openSync(path, 'r');
    } catch (cause) {
      const meaning = { EACCES: 'permission denied; captures are readable by their owner only' };
      throw CaptureError.from('cannot read', path, cause, meaning);
    }
    if (fstatSync(this.#fd).isDirectory()) {
      this.close();
      throw new CaptureError(`cannot read ${path}: it is a directory, name a capture file in it`, path);
    }
  }

  size(): number {
    return fstatSync(this.#fd).size;
  }

  /** When it was last written to, in milliseconds since 1970. */
  modifiedMs(): number {
    return fstatSync(this.#fd).mtimeMs;
  }

  read(into: Uint8Array, position: number): number {
    let got = 0;
    try {
      while (got < into.length) {
        const count = readSync(this.#fd, into, got, into.length - got, position + got);
        if (count === 0) break;
        got += count;
      }
    } catch (cause) {
      throw CaptureError.from('cannot read', this.path, cause);
    }
    return got;
  }

  close(): void {
    closeSync(this.#fd);
  }
}
