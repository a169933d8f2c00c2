/** The lines of a text file, read piece by piece: the log of a migration does not fit into one string. */
import { closeSync, openSync, readSync } from 'node:fs';
import { CaptureError } from '../capture/capture-error.ts';

/** Bytes read at a time. */
const blockLength = 1 << 20;

/**
 * The lines of a file, without their ends. Bytes become characters one by one (Latin-1), since logs hold whatever a
 * program has printed; `asText` makes text of a line where that matters.
 *
 * @param path the file, or `-` for standard input
 * @throws CaptureError where the file cannot be read
 */
export function* linesOf(path: string): Generator<string, void, undefined> {
  const file = path === '-' ? 0 : opened(path);
  const block = Buffer.alloc(blockLength);
  let left = '';
  try {
    for (let size = readSync(file, block); size > 0; size = readSync(file, block)) {
      const parts = (left + block.toString('latin1', 0, size)).split('\n');
      left = parts.pop() ?? '';
      yield* parts;
    }
    if (left !== '') yield left;
  } finally {
    if (file !== 0) closeSync(file);
  }
}

function opened(path: string): number {
  try {
    return openSync(path, 'r');
  } catch (error) {
    throw CaptureError.from('cannot read', path, error);
  }
}

/** A line as UTF-8 text, without a carriage return at its end. */
export function asText(line: string): string {
  return Buffer.from(line, 'latin1').toString('utf8').replace(/\r$/, '');
}
