/**
 * A trace: one or more capture files as one list of rows that can be paged through at any place, finished or growing,
 * in bounded memory. The index is built in slices by `advance()`, so that a viewer stays responsive.
 */
import { CaptureError } from '../capture/capture-error.ts';
import { CaptureFile } from '../capture/capture-file.ts';
import { Growth } from '../capture/growth.ts';
import type { PacketNumber } from '../capture/packet-number.ts';
import type { CaptureProblem } from '../capture/reader.ts';
import { followingPath } from '../capture/rotation.ts';
import type { Frame } from '../decode/frame.ts';
import { latencyOf } from '../decode/timing.ts';
import { Row } from './row.ts';

/** Rows looked back through for the request a reply answers, and looked ahead for a reply. */
const maxDistance = 1_000_000;

/** Blocks indexed between two looks for other work: some 2 ms. */
const blocksAtATime = 8000;

/** One file of a trace. */
interface Part {
  file: CaptureFile;
  /** Rows at its head that are left out: carried records whose originals an earlier part has. */
  skip: number;
  /** Rows looked at for that; all of the head once `settled`. */
  seen: number;
  settled: boolean;
}

const partOf = (file: CaptureFile): Part => ({ file, skip: 0, seen: 0, settled: false });
const rowsIn = ({ file, skip }: Part): number => file.length - skip;

/** Captures with random access to their rows. */
export class Trace {
  readonly #parts: Part[];
  readonly #recordings = new Set<bigint | undefined>();
  #firstNs: bigint | undefined;

  /** Opens files; later ones continue earlier ones. Throws a CaptureError where one cannot be opened. */
  static open(paths: string | readonly string[]): Trace {
    const files: CaptureFile[] = [];
    try {
      for (const path of typeof paths === 'string' ? [paths] : paths) files.push(new CaptureFile(path));
    } catch (error) {
      for (const file of files) file.close();
      throw error;
    }
    return new Trace(files);
  }

  private constructor(files: readonly CaptureFile[]) {
    this.#parts = files.map(partOf);
  }

  /** Rows that are indexed so far. */
  get length(): number {
    return this.#parts.reduce((sum, part) => sum + rowsIn(part), 0);
  }

  /** Wall clock time of the first record, nanoseconds since 1970; undefined before it is indexed. */
  get firstNs(): bigint | undefined {
    return this.#firstNs;
  }

  /** How much of the files is indexed, in bytes. */
  progress(): { done: number; size: number } {
    const all = this.#parts.map(({ file }) => file.progress());
    return { done: all.reduce((sum, { done }) => sum + done, 0), size: all.reduce((sum, { size }) => sum + size, 0) };
  }

  /** Builds the index on, for at most so many blocks (20 000 take about 5 ms). False at the end of what is there. */
  advance(blocks = 20_000): boolean {
    for (const part of this.#parts) {
      const more = part.file.advance(blocks);
      this.#settle(part);
      if (more) return true;
    }
    return false;
  }

  /** What cannot be read; meaningful once the index is complete and nobody writes the files. */
  get problems(): CaptureProblem[] {
    return this.#parts.flatMap(({ file }) => file.problems);
  }

  /** The frame of a row, from 0. A row outside the trace is a RangeError. */
  frame(row: number): Frame {
    const { part, at } = this.#place(row);
    return part.file.frame(at);
  }

  /** The file of a row, and what counts the packets up to it there. */
  packetOf(row: number): { readonly path: string; readonly number: PacketNumber } {
    const { part, at } = this.#place(row);
    return { path: part.file.path, number: part.file.packetNumber(at) };
  }

  /** A row, with its message and, on a reply, its latency. */
  row(row: number): Row {
    const frame = this.frame(row);
    const sinceFirstNs = Number(frame.wallNs - (this.#firstNs ?? frame.wallNs));
    const request = frame.answers === undefined ? -1 : this.#before(frame.answers, frame.captureId, row);
    const latencyNs = request < 0 ? undefined : latencyOf(frame, this.frame(request));
    return new Row(frame, { sinceFirstNs, latencyNs });
  }

  /** Up to `count` rows from one on: what a page shows. */
  rows(from: number, count: number): Row[] {
    const end = Math.min(this.length, from + count);
    return Array.from({ length: Math.max(0, end - from) }, (_, i) => this.row(from + i));
  }

  /** All rows from one on, as far as they are indexed. */
  *iterate(from = 0): Generator<Row, void, undefined> {
    for (let row = from; row < this.length; row++) yield this.row(row);
  }

  /** The newest records, about so many, before anything is indexed. */
  tail(count: number): Frame[] {
    return this.#parts.at(-1)?.file.tail(count) ?? [];
  }

  /** The first row of a record by its number, of any recording unless one is named; -1 if none. */
  rowOf(n: number, captureId?: bigint): number {
    const isIt = (frame: Frame): boolean => frame.n === n && (captureId === undefined || frame.captureId === captureId);
    return this.#find(0, Number.POSITIVE_INFINITY, ({ file }, from) => file.index.findNumber(n, from), isIt);
  }

  /** The row of the request that a row answers; -1 if none. */
  requestOf(row: number): number {
    const { answers, captureId } = this.frame(row);
    return answers === undefined ? -1 : this.#before(answers, captureId, row);
  }

  /** The row of the reply to a row; -1 if none. */
  replyTo(row: number): number {
    const { n, captureId } = this.frame(row);
    const isIt = (frame: Frame): boolean => frame.answers === n && frame.captureId === captureId;
    return this.#find(row + 1, row + maxDistance, ({ file }, from) => file.index.findAnswer(n, from), isIt);
  }

  /** The rows at which a kernel object of a recording was passed, in order. */
  passingsOf(object: number, captureId: bigint | undefined): number[] {
    let first = 0;
    return this.#parts.flatMap(part => {
      const rows = part.file.passings.rowsOf(object).filter(at => at >= part.skip);
      const here = rows.map(at => first + at - part.skip).filter(row => this.frame(row).captureId === captureId);
      first += rowsIn(part);
      return here;
    });
  }

