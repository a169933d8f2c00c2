/**
 * A file to which whole blocks are appended, crash-safely: many with one write, and never a part of one left behind.
 *
 * A write that fails (a full disk) never throws: the file is cut back to its last whole block, and what could not be
 * written stays in the buffer to be tried again.
 */
import { closeSync, fdatasyncSync, fstatSync, ftruncateSync, openSync, writeSync } from 'node:fs';
import { CaptureError } from './capture-error.ts';

/** Milliseconds between two attempts to write to a file that refuses. */
const retryMs = 100;

/** The end of a growing file, and the blocks that wait to be written there. */
export class BlockFile {
  readonly path: string;
  /** Bytes of the file: whole blocks. */
  size = 0;
  /** Why the last write failed; undefined again once one succeeds. */
  failure: CaptureError | undefined;
  /** The blocks that wait, from 0 to `used`. */
  bytes: Uint8Array;
  view: DataView;
  used = 0;
  readonly #fd: number;
  /** False for a pipe, such as one to Wireshark. */
  readonly #seekable: boolean;
  readonly #syncMs: number | undefined;
  #retryAt = 0;
  /** Bytes the disk was asked to store, and when it may be asked again. */
  #stored = 0;
  #syncAt = 0;

  /**
   * Creates the file, readable by its owner only, or empties it. Throws a CaptureError where that is not possible.
   * `bufferLength` bytes may wait; the disk is asked to store what was written every `syncMs`, if given.
   */
  constructor(path: string, bufferLength: number, syncMs?: number) {
    this.path = path;
    this.#syncMs = syncMs;
    try {
      this.#fd = openSync(path, 'w', 0o600);
    } catch (cause) {
      throw CaptureError.from('cannot write', path, cause, { ENOENT: 'there is no such folder; make it first' });
    }
    this.#seekable = fstatSync(this.#fd).isFile();
    this.bytes = new Uint8Array(bufferLength);
    this.view = new DataView(this.bytes.buffer);
  }

  /** Makes room for so many bytes behind those that wait, if need be by writing them; false where that fails. */
  makeRoom(length: number): boolean {
    return this.used + length <= this.bytes.length || (this.flush() && length <= this.bytes.length);
  }

  /** Appends a block in any case: for the few that describe the file. */
  append(block: Uint8Array): void {
    if (this.used + block.length > this.bytes.length) {
      const larger = new Uint8Array(2 * (this.used + block.length));
      larger.set(this.bytes.subarray(0, this.used));
      this.bytes = larger;
      this.view = new DataView(larger.buffer);
    }
    this.bytes.set(block, this.used);
    this.used += block.length;
  }

  /** Writes what waits. False where the file refuses, or refused a moment ago. */
  flush(): boolean {
    if (this.failure !== undefined && performance.now() < this.#retryAt) return false;
    return this.#write() && this.#sync(false);
  }

  /** Writes what waits, whatever was before, and has the disk store it if that is wished for. */
  finish(): boolean {
    return this.#write() && this.#sync(true);
  }

  close(): void {
    closeSync(this.#fd);
  }

  #write(): boolean {
    let written = 0;
    try {
      while (written < this.used) {
        const position = this.#seekable ? this.size + written : null;
        written += writeSync(this.#fd, this.bytes, written, this.used - written, position);
      }
      this.failure = undefined;
    } catch (cause) {
      this.failure = CaptureError.from('cannot write', this.path, cause);
      this.#retryAt = performance.now() + retryMs;
    }
    const whole = written === this.used ? written : this.#wholeBlocks(written);
    this.size += whole;
    this.bytes.copyWithin(0, whole, this.used);
    this.used -= whole;
    if (written > whole) this.#cutBack();
    return this.failure === undefined;
  }

  #cutBack(): void {
    try {
      ftruncateSync(this.#fd, this.size);
    } catch {
      // The torn tail stays for now: readers take it for a block not written yet, and the next write covers it.
    }
  }

  /** Length of the whole blocks among the first bytes that wait. */
  #wholeBlocks(limit: number): number {
    let end = 0;
    for (let at = 0; at <= limit; at += this.view.getUint32(at + 4, true)) end = at;
    return end;
  }

  /** Has the disk store what was written since the last time, if that is wished for and due. */
  #sync(atOnce: boolean): boolean {
    if (this.#syncMs === undefined || !this.#seekable || this.#stored === this.size) return true;
    if (!atOnce && performance.now() < this.#syncAt) return true;
    this.#syncAt = performance.now() + this.#syncMs;
    this.#stored = this.size;
    try {
      fdatasyncSync(this.#fd);
      return true;
    } catch (cause) {
      this.failure = CaptureError.from('cannot store', this.path, cause);
      return false;
    }
  }
}
