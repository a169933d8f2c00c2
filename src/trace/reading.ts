/**
 * Captures as rows, from front to back: one file after the other as one trace, finished or still growing. Nothing is
 * kept, so captures of any length can be read.
 */
import { FileSource } from '../capture/byte-source.ts';
import type { FollowOptions } from '../capture/follow.ts';
import { followCapture } from '../capture/follow.ts';
import type { CaptureCounts } from '../capture/piece-reader.ts';
import type { CaptureProblem } from '../capture/reader.ts';
import { CaptureReader } from '../capture/reader.ts';
import type { Frame } from '../decode/frame.ts';
import { Labels } from '../decode/labels.ts';
import { decodeFrame } from '../decode/message.ts';
import { Timing } from '../decode/timing.ts';
import { Row } from './row.ts';

/** Rows given at a time. */
const batchLength = 256;

/** A finished capture that has been opened. */
export interface TraceFile {
  /** The rows, in batches. */
  rows(): Generator<Row[], void, undefined>;
  /** What was found besides rows, so far. */
  readonly counts: CaptureCounts;
  /** What cannot be read; complete once the rows were read. */
  readonly problems: CaptureProblem[];
  close(): void;
}

/** Reads captures that belong together. */
export class TraceReader {
  readonly #timing = new Timing();
  readonly #recordings = new Set<bigint | undefined>();
  readonly #labels: Labels | undefined;

  /** `labelled` rows tell the phase and QEMU's functions, which costs decoding every message. */
  constructor({ labelled = false }: { readonly labelled?: boolean } = {}) {
    this.#labels = labelled ? new Labels() : undefined;
  }

  /** Opens a capture that grows no more. Throws a CaptureError where that is not possible. */
  open(path: string): TraceFile {
    const source = new FileSource(path);
    try {
      const reader = new CaptureReader(source);
      const rowsOf = (frames: readonly Frame[]): Row[] => this.#rows(frames);
      return {
        *rows() {
          for (let batch = reader.batch(batchLength); batch.length > 0; batch = reader.batch(batchLength))
            yield rowsOf(batch);
          yield rowsOf(reader.rest());
        },
        get counts() {
          return reader.counts;
        },
        get problems() {
          return reader.problems;
        },
        close: () => source.close(),
      };
    } catch (error) {
      source.close();
      throw error;
    }
  }

  /** The rows of a capture that may still grow, in batches as they come, on into the files of a rotation. */
  async *follow(path: string, options: FollowOptions = {}): AsyncGenerator<Row[], void> {
    for await (const frames of followCapture(path, options)) yield this.#rows(frames);
  }

  /** Rows of frames; records that a rotated file repeats from one read before are left out. */
  #rows(frames: readonly Frame[]): Row[] {
    const rows: Row[] = [];
    for (const frame of frames) {
      if (!frame.carried) this.#recordings.add(frame.captureId);
      else if (this.#recordings.has(frame.captureId)) continue;
      const message = this.#labels && frame.kind === 'message' ? decodeFrame(frame) : undefined;
      const facts = this.#timing.next(frame);
      if (this.#labels) Object.assign(facts, this.#labels.next(frame, message));
      rows.push(new Row(frame, facts, message));
    }
    return rows;
  }
}
