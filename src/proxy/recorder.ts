/** The other end of the ring: takes the records out and writes the capture file. */
import { rmSync } from 'node:fs';
import { fieldAt, pduTags } from '../capture/pseudo-header.ts';
import { rotatedPath } from '../capture/rotation.ts';
import { CaptureWriter, type Carried, type WriterOptions } from '../capture/writer.ts';
import { Retained } from './retained.ts';
import { frameKind, type RingReader } from './ring.ts';

/** When a recording goes on in a new file, besides whenever somebody asks, and how many files of it are kept. */
export interface Rotation {
  /** Bytes of one file. */
  size?: number;
  /** Seconds of one file. */
  seconds?: number;
  /** Files kept, the current one included; all of them by default. */
  keep?: number;
}

/** Frames after which what was taken is written, even if there are more. */
const inOnePiece = 1024;

/** Writes the records of a ring to a file. */
export class Recorder {
  readonly writer: CaptureWriter;
  readonly #ring: RingReader;
  readonly #path: string;
  readonly #rotation: Rotation | undefined;
  readonly #retained: Retained<Carried> | undefined;
  readonly #pairs: string[] = [];
  /** Number of the current file, from 1. */
  #file = 1;
  #since = performance.now();
  /** The last request for a new file that was answered. */
  #obeyed = 0;
  readonly #head = { interfaceId: 0, wallLow: 0, wallHigh: 0, originalLength: 0, flags: 0, nLow: 0, nHigh: 0 };

  /** Creates the file; throws a CaptureError where that is not possible. */
  constructor(ring: RingReader, path: string, options: WriterOptions, rotation?: Rotation) {
    this.#ring = ring;
    this.#path = path;
    this.#rotation = rotation;
    if (rotation !== undefined) this.#retained = new Retained();
    this.writer = new CaptureWriter(path, options);
    this.writer.flush();
  }

  /** Takes what is in the ring, writes it, and returns how many frames there were. */
  drain(): number {
    const ring = this.#ring;
    let frames = 0;
    while (ring.next()) {
      frames++;
      this.#take();
      if (frames % inOnePiece > 0) continue;
      // In a flood this goes on for long: what is not in the file is lost with the process, and the relay needs the room.
      this.writer.flush();
      ring.release();
    }
    ring.release();
    this.writer.flush();
    if (this.#rotation !== undefined && this.#isDue(this.#rotation)) this.#rotate(this.#rotation);
    return frames;
  }

  /**
   * Goes on in a new file where somebody has asked for one since the last call. What was in the ring by then is in the
   * file before.
   *
   * @returns the number of the request, and whether it could be done; undefined where nobody has asked
   */
  obey(): { request: number; done: boolean } | undefined {
    const request = this.#ring.rotationAsked();
    if (request === this.#obeyed) return undefined;
    this.#obeyed = request;
    this.drain();
    return { request, done: this.#rotation !== undefined && this.#rotate(this.#rotation) };
  }

  #take(): void {
    const ring = this.#ring;
    if (ring.kind === frameKind.interface) {
      const name = Buffer.from(ring.bytes.slice(ring.bodyAt, ring.bodyAt + ring.bodyBytes)).toString();
      this.#pairs[this.writer.addInterface(name)] = name.slice(0, name.lastIndexOf('/'));
    } else if (ring.kind === frameKind.lost)
      this.writer.lost(ring.interfaceNumber, ring.view.getUint32(ring.bodyAt, true));
    else if (ring.kind === frameKind.packet) this.#packet();
  }

  #packet(): void {
    const ring = this.#ring;
    const head = this.#head;
    const n = ring.bodyAt + pduTags.length + fieldAt.n;
    head.interfaceId = ring.interfaceNumber;
    head.wallLow = ring.wallLow;
    head.wallHigh = ring.wallHigh;
    head.originalLength = ring.originalLength;
    head.flags = ring.flags;
    head.nLow = ring.view.getUint32(n, true);
    head.nHigh = ring.view.getUint32(n + 4, true);
    this.writer.packet(head, ring.bytes, ring.bodyAt, ring.bodyBytes);
    if (this.#retained === undefined) return;
    const packet = ring.bytes.subarray(ring.bodyAt, ring.bodyAt + ring.bodyBytes);
    const keep = (): Carried => ({ head: { ...head }, packet: new Uint8Array(packet) });
    this.#retained.fold(this.#pairs[ring.interfaceNumber] as string, packet, keep);
  }

  #isDue({ size, seconds }: Rotation): boolean {
    const full = size !== undefined && this.writer.size >= size;
    return full || (seconds !== undefined && performance.now() - this.#since >= seconds * 1000);
  }

  #rotate({ keep }: Rotation): boolean {
    this.#since = performance.now();
    if (!this.writer.rotate(rotatedPath(this.#path, this.#file + 1), this.#retained?.records())) return false;
    this.#file++;
    if (keep !== undefined && this.#file > keep) rmSync(rotatedPath(this.#path, this.#file - keep), { force: true });
    return true;
  }
}
