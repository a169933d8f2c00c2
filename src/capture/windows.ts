/** Random access to a capture's blocks through a few windows of the file, so that paging reads little and keeps little. */
import { maxBlockLength } from './block-reader.ts';
import type { ByteSource } from './byte-source.ts';
import type { Block } from './pcapng/parse.ts';
import { readBlock } from './pcapng/parse.ts';

/** File positions at which windows begin are multiples of this. */
const windowStep = 256 * 1024;
/** Bytes of a window: it overlaps the next one by more than most blocks have. */
const windowLength = windowStep + 8 * 1024;
/** Windows kept: some 8 MiB in all. */
const maxWindows = 32;

/** A part of the file in memory. */
interface Window {
  position: number;
  bytes: Uint8Array;
  view: DataView;
}

/** A block and the memory it lies in. */
export interface BlockInWindow {
  block: Block;
  bytes: Uint8Array;
  view: DataView;
}

/** The windows of one source; those used last are kept. */
export class Windows {
  readonly #source: ByteSource;
  /** By window number; a map keeps the order in which entries were put in, the oldest first. */
  readonly #windows = new Map<number, Window>();
  #lastNumber = -1;
  #last: Window = { position: 0, bytes: new Uint8Array(0), view: new DataView(new ArrayBuffer(0)) };

  constructor(source: ByteSource) {
    this.#source = source;
  }

  /** The whole block at a file position, undefined where there is none. */
  blockAt(position: number, littleEndian: boolean): BlockInWindow | undefined {
    const number = Math.floor(position / windowStep);
    let window = this.#window(number);
    let found = readBlock(window.view, position - window.position, window.bytes.length, littleEndian);
    if (found.kind === 'more' && window.bytes.length < windowLength) {
      // The window was read at the end of the file, which may have grown.
      window = this.#keep(number, this.#read(window.position, windowLength));
      found = readBlock(window.view, position - window.position, window.bytes.length, littleEndian);
    }
    while (found.kind === 'more' && found.need <= maxBlockLength) {
      window = this.#read(position, found.need);
      if (window.bytes.length < found.need) return undefined;
      found = readBlock(window.view, 0, window.bytes.length, littleEndian);
    }
    return found.kind === 'block' ? { block: found, bytes: window.bytes, view: window.view } : undefined;
  }

  #window(number: number): Window {
    if (number === this.#lastNumber) return this.#last;
    const kept = this.#windows.get(number) ?? this.#read(number * windowStep, windowLength);
    return this.#keep(number, kept);
  }

  #keep(number: number, window: Window): Window {
    this.#windows.delete(number);
    this.#windows.set(number, window);
    if (this.#windows.size > maxWindows) this.#windows.delete(this.#windows.keys().next().value as number);
    this.#lastNumber = number;
    this.#last = window;
    return window;
  }

  #read(position: number, length: number): Window {
    // Nothing is read of what is not filled: its zeros would cost more than some of the reading.
    const bytes = new Uint8Array(Buffer.allocUnsafeSlow(length).buffer);
    const filled = bytes.subarray(0, this.#source.read(bytes, position));
    return { position, bytes: filled, view: new DataView(bytes.buffer, 0, filled.length) };
  }
}
