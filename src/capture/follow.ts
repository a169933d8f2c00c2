/**
 * A capture read while it grows, on into the files of a rotation.
 *
 * The one rule against races: first ask whether the file is at its end, then read; what was written before the
 * answer is then read for certain.
 */
import { statSync } from 'node:fs';
import type { Frame } from '../decode/frame.ts';
import { FileSource } from './byte-source.ts';
import { Growth } from './growth.ts';
import { writerOf } from './liveness.ts';
import type { CaptureProblem } from './reader.ts';
import { CaptureReader } from './reader.ts';
import { followingPath } from './rotation.ts';

/** How a file is followed. */
export interface FollowOptions {
  /** Ends the following; what is in the file by then is still given. */
  signal?: AbortSignal;
  /** Told what could not be read. */
  onProblem?: (problem: CaptureProblem) => void;
  /** End once nobody writes the file any more, as far as that can be known; default true. */
  untilWriterIsGone?: boolean;
}

/** Frames given at a time. */
const batchLength = 1024;
/** Milliseconds between two looks for a next file. */
const nextMs = 50;
/** How long frames wait behind a message whose continuations do not come. */
const patienceMs = 250;
/** How long a file must be quiet before its writer is looked for. */
const quietMs = 1000;

/**
 * The frames of a growing capture, in batches, from its beginning. Throws a CaptureError where the file cannot be
 * opened or is no capture; an empty one is waited for.
 */
export async function* followCapture(
  path: string,
  options: FollowOptions = {},
): AsyncGenerator<readonly Frame[], void> {
  const { signal, onProblem, untilWriterIsGone = true } = options;
  let file = new GrowingFile(path);
  try {
    for (;;) {
      const isOver = signal?.aborted || (untilWriterIsGone && file.isAbandoned());
      const next = file.next();
      for (let batch = file.read(); batch.length > 0; batch = file.read()) yield batch;
      if (!isOver && next === undefined && !file.isDamaged) {
        await file.growth(signal);
        continue;
      }
      const rest = file.rest();
      if (rest.length > 0) yield rest;
      for (const problem of file.problems()) onProblem?.(problem);
      if (next === undefined) return;
      file.close();
      file = new GrowingFile(next);
    }
  } finally {
    file.close();
  }
}

/** One file of a recording, as far as it has been read. */
class GrowingFile {
  readonly #path: string;
  readonly #source: FileSource;
  readonly #growth: Growth;
  #reader: CaptureReader | undefined;
  #captureId: bigint | undefined;
  #next: string | undefined;
  #nextAt = 0;
  #readAt = performance.now();
  #checkedAt = performance.now();

  constructor(path: string) {
    this.#path = path;
    this.#source = new FileSource(path);
    this.#growth = new Growth(path);
  }

  /** The next frames, none when all there is was read. */
  read(): readonly Frame[] {
    if (this.#reader === undefined) {
      if (this.#source.size() < 12) return [];
      this.#reader = new CaptureReader(this.#source);
    }
    const { records } = this.#reader.counts;
    const batch = this.#reader.batch(batchLength);
    this.#captureId ??= batch.find(frame => frame.captureId !== undefined)?.captureId;
    if (this.#reader.counts.records > records) this.#readAt = performance.now();
    else if (this.#reader.isHolding && performance.now() - this.#readAt > patienceMs) return this.#reader.rest();
    return batch;
  }

  /** What was held back for continuations. */
  rest(): readonly Frame[] {
    return this.#reader?.rest() ?? [];
  }

  /** True where no block can be at the place that was reached. */
  get isDamaged(): boolean {
    return this.#reader?.pieces.blocks.end.how === 'bad';
  }

  /** What could not be read, now that nothing more will come. */
  problems(): CaptureProblem[] {
    return this.#reader?.problems ?? [];
  }

  /** The path of the file to go on with: the rotation's next one, or this one where it was emptied and begun anew. */
  next(): string | undefined {
    const position = this.#reader?.pieces.blocks.position ?? 0;
    if (this.#source.size() < position) return this.#path;
    if (this.#next === undefined && performance.now() >= this.#nextAt) {
      this.#nextAt = performance.now() + nextMs;
      const path = followingPath(this.#path);
      if (path !== undefined && this.#isContinuedIn(path)) this.#next = path;
    }
    return this.#next;
  }

  /** Whether a file of the next name belongs to this recording, and is not left from an earlier one. */
  #isContinuedIn(path: string): boolean {
    const source = new FileSource(path);
    try {
      if (source.size() < 12) return false;
      const first = new CaptureReader(source).batch(1)[0]?.captureId;
      if (first !== undefined && this.#captureId !== undefined) return first === this.#captureId;
      return statSync(path).mtimeMs >= this.#source.modifiedMs();
    } finally {
      source.close();
    }
  }

  /** True once the file has been quiet for a while and nobody has it open for writing. */
  isAbandoned(): boolean {
    const now = performance.now();
    if (now - Math.max(this.#readAt, this.#checkedAt) < quietMs) return false;
    this.#checkedAt = now;
    return writerOf(this.#path).state === 'gone';
  }

  /** Waits until the file may have grown. */
  growth(signal?: AbortSignal): Promise<void> {
    return this.#growth.wait(signal);
  }

  close(): void {
    this.#growth.close();
    this.#source.close();
  }
}
