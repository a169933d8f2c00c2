/**
 * A capture file as a sequence of frames. Tolerant: any number of sections and interfaces, either byte order, the
 * output of mergecap and editcap, blocks and packets of others in between (passed over and counted). What cannot be
 * read is told as problems, values with the file's name and a byte offset; only a file that is no capture throws.
 */
import type { Frame } from '../decode/frame.ts';
import type { End } from './block-reader.ts';
import type { ByteSource } from './byte-source.ts';
import { FileSource } from './byte-source.ts';
import { CaptureError } from './capture-error.ts';
import { Joiner } from './join.ts';
import { writerOf } from './liveness.ts';
import { blockType } from './pcapng/blocks.ts';
import type { CaptureCounts, Newer } from './piece-reader.ts';
import { PieceReader } from './piece-reader.ts';
import { pseudoHeaderVersion } from './pseudo-header.ts';

/** Something in a capture file that could not be read. */
export interface CaptureProblem {
  path: string;
  /** Byte offset in the file. */
  offset: number;
  message: string;
}

/** An open capture file, read from front to back. */
export class CaptureReader {
  readonly path: string;
  readonly pieces: PieceReader;
  readonly #joiner = new Joiner();

  /** Reads from a source's beginning. Throws a CaptureError where that is no pcapng file. */
  constructor(source: ByteSource) {
    assertPcapng(source);
    this.path = source.path;
    this.pieces = new PieceReader(source);
  }

  /** All frames, in order. A frame's bytes lie in a larger piece of memory: copy what is kept for long. */
  *frames(): Generator<Frame, void, undefined> {
    for (let batch = this.batch(256); batch.length > 0; batch = this.batch(256)) yield* batch;
    yield* this.rest();
  }

  /**
   * About so many of the next frames that can be read now; none at the end of what is there. A message whose
   * continuations are missing is held back, and what follows it.
   */
  batch(count: number): Frame[] {
    const frames: Frame[] = [];
    while (frames.length < count) {
      const piece = this.pieces.next();
      if (piece === undefined) break;
      for (const frame of this.#joiner.push(piece)) frames.push(frame);
    }
    return frames;
  }

  /** What was held back: no continuation is expected any more. */
  rest(): readonly Frame[] {
    return this.#joiner.flush();
  }

  /** True while frames are held back. */
  get isHolding(): boolean {
    return this.#joiner.isWaiting;
  }

  /** What was found besides frames. */
  get counts(): CaptureCounts {
    return this.pieces.counts;
  }

  /** What keeps the file from being read to its end, if anything. */
  get problems(): CaptureProblem[] {
    const { blocks, counts } = this.pieces;
    return [...newerProblems(this.path, counts.newer), ...problemsOf(this.path, blocks.end, blocks.skipped)];
  }
}

/** Opens a capture file, gives its frames, closes it. Returns the reader for its counts and problems. */
export function* readCapture(path: string): Generator<Frame, CaptureReader, undefined> {
  const source = new FileSource(path);
  try {
    const reader = new CaptureReader(source);
    yield* reader.frames();
    return reader;
  } finally {
    source.close();
  }
}

/**
 * What keeps a file from being read to its end. A last block that is not whole is none while somebody writes the file:
 * it is not there yet.
 */
export function problemsOf(path: string, end: End, skipped = { blocks: 0, bytes: 0 }): CaptureProblem[] {
  const found: CaptureProblem[] = [];
  const { offset } = end;
  if (skipped.blocks > 0) {
    const message = `${path}: passed over ${skipped.blocks} blocks of ${skipped.bytes} bytes that are too long for a record`;
    found.push({ path, offset: 0, message });
  }
  if (end.how === 'torn' && writerOf(path).state !== 'alive') {
    const message = `${path}: cut here: the last ${end.bytes} bytes, from offset ${offset} on, are a part of a block; everything before is complete (vhuscope read --repair cuts the rest off)`;
    found.push({ path, offset, message });
  } else if (end.how === 'bad') {
    const message = `${path}: damaged at offset ${offset}: ${end.message}; everything before is complete (vhuscope read --repair cuts the rest off)`;
    found.push({ path, offset, message });
  }
  return found;
}

/** What there is to say where records are newer than this reader. */
export function newerProblems(path: string, { records, version }: Newer): CaptureProblem[] {
  if (records === 0) return [];
  const are = records === 1 ? '1 record is' : `${records} records are`;
  const message = `${path}: ${are} written in version ${version} of the format, and this vhuscope knows version ${pseudoHeaderVersion}: it shows when and on which channel what was said, but not the session, the descriptors or what was negotiated, and judges nothing of it; update vhuscope`;
  return [{ path, offset: 0, message }];
}

/** Beginnings of files that are often mistaken for a pcapng capture, in hexadecimal, and what to do with them. */
const otherFormats: [magic: string, what: string][] = [
  ['d4c3b2a1', 'a classic pcap file; vhuscope writes and reads pcapng only'],
  ['a1b2c3d4', 'a classic pcap file; vhuscope writes and reads pcapng only'],
  ['4d3cb2a1', 'a classic pcap file; vhuscope writes and reads pcapng only'],
  ['a1b23c4d', 'a classic pcap file; vhuscope writes and reads pcapng only'],
  ['1f8b', 'compressed with gzip; unpack it first (gunzip)'],
  ['28b52ffd', 'compressed with zstd; unpack it first (unzstd)'],
  ['fd377a58', 'compressed with xz; unpack it first (unxz)'],
];

/** Throws a CaptureError that says what the file is instead, unless it begins like a pcapng file. */
export function assertPcapng(source: ByteSource): void {
  const { path } = source;
  const head = new Uint8Array(12);
  const got = source.read(head, 0);
  if (got === 0) throw new CaptureError(`${path} is empty: nothing was recorded`, path, 0);
  const view = new DataView(head.buffer);
  if (view.getUint32(0) === blockType.sectionHeader) {
    const magic = view.getUint32(8).toString(16);
    if (magic === '1a2b3c4d' || magic === '4d3c2b1a') return;
    if (got < 12) throw new CaptureError(`${path} is cut after ${got} bytes: nothing was recorded`, path, 0);
  }
  const hex = Buffer.from(head.subarray(0, got)).toString('hex');
  const other = otherFormats.find(([magic]) => hex.startsWith(magic));
  throw new CaptureError(`${path} is not a pcapng capture${other ? `: it is ${other[1]}` : ''}`, path, 0);
}
