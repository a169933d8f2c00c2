/** What people wrote about records, as notes in the capture. */
import type { Frame } from '../decode/frame.ts';
import { jsonBody } from '../decode/text/event.ts';

/** A note. */
export interface Note {
  /** Its own row. */
  readonly row: number;
  /** The record it is about, by its number and recording. */
  readonly of?: number;
  readonly captureId: bigint | undefined;
  readonly text: string;
  readonly author?: string;
}

/** Notes that are kept; nobody reads more. */
const mostNotes = 10_000;

/** Gathers them as records come by. */
export class Notes {
  readonly all: Note[] = [];

  /** Looks at a record. */
  take(row: number, frame: Frame): void {
    if (frame.kind !== 'event' || this.all.length >= mostNotes) return;
    const body = jsonBody(frame);
    if (body?.event !== 'note' || typeof body.text !== 'string') return;
    const { of, text, author } = body;
    this.all.push({
      ...{ row, text, captureId: frame.captureId },
      ...(typeof of === 'number' && { of }),
      ...(typeof author === 'string' && { author }),
    });
  }
}
