/** Goes through a finished capture from its first record to its last, each with its message decoded. */
import { FileSource } from '../capture/byte-source.ts';
import { CaptureReader } from '../capture/reader.ts';
import type { Frame } from '../decode/frame.ts';
import { decodeFrame, type Message } from '../decode/message.ts';

/** Takes a record, with its message where it is one. */
export type Taker = (frame: Frame, message: Message | undefined) => void;

/** Records between two reports of progress. */
const batchSize = 256;

/**
 * Hands every record to `take`. Throws a CaptureError where the file cannot be opened.
 *
 * @param path the capture
 * @param progress is told how many records have been gone through, now and then
 * @returns what could not be read, in words
 */
export function goThrough(path: string, take: Taker, progress?: (records: number) => void): string[] {
  const source = new FileSource(path);
  const give = (frame: Frame) => take(frame, frame.kind === 'message' ? decodeFrame(frame) : undefined);
  let records = 0;
  try {
    const reader = new CaptureReader(source);
    for (let batch = reader.batch(batchSize); batch.length > 0; batch = reader.batch(batchSize)) {
      batch.forEach(give);
      records += batch.length;
      progress?.(records);
    }
    reader.rest().forEach(give);
    const lost = reader.counts.lost > 0 ? [`the recorder lost ${reader.counts.lost} messages`] : [];
    return [...reader.problems.map(problem => problem.message), ...lost];
  } finally {
    source.close();
  }
}