  /**
   * Writes a note behind the last record of the last file, about a row where one is named; gives its number. Throws a
   * CaptureError where that is not possible.
   */
  note(row: number | undefined, text: string, author: string): number {
    const { file } = this.#parts.at(-1) as Part;
    if (this.length === 0)
      throw new CaptureError(`${file.path} has no record yet that a note could stand behind`, file.path);
    const like = this.frame(row ?? this.length - 1);
    return file.note(like, { text, author, ...(row !== undefined && { of: like.n }) });
  }

  /**
   * Indexes on as the last file grows, and on into the files of a rotation; gives the length each time it has changed,
   * until aborted.
   */
  async *follow(signal?: AbortSignal): AsyncGenerator<number, void> {
    let told = -1;
    while (!signal?.aborted) {
      const { path } = (this.#parts.at(-1) as Part).file;
      const growth = new Growth(path);
      try {
        while (!signal?.aborted) {
          // The recorder finishes a file before it begins the next: ask for the next, then read this one to its end.
          const next = this.#next(path);
          const more = this.advance(blocksAtATime);
          if (this.length !== told) {
            told = this.length;
            yield told;
          } else if (!more && next !== undefined) {
            this.#parts.push(partOf(new CaptureFile(next)));
            break;
          } else if (!more) await growth.wait(signal);
        }
      } finally {
        growth.close();
      }
    }
  }

  close(): void {
    for (const { file } of this.#parts) file.close();
  }

  /** The file that continues a finished one, once it has a record of this recording. */
  #next(path: string): string | undefined {
    const following = followingPath(path);
    if (following === undefined) return undefined;
    try {
      const file = new CaptureFile(following);
      file.advance(100);
      const belongs = file.length > 0 && this.#recordings.has(file.frame(0).captureId);
      file.close();
      return belongs ? following : undefined;
    } catch (error) {
      // It was only just begun, and will be a capture in a moment.
      if (error instanceof CaptureError) return undefined;
      throw error;
    }
  }

  /** Looks at the head of a part: which records it repeats, when the first one was made. */
  #settle(part: Part): void {
    while (!part.settled && part.seen < part.file.length) {
      const { carried, captureId, wallNs } = part.file.frame(part.seen);
      if (!carried) {
        part.settled = true;
        this.#recordings.add(captureId);
        this.#firstNs ??= wallNs;
      } else if (part.skip === part.seen && this.#recordings.has(captureId)) part.skip++;
      part.seen++;
    }
  }

  #place(row: number): { part: Part; at: number } {
    let at = row;
    for (const part of this.#parts) {
      if (at >= 0 && at < rowsIn(part)) return { part, at: at + part.skip };
      at -= rowsIn(part);
    }
    throw new RangeError(`row ${row} is outside the ${this.length} there are`);
  }

  /** The first row from one on and before another that a search in a part's index finds and the frame confirms. */
  #find(
    from: number,
    before: number,
    search: (part: Part, from: number) => number,
    isIt: (frame: Frame) => boolean,
  ): number {
    let first = 0;
    for (const part of this.#parts) {
      const rows = rowsIn(part);
      for (let at = Math.max(from - first, 0); at < rows; at++) {
        const found = search(part, at + part.skip);
        at = found < 0 ? rows : found - part.skip;
        if (first + at >= before) return -1;
        if (at < rows && isIt(part.file.frame(found))) return first + at;
      }
      first += rows;
    }
    return -1;
  }

  /** The last row before another one that has a number of a recording; -1 if none is near. */
  #before(n: number, captureId: bigint | undefined, row: number): number {
    let first = this.length;
    for (const part of this.#parts.toReversed()) {
      first -= rowsIn(part);
      let at = Math.min(row - first, rowsIn(part)) + part.skip;
      while (at > part.skip) {
        at = part.file.index.findNumberBefore(n, at, maxDistance);
        if (at < part.skip) break;
        const frame = part.file.frame(at);
        if (frame.n === n && frame.captureId === captureId) return first + at - part.skip;
      }
    }
    return -1;
  }
}
