/**
 * The ring between the relay and the recorder: one writer, one reader, no lock, in shared memory.
 *
 * Control words on cache lines of their own, then the data in units of 64 bytes. `head` and `tail` count units modulo
 * 2^32. A frame is 32 bytes of header and its body, in one piece: where it would not fit before the end of the data, a
 * pad frame fills the rest. Nothing is reserved for longer than it takes to fill in: a frame is written and published
 * in one go, so neither side can be kept waiting by the other.
 */

/** Bytes of one unit: a cache line. */
export const unitBytes = 64;

/** Bytes before a frame's body. */
const frameHeaderBytes = 32;

/** What a frame holds. */
export const frameKind = {
  /** A finished PDU. */
  packet: 1,
  /** A new interface; the body is its name. Interfaces are numbered in the order of these frames, from 0. */
  interface: 2,
  /** So many records of this interface were lost since the last such frame (u32). */
  lost: 4,
  pad: 0xffff_ffff,
} as const;

// Control words, each at the head of its own cache line.
const headWord = 0;
const tailWord = 16;
const asleepWord = 32;
const stopWord = 48;
/** How often somebody has asked for a new file; beside the stop, as seldom touched. */
const rotateWord = 49;
const controlBytes = 256;

/** Memory for a ring with so many bytes of data, a power of two times 64. */
export function ringMemory(dataBytes: number): SharedArrayBuffer {
  const units = dataBytes / unitBytes;
  if (!Number.isInteger(Math.log2(units))) throw new Error('a ring needs a power of two of units');
  return new SharedArrayBuffer(controlBytes + dataBytes);
}

/** Units a frame with such a body takes. */
export function unitsFor(bodyBytes: number): number {
  return Math.ceil((frameHeaderBytes + bodyBytes) / unitBytes);
}

/** What a frame says besides its body. */
export interface FrameHead {
  kind: number;
  interfaceNumber: number;
  wallLow: number;
  wallHigh: number;
  /** Length of the PDU had nothing been shortened. */
  originalLength: number;
  /** Bits of epb_flags. */
  flags: number;
}

/** The relay's end. */
export class RingWriter {
  /** The ring's data, to be filled from the offset that `open` returns. */
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly units: number;
  readonly #control: Int32Array;
  /** Where the next frame goes, in units; only this side moves it. */
  #head: number;
  /** Units of the frame being written. */
  #open = 0;

  constructor(memory: SharedArrayBuffer) {
    this.#control = new Int32Array(memory, 0, controlBytes / 4);
    this.bytes = new Uint8Array(memory, controlBytes);
    this.view = new DataView(memory, controlBytes);
    this.units = this.bytes.length / unitBytes;
    this.#head = Atomics.load(this.#control, headWord);
  }

