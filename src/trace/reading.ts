/**
 * Captures as rows, from front to back: one file or the files of a rotated recording, finished or still growing.
 * Nothing is kept, so a capture of any length can be read.
 */
import type { FollowOptions } from '../capture/follow.ts';
import { followCapture } from '../capture/follow.ts';
import type { CaptureProblem } from '../capture/reader.ts';
import { readCapture } from '../capture/reader.ts';
import type { Frame } from '../decode/frame.ts';
import type { Row } from './row.ts';
import { Understanding } from './understanding.ts';

/** What was found besides rows. */
export interface Found {
  problems: CaptureProblem[];
  /** Messages that the recorder says it lost. */
  lost: number;
  /** Packets that are not vhuscope's. */
  foreign: number;
}

/**
 * The rows of finished captures, in the order given. Records that a rotated file repeats from one read before are left
 * out. Throws a CaptureError where a file cannot be opened; what cannot be read in it is returned.
 */
export function* readTrace(paths: readonly string[]): Generator<Row, Found, undefined> {
  const understanding = new Understanding();
  const repeats = new Repeats();
  const found: Found = { problems: [], lost: 0, foreign: 0 };
  for (const path of paths) {
    const frames = readCapture(path);
    let next = frames.next();
    for (; !next.done; next = frames.next()) if (!repeats.has(next.value)) yield understanding.row(next.value);
    const { counts, problems } = next.value;
    found.problems.push(...problems);
    found.lost += counts.lost;
    found.foreign += counts.foreign;
  }
  return found;
}

/** The rows of a capture that may still grow, in batches as they come, on into the files of a rotation. */
export async function* followTrace(path: string, options: FollowOptions = {}): AsyncGenerator<Row[], void> {
  const understanding = new Understanding();
  const repeats = new Repeats();
  for await (const frames of followCapture(path, options))
    yield frames.filter(frame => !repeats.has(frame)).map(frame => understanding.row(frame));
}

/** Tells carried records whose original was read before. */
class Repeats {
  readonly #recordings = new Set<bigint | undefined>();

  has(frame: Frame): boolean {
    if (frame.carried) return this.#recordings.has(frame.captureId);
    this.#recordings.add(frame.captureId);
    return false;
  }
}
