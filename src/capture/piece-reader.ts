/**
 * Reads the records of a capture as they stand in the file, and keeps the section they belong to. What is not ours
 * (packets of other link types, unknown blocks) is passed over and counted.
 */
import { BlockReader } from './block-reader.ts';
import type { ByteSource } from './byte-source.ts';
import { blockType } from './pcapng/blocks.ts';
import { wrappedLength } from './pcapng/build.ts';
import type { Block, Statistics } from './pcapng/parse.ts';
import { readDropCount, readStatistics } from './pcapng/parse.ts';
import type { Piece } from './section.ts';
import { Section } from './section.ts';

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
  /** Records in a newer version of the format. */
  newer: Newer;
}

/** Records that are written in a version of the format newer than this reader. */
export interface Newer {
  records: number;
  /** The newest of those versions. */
  version: number;
}

/** Counts one more. */
export function countNewer(newer: Newer, version: number): void {
  newer.records++;
  newer.version = Math.max(newer.version, version);
}

/** Reads pieces in file order and keeps the section they belong to. May be asked again once the file has grown. */
export class PieceReader {
  readonly counts: CaptureCounts = {
    ...{ records: 0, foreign: 0, otherBlocks: 0, lost: 0 },
    newer: { records: 0, version: 0 },
  };
  /** The section read last. */
  section: Section;
  readonly blocks: BlockReader;
  readonly #losses = new Losses();

  /** Begins at a section's header, or at a block within a section that is known. */
  constructor(source: ByteSource, position = 0, section: Section = new Section(position, true)) {
    this.blocks = new BlockReader(source, { position, littleEndian: section.littleEndian });
    this.section = section;
  }

  /** The next record; undefined at the end of what is there, see `blocks.end`. */
  next(): Piece | undefined {
    const { blocks } = this;
    for (let block = blocks.next(); block !== undefined; block = blocks.next()) {
      if (block.type === blockType.enhancedPacket) {
        const piece = this.section.frameOf(blocks.bytes, blocks.view, block);
        if (piece !== undefined) {
          this.counts.records++;
          if (piece.newer !== undefined) countNewer(this.counts.newer, piece.newer);
          if (block.end - block.start > usualLength(blocks.view, block))
            this.counts.lost = this.#losses.before(readDropCount(blocks.bytes, blocks.view, block));
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
      this.section.describe(blocks.bytes, blocks.view, block, blocks.positionOf(block));
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
