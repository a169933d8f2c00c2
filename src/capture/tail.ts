/**
 * Finding the newest records of a capture from its end: blocks end with their length, so a file can be walked back
 * before anything is indexed. The last block may be torn; the walk then begins at the last place where whole blocks
 * end.
 */
import { maxBlockLength } from './block-reader.ts';
import type { ByteSource } from './byte-source.ts';
import { blockOverhead, blockType } from './pcapng/blocks.ts';
import { PieceReader } from './piece-reader.ts';
import type { Section } from './section.ts';

/** Where to begin reading, and in which section, for about the wished number of records until the end. */
export interface TailPosition {
  position: number;
  section: Section;
}

/** Blocks that must follow one another for a place to count as the end of a block. */
const chainLength = 4;
/** Blocks at the beginning of a file among which interfaces are looked for. */
const maxHeadBlocks = 4096;

/**
 * Walks back from the end over `count` packets, or to the beginning of the last section. Interfaces described between
 * the file's head and there are not known: their records have no pair until the index has come by.
 */
export function tailPosition(source: ByteSource, count: number): TailPosition {
  const section = headSection(source);
  const walk = new BackWalk(source, section.littleEndian);
  let position = walk.lastEnd();
  for (let packets = 0; packets < count && position > 0; ) {
    const start = walk.startOf(position);
    if (start === undefined) break;
    position = start;
    const type = walk.u32(start);
    if (type === blockType.enhancedPacket) packets++;
    if (type === blockType.sectionHeader) break;
  }
  return { position, section };
}

/** The first section with the interfaces described before its first packet. */
function headSection(source: ByteSource): Section {
  const head = new PieceReader(source);
  for (let i = 0; i < maxHeadBlocks; i++) {
    const block = head.blocks.next();
    if (block === undefined || block.type === blockType.enhancedPacket) break;
    head.note(block);
  }
  head.section.freeze();
  return head.section;
}

/** Reads lengths backwards through one window. */
class BackWalk {
  readonly #source: ByteSource;
  readonly #littleEndian: boolean;
  #base = 0;
  #view = new DataView(new ArrayBuffer(0));

  constructor(source: ByteSource, littleEndian: boolean) {
    this.#source = source;
    this.#littleEndian = littleEndian;
  }

  /** The number at a file position, which must be within the file. */
  u32(position: number): number {
    if (position < this.#base || position + 4 > this.#base + this.#view.byteLength) {
      // Going back, so the window lies mostly before the position.
      this.#base = Math.max(0, position + 4 - maxBlockLength);
      const bytes = new Uint8Array(maxBlockLength);
      this.#view = new DataView(bytes.buffer, 0, this.#source.read(bytes, this.#base));
    }
    const at = position - this.#base;
    return at + 4 <= this.#view.byteLength ? this.#view.getUint32(at, this.#littleEndian) : 0;
  }

  /** Where the block that ends at a position starts; undefined where none ends there. */
  startOf(end: number): number | undefined {
    if (end < blockOverhead) return undefined;
    const length = this.u32(end - 4);
    if (length < blockOverhead || length % 4 !== 0 || length > end) return undefined;
    return this.u32(end - length + 4) === length ? end - length : undefined;
  }

  /** The last place where whole blocks end; 0 if there is none within reach of the end. */
  lastEnd(): number {
    const size = this.#source.size();
    const last = size - (size % 4);
    for (let end = last; end > 0 && last - end <= maxBlockLength; end -= 4) if (this.#isChain(end)) return end;
    return 0;
  }

  #isChain(end: number): boolean {
    let at: number | undefined = end;
    for (let i = 0; i < chainLength && at !== undefined && at > 0; i++) at = this.startOf(at);
    return at !== undefined;
  }
}
