/** The back-end's side of the rings: waits for kicks, takes requests, gives them to the device, calls the driver. */
import { readSync, writeSync } from 'node:fs';
import type { Session } from '../decode/session/session.ts';
import type { Vring } from '../decode/session/vring.ts';
import { clearEventFd, signalEventFd } from './event-fd.ts';
import { addressKinds, addressSpace, type Reach } from './guest-memory.ts';
import * as vring from './vring.ts';

/** Answers one request: the bytes to read and the room to write, in bytes; returns what is written. */
export type Device = (request: Uint8Array, room: number) => Uint8Array;

/** What the rings need of their connection. */
export interface RingHost extends Omit<Reach, 'memory' | 'mappings' | 'wrote'> {
  session(): Session;
  /** Calls back whenever a descriptor is readable; undefined ends that. */
  watch(fd: number, ready: (() => void) | undefined): void;
  /** Tells the driver over the back-end channel, where there is no eventfd; absent where nobody can. */
  callInBand?(ring: number): void;
  /** Is told of a ring that makes no sense; where absent, the error is thrown. */
  broken?(ring: number, why: Error): void;
}

const inBand = 1n << 14n;
const indirect = 1n << 28n;
const eventIndex = 1n << 29n;
const logPage = 4096n;

/** All rings of one connection. */
export class DeviceRings {
  readonly #host: RingHost;
  readonly #deviceOf: (ring: number) => Device | undefined;
  /** Next entry of the available ring to take, by ring. */
  readonly #positions = new Map<number, number>();
  readonly #watched = new Map<number, number>();

  /** @param deviceOf what answers the requests of a ring; a ring without is left alone */
  constructor(host: RingHost, deviceOf: (ring: number) => Device | undefined) {
    this.#host = host;
    this.#deviceOf = deviceOf;
  }

  /** The next available index of a ring, as GET_VRING_BASE tells it; undefined for one that never ran. */
  position(ring: number): number | undefined {
    return this.#positions.get(ring);
  }

  /** Adapts to a session that has changed: rings that run are watched and looked at, others are left alone. */
  follow(): void {
    const running = new Map<number, Vring>();
    for (const ring of this.#host.session().vrings.byIndex.values())
      if (isRunning(ring) && this.#deviceOf(ring.index)) running.set(ring.index, ring);
    for (const [index, fd] of this.#watched) {
      const kick = running.get(index)?.kick?.fd;
      if (kick && this.#host.descriptor(kick.n, kick.at) === fd) continue;
      this.#host.watch(fd, undefined);
      this.#watched.delete(index);
    }
    for (const [index, ring] of running) {
      const fd = ring.kick?.fd && this.#host.descriptor(ring.kick.fd.n, ring.kick.fd.at);
      if (fd === undefined || this.#watched.has(index)) continue;
      if (ring.base) this.#positions.set(index, ring.base.word & 0xffff);
      this.#watched.set(index, fd);
      this.#host.watch(fd, () => {
        clearEventFd(fd);
        this.#attempt(index);
      });
    }
  }

  #attempt(index: number): void {
    try {
      this.serve(index);
    } catch (error) {
      if (!this.#host.broken) throw error;
      this.#host.broken(index, error as Error);
    }
  }

  /**
   * Takes and answers what a ring has available, at most as much as it holds: for more it kicks itself, so that a busy
   * driver leaves room for everything else.
   *
   * @throws Error where the ring or a chain in it makes no sense
   */
  serve(index: number): void {
    const session = this.#host.session();
    const ring = session.vrings.byIndex.get(index);
    const device = this.#deviceOf(index);
    if (!ring || !device || !isRunning(ring) || !ring.address || !ring.num) return;
    const reach: Reach = {
      ...this.#host,
      memory: () => this.#host.session().memory,
      mappings: () => this.#host.session().mappings,
      wrote: (address, length) => this.#log(address, length),
    };
    const kinds = addressKinds(session);
    const rings = addressSpace(reach, kinds.rings);
    const buffers = addressSpace(reach, kinds.buffers);
    const layout = { ...ring.address, num: ring.num };
    const { accepted = 0n } = session.negotiation.virtio;
    let position = this.position(index) ?? 0;
    let used = vring.usedIndex(rings, layout);
    const before = used;
    for (let left = ring.num; left > 0; left--) {
      const waiting = (vring.availableIndex(rings, layout) - position) & 0xffff;
      if (waiting > ring.num) throw new Error(`${waiting} chains are available in a ring of ${ring.num}`);
      if (waiting === 0) break;
      const chain = vring.readChain(rings, layout, position, (accepted & indirect) !== 0n ? buffers : undefined);
      const answer = device(vring.readable(buffers, chain), vring.room(chain));
      vring.writeBack(buffers, chain, answer);
      used = vring.giveBack(rings, layout, used, chain.head, answer.length);
      position = (position + 1) & 0xffff;
      this.#positions.set(index, position);
    }
    if ((accepted & eventIndex) !== 0n) vring.wantKickAt(rings, layout, position);
    if (used !== before) this.#call(ring);
    // What came before the driver could read that it shall kick.
    const kick = this.#watched.get(index);
    if (kick !== undefined && position !== vring.availableIndex(rings, layout)) signalEventFd(kick);
  }

  #call(ring: Vring): void {
    const fd = ring.call?.fd && this.#host.descriptor(ring.call.fd.n, ring.call.fd.at);
    const { accepted = 0n } = this.#host.session().negotiation.protocol;
    if (fd !== undefined) signalEventFd(fd);
    else if ((accepted & inBand) !== 0n) this.#host.callInBand?.(ring.index);
  }

  /** Marks pages as written in the dirty log, while there is one. */
  #log(guestAddress: bigint, length: number): void {
    const { log, logging } = this.#host.session().migration;
    const fd = log?.fd && this.#host.descriptor(log.fd.n, log.fd.at);
    if (!logging || !log || fd === undefined) return;
    const last = (guestAddress + BigInt(length) - 1n) / logPage;
    for (let page = guestAddress / logPage; page <= last; page++) {
      if (page / 8n >= log.size) return;
      const at = Number(log.offset + page / 8n);
      const byte = new Uint8Array(1);
      readSync(fd, byte, 0, 1, at);
      byte[0] = (byte[0] as number) | (1 << Number(page % 8n));
      writeSync(fd, byte, 0, 1, at);
    }
  }
}

function isRunning(ring: Vring): boolean {
  return ring.running === 'started' && ring.switched === 'enabled';
}
