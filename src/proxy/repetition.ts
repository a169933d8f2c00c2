import type { Context } from '../decode/frame.ts';
import { copyBytes } from './copy-bytes.ts';

/**
 * Tells the messages of a direction that say just what the one before said, so that they need not be looked into: a
 * guest that reads its configuration in a loop has thousands of them.
 */
export class Repetition {
  #bytes = new Uint8Array(0);
  #context: Context | undefined;

  /**
   * Whether a message is, to the byte and to be read with the same context, the one that was last asked about; else it
   * is the one to compare with from now on. `length` are its bytes, the header included.
   */
  repeats(bytes: Uint8Array, length: number, context: Context): boolean {
    if (context === this.#context && this.#isSame(bytes, length)) return true;
    this.#context = context;
    if (this.#bytes.length !== length) this.#bytes = new Uint8Array(length);
    copyBytes(bytes, 0, length, this.#bytes, 0);
    return false;
  }

  #isSame(bytes: Uint8Array, length: number): boolean {
    if (this.#bytes.length !== length) return false;
    for (let i = 0; i < length; i++) if (bytes[i] !== this.#bytes[i]) return false;
    return true;
  }
}
