/**
 * A capture file as a sequence of frames. Tolerant: any number of sections and interfaces, either byte order, the
 * output of mergecap and editcap, blocks and packets of others in between (passed over and counted). What cannot be
 * read is told as problems, values with the file's name and a byte offset; only a file that is no capture throws.
 */
import type { Frame } from '../decode/frame.ts';
import type { End } from './block-reader.ts';
import { BlockReader } from './block-reader.ts';
import type { ByteSource } from './byte-source.ts';
import { FileSource } from './byte-source.ts';
import { CaptureError } from './capture-error.ts';
import { Joiner } from './join.ts';
import { blockType } from './pcapng/blocks.ts';
import { wrappedLength } from './pcapng/build.ts';
import type { Block, Statistics } from './pcapng/parse.ts';
import { readDropCount, readStatistics } from './pcapng/parse.ts';
import type { Piece } from './section.ts';
import { Section } from './section.ts';

/** Something in a capture file that could not be read. */
export interface CaptureProblem {
  path: string;
  /** Byte offset in the file. */
  offset: number;
  message: string;
}

/** What was found besides frames. */
export interface CaptureCounts {
  /** Records of vhuscope; a message in several records counts each. */
  records: number;
  /** Packets of other link types or dissectors, and damaged packet blocks. */
  foreign: number;
  /** Blocks that are neither packets nor part of the frame: kept by tools that copy, passed over here. */
  otherBlocks: number;
  /** Messages the recorder says it lost. */
  lost: number;
}

/** Reads pieces in file order and keeps the section they belong to. May be asked again once the file has grown. */
export class PieceReader {
  readonly counts: CaptureCounts = { records: 0, foreign: 0, otherBlocks: 0, lost: 0 };
  /** The section read last. */
  section: Section;
  /** The block the last piece came from, and its place in the file. */
  block: Block | undefined;
  position: number;
  readonly blocks: BlockReader;
  readonly #losses = new Losses();

  /** Begins at a section's header, or at a block within a section that is known. */
  constructor(source: ByteSource, position = 0, section: Section = new Section(position, true)) {
    this.blocks = new BlockReader(source, position, section.littleEndian);
    this.section = section;
    this.position = position;
  }

  /** The next record; undefined at the end of what is there, see `blocks.end`. */
  next(): Piece | undefined {
    const { blocks } = this;
    for (let block = blocks.next(); block !== undefined; block = blocks.next()) {
      if (block.type === blockType.enhancedPacket) {
        const piece = this.section.frameOf(blocks.bytes, blocks.view, block);
        if (piece !== undefined) {
          this.counts.records++;
          if (block.end - block.start > usualLength(blocks.view, block))
            this.counts.lost = this.#losses.before(readDropCount(blocks.bytes, blocks.view, block));
          this.block = block;
          this.position = blocks.positionOf(block);
          return piece;
        }
        this.counts.foreign++;
      } else this.note(block);
    }
    return undefined;
  }

  /** Takes note of a block that is not a packet. */
  note(block: Block): void {
    const { blocks } = this;
    if (block.type === blockType.sectionHeader) {
      this.section = new Section(blocks.positionOf(block), block.littleEndian);
      this.#losses.nextSection();
    } else if (block.type === blockType.interfaceDescription) {
      this.section.describe(blocks.bytes, blocks.view, block);
    } else if (block.type === blockType.interfaceStatistics) {
      this.counts.lost = this.#losses.total(readStatistics(blocks.bytes, blocks.view, block));
    } else this.counts.otherBlocks++;
  }
}

/** Length of the block the recorder makes of a packet; a longer one carries more options. */
function usualLength(view: DataView, block: Block): number {
  return wrappedLength(view.getUint32(block.start + 20, block.littleEndian));
}

/** Losses are told twice: at the packet after them, and in total at the end, which a killed recorder never wrote. */
class Losses {
  #earlier = 0;
  #atPackets = 0;
  readonly #totals = new Map<number, number>();

  nextSection(): void {
    this.#earlier = this.#now();
    this.#atPackets = 0;
    this.#totals.clear();
  }

  before(count: number): number {
    this.#atPackets += count;
    return this.#now();
  }

  total({ interfaceId, dropped }: Statistics): number {
    if (this.#totals.size < 65_536) this.#totals.set(interfaceId, dropped);
    return this.#now();
  }

  #now(): number {
    const total = [...this.#totals.values()].reduce((sum, count) => sum + count, 0);
    return this.#earlier + Math.max(this.#atPackets, total);
  }
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

  /**
   * The frames that can be read now, in order. `expectMore`: the file may grow, so a message whose continuations are
   * missing is held back; iterate again later.
   */
  *frames(expectMore = false): Generator<Frame, void, undefined> {
    for (let piece = this.pieces.next(); piece !== undefined; piece = this.pieces.next())
      yield* this.#joiner.push(piece);
    if (!expectMore) yield* this.#joiner.flush();
  }

  /** Why reading ended, and what was found. */
  get counts(): CaptureCounts {
    return this.pieces.counts;
  }

  /** What keeps the file from being read to its end, if anything; for a finished file. */
  get problems(): CaptureProblem[] {
    return problemsOf(this.path, this.pieces.blocks.end, this.pieces.blocks.skipped);
  }
}

/** Opens a capture file, gives its frames, closes it. The reader is returned for its counts and problems. */
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

/** Problems of a file that will not grow any more. */
export function problemsOf(path: string, end: End, skipped = { blocks: 0, bytes: 0 }): CaptureProblem[] {
  const found: CaptureProblem[] = [];
  const { offset } = end;
  if (skipped.blocks > 0) {
    const message = `${path}: passed over ${skipped.blocks} blocks of ${skipped.bytes} bytes that are too long for a record`;
    found.push({ path, offset: 0, message });
  }
  if (end.how === 'torn') {
    const message = `${path}: cut here: the last ${end.bytes} bytes, from offset ${offset} on, are a part of a block; everything before is complete (vhuscope read --repair cuts the rest off)`;
    found.push({ path, offset, message });
  } else if (end.how === 'bad') {
    const message = `${path}: damaged at offset ${offset}: ${end.message}; everything before is complete (vhuscope read --repair cuts the rest off)`;
    found.push({ path, offset, message });
  }
  return found;
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
