import { headerSize } from '../../decode/header.ts';
import { Memory } from '../../sys/libc.ts';
import type { Cargo } from '../cargo.ts';
import { PassedFds } from '../passed-fds.ts';
import type { Alteration, Passing } from '../passing.ts';
import { Pieces } from '../pieces.ts';

/** A message that was taken out of its direction, with its descriptors, which it owns until they are sent or dropped. */
export class Parcel implements Passing {
  readonly direction: 1 | 2;
  readonly memory: Memory;
  readonly have: number;
  readonly fds: PassedFds;
  readonly pieces: Pieces;
  readonly mode = 'message';
  readonly passedBefore = 0;
  readonly streamOffset: number;
  readonly receivedNs: number;
  sentNs = 0;
  alteration?: Alteration;

  /** Takes over what has been gathered; `bytes` is that message, as plans were made for it. */
  static from(cargo: Cargo, bytes = cargo.memory.bytes.subarray(0, cargo.have)): Parcel {
    cargo.fds.gather();
    const { streamOffset, receivedNs, direction } = cargo;
    return new Parcel({ direction, streamOffset, receivedNs, bytes, ...cargo.handOver() });
  }

  /** A message of our own. */
  static made(direction: 1 | 2, bytes: Uint8Array, now: number, closeSlowly: (fd: number) => void): Parcel {
    const memory = new Memory(Math.max(bytes.length, headerSize));
    memory.bytes.set(bytes);
    const fds = new PassedFds(closeSlowly);
    const have = bytes.length;
    return new Parcel({
      direction,
      streamOffset: 0,
      receivedNs: now,
      memory,
      have,
      fds,
      pieces: new Pieces(),
      bytes: memory.bytes.subarray(0, have),
    });
  }

  private constructor(of: {
    direction: 1 | 2;
    streamOffset: number;
    receivedNs: number;
    memory: Memory;
    have: number;
    bytes: Uint8Array;
    fds: PassedFds;
    pieces: Pieces;
  }) {
    this.direction = of.direction;
    this.streamOffset = of.streamOffset;
    this.receivedNs = of.receivedNs;
    this.memory = of.memory;
    this.have = of.have;
    this.fds = of.fds;
    this.pieces = of.pieces;
    this.bytes = of.bytes;
  }

  /** The message as it came; always the same view of it. */
  readonly bytes: Uint8Array;
}
