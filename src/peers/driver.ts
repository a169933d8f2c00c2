/** The driver of the simulated guest: puts requests into rings in its own memory and takes the answers. */
import type { Session } from '../decode/session/session.ts';
import { addressSpace } from '../sys/guest-memory.ts';
import * as vring from '../sys/vring.ts';
import { ringLayout } from './requests.ts';
import type { FrontEndTraits } from './traits.ts';

/** What the driver needs of its connection. */
export interface DriverHost {
  session(): Session;
  descriptor(n: number, at: number): number | undefined;
  /** Tells the device that a ring has something. */
  kick(ring: number): void;
  /** Answers and waits until the condition holds. */
  until(what: string, done: () => boolean): void;
}

/** Where buffers lie: the upper half of the guest's memory. */
const buffersFrom = (bytes: number) => bytes / 2;

/** The driver of one guest; it outlives connections, as a guest does. */
export class Driver {
  readonly #traits: FrontEndTraits;
  /** Next index of the available ring, by ring. */
  readonly #available = new Map<number, number>();

  constructor(traits: FrontEndTraits) {
    this.#traits = traits;
  }

  /** Where the device would go on in a ring. */
  position(ring: number): number {
    return this.#available.get(ring) ?? 0;
  }

  /**
   * Passes one chain of buffers through a ring.
   *
   * @param out what the device reads
   * @param into sizes of the buffers the device writes
   * @returns the bytes of the buffers that the device could write
   */
  transfer(host: DriverHost, ring: number, out: readonly Uint8Array[], into: readonly number[]): Uint8Array {
    const { memory } = this.#traits;
    const layout = ringLayout(this.#traits, ring);
    const guest = addressSpace(
      {
        memory: () => host.session().memory,
        mappings: () => host.session().mappings,
        descriptor: (n, at) => host.descriptor(n, at),
        miss: () => {},
      },
      'guest',
    );
    let at = BigInt(memory.guestAddress + buffersFrom(memory.bytes));
    const place = (length: number, writable: boolean): vring.Piece => {
      const buffer = { address: at, length, writable };
      at += BigInt((length + 15) & ~15);
      return buffer;
    };
    const read = out.map(bytes => ({ bytes, buffer: place(bytes.length, false) }));
    const written = into.map(length => place(length, true));
    for (const { bytes, buffer } of read) guest.write(buffer.address, bytes);
    for (const { address, length } of written) guest.write(address, new Uint8Array(length));
    const before = vring.usedIndex(guest, layout);
    const chain = [...read.map(({ buffer }) => buffer), ...written];
    this.#available.set(ring, vring.makeAvailable(guest, layout, this.position(ring), chain));
    host.kick(ring);
    host.until(`the device to use a buffer of ring ${ring}`, () => vring.usedIndex(guest, layout) !== before);
    return Buffer.concat(written.map(({ address, length }) => guest.read(address, length)));
  }
}
