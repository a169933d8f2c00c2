/**
 * Making the file of a killed recorder whole: it is cut back to its last whole block. Where the damage is not at the
 * end, what is cut off is kept in a file beside it.
 */
import { closeSync, copyFileSync, fsyncSync, ftruncateSync, openSync } from 'node:fs';
import { BlockReader } from './block-reader.ts';
import { FileSource } from './byte-source.ts';
import { CaptureError } from './capture-error.ts';
import { writerOf } from './liveness.ts';
import { assertPcapng } from './reader.ts';

/** What a repair did. */
export interface Repair {
  path: string;
  /** Bytes of whole blocks that the file has now. */
  size: number;
  /** Bytes that were cut off; 0 where the file was whole. */
  cut: number;
  /** The whole file as it was, where more than an unfinished block was cut off. */
  keptIn?: string;
}

/**
 * Cuts a capture file back to its last whole block. Throws a CaptureError where it is no capture, cannot be written,
 * or is still being recorded.
 */
export function repair(path: string): Repair {
  const { end, size } = scan(path);
  if (end.how === 'whole') return { path, size: end.offset, cut: 0 };
  const writer = writerOf(path);
  if (writer.state === 'alive') {
    const message = `${path} is still being recorded by process ${writer.pid}: its last block is not torn, only not written yet`;
    throw new CaptureError(message, path, end.offset);
  }
  const done: Repair = { path, size: end.offset, cut: size - end.offset };
  if (end.how === 'bad') {
    done.keptIn = `${path}.damaged`;
    attempt(`cannot keep a copy of ${path} in`, done.keptIn, kept => copyFileSync(path, kept));
  }
  attempt('cannot repair', path, () => {
    const fd = openSync(path, 'r+');
    try {
      ftruncateSync(fd, end.offset);
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
  });
  return done;
}

function scan(path: string): { end: BlockReader['end']; size: number } {
  const source = new FileSource(path);
  try {
    assertPcapng(source);
    const blocks = new BlockReader(source);
    while (blocks.next() !== undefined);
    if (blocks.end.offset === 0) throw new CaptureError(`${path} has no whole block: nothing was recorded`, path, 0);
    return { end: blocks.end, size: source.size() };
  } finally {
    source.close();
  }
}

function attempt(what: string, path: string, act: (path: string) => void): void {
  try {
    act(path);
  } catch (cause) {
    throw CaptureError.from(what, path, cause);
  }
}
