/**
 * Cuts a byte stream into messages: bytes go in as they came, whole messages come out. Pure and bounded: what cannot
 * be a message ends the framing, and the rest comes out raw.
 */
import type { Channel } from './frame.ts';
import { headerSize, protocolVersion, readHeader } from './header.ts';

/** Largest payload of the main and back-end channels that is taken for one: far above any limit of a peer. */
const mostPayload = 1 << 20;
/** On the gpu channel, where frame buffers cross: 8192×4096 pixels of four bytes. */
const mostPixels = 1 << 28;

/** A message, or bytes that are none, cut from a stream. `F` is what stands for a descriptor. */
export interface Framed<F> {
  readonly kind: 'message' | 'raw';
  /** Header and payload. */
  readonly bytes: Uint8Array;
  /** Offset of the first byte in the stream. */
  readonly offset: number;
  /** Descriptors that came with any of its bytes, in order. */
  readonly fds: readonly F[];
  /** Offset in the message at which the first of them came. */
  readonly fdAt: number;
  /** Why the framing ended, on the first raw one. */
  readonly reason?: string;
}

/** One direction of one socket. */
export class Framer<F = never> {
  readonly #channel: Channel;
  readonly #bigEndian: boolean;
  #chunks: Uint8Array[] = [];
  #have = 0;
  #need = headerSize;
  #offset = 0;
  #fds: F[] = [];
  #fdAt = 0;
  #raw = false;

  constructor(channel: Channel, bigEndian = false) {
    this.#channel = channel;
    this.#bigEndian = bigEndian;
  }

  /** Bytes of a message that is not whole yet. */
  get pending(): number {
    return this.#have;
  }

  /**
   * Takes the bytes of one read and the descriptors that came with its first byte; gives the messages that are whole
   * now. The bytes are kept, not copied, until their message is whole.
   */
  feed(bytes: Uint8Array, fds: readonly F[] = []): Framed<F>[] {
    const found: Framed<F>[] = [];
    this.#take(fds);
    let at = 0;
    while (at < bytes.length) {
      if (this.#raw) {
        found.push(this.#cut('raw', bytes.subarray(at)));
        return found;
      }
      const end = Math.min(bytes.length, at + this.#need - this.#have);
      this.#chunks.push(bytes.subarray(at, end));
      this.#have += end - at;
      at = end;
      if (this.#have < this.#need) break;
      if (this.#need === headerSize) {
        const reason = this.#measure();
        if (reason !== undefined) {
          this.#raw = true;
          found.push({ ...this.#cut('raw', this.#joined()), reason });
          continue;
        }
      }
      if (this.#have === this.#need) found.push(this.#cut('message', this.#joined()));
    }
    return found;
  }

  /** Ends the stream: the bytes of a message that never became whole, if there are any. */
  end(): Framed<F> | undefined {
    return this.#have === 0 && this.#fds.length === 0 ? undefined : this.#cut('raw', this.#joined());
  }

  #take(fds: readonly F[]): void {
    if (fds.length === 0) return;
    if (this.#fds.length === 0) this.#fdAt = this.#have;
    this.#fds.push(...fds);
  }

  /** Reads the size of the message from its header; says why where it cannot be one. */
  #measure(): string | undefined {
    const header = readHeader(this.#joined(), 0, this.#bigEndian);
    if (!header) return undefined;
    const most = this.#channel === 'gpu' ? mostPixels : mostPayload;
    if (header.size > most) return `a payload of ${header.size} bytes`;
    if (this.#channel !== 'gpu' && (header.flags & 3) !== protocolVersion) return `version ${header.flags & 3}`;
    this.#need = headerSize + header.size;
    return undefined;
  }

  #joined(): Uint8Array {
    const [first] = this.#chunks;
    if (first && this.#chunks.length === 1) return first;
    const joined = new Uint8Array(this.#have);
    let at = 0;
    for (const chunk of this.#chunks) {
      joined.set(chunk, at);
      at += chunk.length;
    }
    this.#chunks = [joined];
    return joined;
  }

  #cut(kind: 'message' | 'raw', bytes: Uint8Array): Framed<F> {
    const framed = { kind, bytes, offset: this.#offset, fds: this.#fds, fdAt: this.#fds.length > 0 ? this.#fdAt : 0 };
    this.#offset += bytes.length;
    this.#chunks = [];
    this.#have = 0;
    this.#need = headerSize;
    this.#fds = [];
    return framed;
  }
}