  /** Units taken by frames that the reader has not released. */
  used(): number {
    return (this.#head - Atomics.load(this.#control, tailWord)) >>> 0;
  }

  /**
   * Makes room for a body of so many bytes, if the ring is then filled up to `limit` units at most. Returns the offset
   * of the body in `bytes`, -1 where there is no room. Nothing is visible to the reader before `publish`.
   */
  open(head: FrameHead, bodyBytes: number, limit: number): number {
    const units = unitsFor(bodyBytes);
    let index = (this.#head >>> 0) % this.units;
    const toEnd = this.units - index;
    const pad = units > toEnd ? toEnd : 0;
    if (this.used() + pad + units > limit) return -1;
    if (pad > 0) {
      this.view.setUint32(index * unitBytes + 4, pad, true);
      this.view.setUint32(index * unitBytes + 12, frameKind.pad, true);
      index = 0;
    }
    this.#open = pad + units;
    const at = index * unitBytes;
    const { view } = this;
    view.setUint32(at, bodyBytes, true);
    view.setUint32(at + 4, units, true);
    view.setUint32(at + 8, head.interfaceNumber, true);
    view.setUint32(at + 12, head.kind, true);
    view.setUint32(at + 16, head.wallLow, true);
    view.setUint32(at + 20, head.wallHigh, true);
    view.setUint32(at + 24, head.originalLength, true);
    view.setUint32(at + 28, head.flags, true);
    return at + frameHeaderBytes;
  }

  /** Hands the frame over, and wakes the reader if it sleeps. */
  publish(): void {
    this.#head = (this.#head + this.#open) | 0;
    this.#open = 0;
    Atomics.store(this.#control, headWord, this.#head);
    if (Atomics.load(this.#control, asleepWord) === 1) wake(this.#control);
  }

  /** Tells the reader that nothing more will come. */
  stop(): void {
    Atomics.store(this.#control, stopWord, 1);
    wake(this.#control);
  }
}

function wake(control: Int32Array): void {
  if (Atomics.compareExchange(control, asleepWord, 1, 0) === 1) Atomics.notify(control, asleepWord);
}

/** Tells the reader that nothing more will come, in the place of a writer that is gone. */
export function endRing(memory: SharedArrayBuffer): void {
  new RingWriter(memory).stop();
}

/** Asks the recorder to go on in a new file; returns the number of the request. Any thread may. */
export function askForRotation(memory: SharedArrayBuffer): number {
  const control = new Int32Array(memory, 0, controlBytes / 4);
  const number = Atomics.add(control, rotateWord, 1) + 1;
  wake(control);
  return number;
}

/** The recorder's end. */
export class RingReader implements FrameHead {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly units: number;
  kind = 0;
  interfaceNumber = 0;
  wallLow = 0;
  wallHigh = 0;
  originalLength = 0;
  flags = 0;
  /** Offset of the frame's body in `bytes`, and its length. */
  bodyAt = 0;
  bodyBytes = 0;
  readonly #control: Int32Array;
  #tail: number;

  constructor(memory: SharedArrayBuffer) {
    this.#control = new Int32Array(memory, 0, controlBytes / 4);
    this.bytes = new Uint8Array(memory, controlBytes);
    this.view = new DataView(memory, controlBytes);
    this.units = this.bytes.length / unitBytes;
    this.#tail = Atomics.load(this.#control, tailWord);
  }

  /** Moves to the next frame; false when there is none. The frame's bytes stay until `release`. */
  next(): boolean {
    const head = Atomics.load(this.#control, headWord);
    for (;;) {
      if (this.#tail === head) return false;
      const at = ((this.#tail >>> 0) % this.units) * unitBytes;
      const { view } = this;
      this.#tail = (this.#tail + view.getUint32(at + 4, true)) | 0;
      this.kind = view.getUint32(at + 12, true);
      if (this.kind === frameKind.pad) continue;
      this.bodyBytes = view.getUint32(at, true);
      this.interfaceNumber = view.getUint32(at + 8, true);
      this.wallLow = view.getUint32(at + 16, true);
      this.wallHigh = view.getUint32(at + 20, true);
      this.originalLength = view.getUint32(at + 24, true);
      this.flags = view.getUint32(at + 28, true);
      this.bodyAt = at + frameHeaderBytes;
      return true;
    }
  }

  /** Gives the memory of every frame seen so far back to the writer. */
  release(): void {
    Atomics.store(this.#control, tailWord, this.#tail);
  }

  /** Whether the writer said that nothing more will come. */
  stopped(): boolean {
    return Atomics.load(this.#control, stopWord) === 1;
  }

  /** The number of the last request for a new file; 0 where there was none. */
  rotationAsked(): number {
    return Atomics.load(this.#control, rotateWord);
  }

  /** Waits so many milliseconds, whatever happens. */
  pause(milliseconds: number): void {
    Atomics.wait(this.#control, asleepWord, 0, milliseconds);
  }

  /** Sleeps until there is a frame, the writer stops, or the time is over. */
  sleep(milliseconds: number): void {
    Atomics.store(this.#control, asleepWord, 1);
    const empty = Atomics.load(this.#control, headWord) === this.#tail;
    if (empty && !this.stopped()) Atomics.wait(this.#control, asleepWord, 1, milliseconds);
    Atomics.store(this.#control, asleepWord, 0);
  }
}
