/** A growing run of bytes. */
import type { U64 } from './schema.ts';
import { halves } from './u64.ts';

/** Writes integers in one byte order, bytes and zeros, one after the other. */
export class Writer {
  readonly #bigEndian: boolean;
  #bytes: Uint8Array;
  #at = 0;

  constructor(bigEndian: boolean, room: number) {
    this.#bigEndian = bigEndian;
    this.#bytes = new Uint8Array(room);
  }

  /** Writes an unsigned integer of `size` bytes, 1 to 8. */
  uint(value: U64, size: number): void {
    const [low, high] = halves(value);
    this.#room(size);
    for (let i = 0; i < size; i++) {
      const byte = ((i < 4 ? low : high) >>> ((i % 4) * 8)) & 0xff;
      this.#bytes[this.#at + (this.#bigEndian ? size - 1 - i : i)] = byte;
    }
    this.#at += size;
  }

  /** Writes bytes as they are. */
  bytes(bytes: Uint8Array): void {
    this.#room(bytes.length);
    this.#bytes.set(bytes, this.#at);
    this.#at += bytes.length;
  }

  /** Writes zeros; none for a count below 1. */
  zeros(count: number): void {
    if (count <= 0) return;
    this.#room(count);
    this.#at += count;
  }

  /** What was written. */
  finish(): Uint8Array {
    return this.#bytes.subarray(0, this.#at);
  }

  #room(more: number): void {
    const needed = this.#at + more;
    if (needed <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(needed, this.#bytes.length * 2));
    grown.set(this.#bytes.subarray(0, this.#at));
    this.#bytes = grown;
  }
}
