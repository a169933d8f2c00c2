/** The number of a packet in its file, as Wireshark and its tools count: from 1, every packet of anybody. */
import { BlockReader } from './block-reader.ts';
import type { ByteSource } from './byte-source.ts';
import { blockType } from './pcapng/blocks.ts';

/** Counts the packets before a place of a file, in slices. */
export class PacketNumber {
  readonly #blocks: BlockReader;
  readonly #position: number;
  #count = 1;

  /** @param position where the packet's block begins */
  constructor(source: ByteSource, position: number) {
    this.#blocks = new BlockReader(source, { reuses: true });
    this.#position = position;
  }

  /** Bytes that were gone through. */
  get done(): number {
    return this.#blocks.position;
  }

  /** Goes on for at most so many blocks; the number, once it is known. */
  advance(blocks: number): number | undefined {
    for (let i = 0; i < blocks; i++) {
      const block = this.#blocks.next();
      if (block === undefined || this.#blocks.positionOf(block) >= this.#position) return this.#count;
      if (block.type === blockType.enhancedPacket || block.type === blockType.simplePacket) this.#count++;
    }
    return undefined;
  }
}
