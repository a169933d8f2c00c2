import type { ByteSource } from '../../src/capture/byte-source.ts';

/** A capture held in memory. */
export class MemorySource implements ByteSource {
  readonly path: string;
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array, path = 'memory') {
    this.#bytes = bytes;
    this.path = path;
  }

  size(): number {
    return this.#bytes.length;
  }

  read(into: Uint8Array, position: number): number {
    const found = this.#bytes.subarray(position, position + into.length);
    into.set(found);
    return found.length;
  }
}
