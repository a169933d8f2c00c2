/**
 * Walks the blocks of a capture that may still be growing. Memory is bounded: one chunk at a time, and a block longer
 * than any record is stepped over by its length without being read.
 *
 * A block counts when its whole length is there and the lengths at both ends agree. `next()` returns undefined at the
 * end of what can be read now; `end` then tells why. It may be called again once the file has grown.
 */
import type { ByteSource } from './byte-source.ts';
import type { Block } from './pcapng/parse.ts';
import { readBlock } from './pcapng/parse.ts';

/** Why there is no further block: all was read, the last block is not whole (yet), or no block can be here. */
export type End =
  | { how: 'whole'; offset: number }
  | { how: 'torn'; offset: number; bytes: number }
  | { how: 'bad'; offset: number; message: string };

/** Bytes read at a time. */
const chunkLength = 256 * 1024;
/** Blocks up to this length are read; a record has at most 262144 captured bytes and its options. */
export const maxBlockLength = 1024 * 1024;

/** How blocks are read. */
export interface Reading {
  /** File position of the first one, and the byte order of its section. */
  readonly position?: number;
  readonly littleEndian?: boolean;
  /** Every chunk comes into the same memory: for those who keep nothing of what they read. */
  readonly reuses?: boolean;
}

/** Reads block after block from a position on. */
export class BlockReader {
  /** The chunk the last block lies in. Unless the reader reuses it, it is never overwritten: parts of it may be kept. */
  bytes: Uint8Array = new Uint8Array(0);
  view: DataView = new DataView(new ArrayBuffer(0));
  /** Why `next()` returned undefined. */
  end: End;
  /** Blocks that were stepped over since they were too long, and their bytes. */
  skipped = { blocks: 0, bytes: 0 };
  readonly #source: ByteSource;
  /** File position of the chunk, offset in it of the next block, bytes in it. */
  #base: number;
  #at = 0;
  #filled = 0;
  #littleEndian: boolean;
  readonly #reuses: boolean;

  constructor(source: ByteSource, { position = 0, littleEndian = true, reuses = false }: Reading = {}) {
    this.#source = source;
    this.#reuses = reuses;
    this.#base = position;
    this.#littleEndian = littleEndian;
    this.end = { how: 'whole', offset: position };
  }

  /** File position of the next block. */
  get position(): number {
    return this.#base + this.#at;
  }

  /** File position of a block that `next()` returned last. */
  positionOf(block: Block): number {
    return this.#base + block.start;
  }

  /** The next whole block, its offsets relative to `bytes`; undefined at the end of what is there. */
  next(): Block | undefined {
    for (;;) {
      const found = readBlock(this.view, this.#at, this.#filled, this.#littleEndian);
      if (found.kind === 'block') {
        this.#at = found.end;
        this.#littleEndian = found.littleEndian;
        return found;
      }
      if (found.kind === 'bad') {
        this.end = { how: 'bad', offset: this.position, message: found.message };
        return undefined;
      }
      const more = found.need > maxBlockLength ? this.#stepOver(found.need) : this.#fill(found.need);
      if (!more) return undefined;
    }
  }

  /** Brings at least `need` bytes from the next block on into a fresh chunk; false when they are not there. */
  #fill(need: number): boolean {
    const position = this.position;
    const available = Math.max(0, this.#source.size() - position);
    if (available < need) return this.#endAt(position, available);
    const length = Math.min(available, Math.max(chunkLength, need));
    if (!this.#reuses || this.bytes.length < length) {
      const room = this.#reuses ? Math.max(chunkLength, need) : length;
      this.bytes = new Uint8Array(Buffer.allocUnsafeSlow(room).buffer);
      this.view = new DataView(this.bytes.buffer);
    }
    const filled = this.#source.read(this.bytes.subarray(0, length), position);
    if (filled < need) return this.#endAt(position, filled);
    this.#base = position;
    this.#at = 0;
    this.#filled = filled;
    return true;
  }

  /** No whole block here yet. What was read of it may still be replaced, so it is read anew next time. */
  #endAt(position: number, bytes: number): false {
    this.end = bytes === 0 ? { how: 'whole', offset: position } : { how: 'torn', offset: position, bytes };
    this.#moveTo(position);
    return false;
  }

  /** Steps over a block too long to be read, if it is whole. */
  #stepOver(length: number): boolean {
    const position = this.position;
    const trailing = new Uint8Array(4);
    const available = Math.max(0, this.#source.size() - position);
    if (available < length || this.#source.read(trailing, position + length - 4) < 4)
      return this.#endAt(position, available);
    if (new DataView(trailing.buffer).getUint32(0, this.#littleEndian) !== length) {
      this.end = { how: 'bad', offset: position, message: `block with the impossible length ${length}` };
      this.#moveTo(position);
      return false;
    }
    this.skipped.blocks++;
    this.skipped.bytes += length;
    this.#moveTo(position + length);
    return true;
  }

  #moveTo(position: number): void {
    this.#base = position;
    this.#at = 0;
    this.#filled = 0;
  }
}
