/** The rings of a guest behind a played back-end: every request is taken and refused, so that the guest goes on. */
import type { Session } from '../decode/session/session.ts';
import { DeviceRings } from '../sys/device-rings.ts';
import { type Epoll, readiness } from '../sys/epoll.ts';
import type { Refusal } from './refusals.ts';

/** What the rings need of their connection. */
export interface Guest {
  session(): Session;
  /** The open descriptor that came with that message. */
  descriptor(n: number, at: number): number | undefined;
  readonly epoll: Epoll;
}

const packed = 1n << 34n;
const accessPlatform = 1n << 33n;

/** All rings of one connection. */
export class GuestRings {
  readonly #guest: Guest;
  readonly #rings: DeviceRings;
  readonly #watched = new Map<number, () => void>();
  readonly #refused = new Map<number, number>();
  /** Rings that are not served any more, and why. */
  readonly #left = new Map<number, string>();
  readonly #refusal: Refusal;
  #unservedBecause: string | undefined;

  constructor(guest: Guest, refusal: Refusal) {
    this.#guest = guest;
    this.#refusal = refusal;
    const host = {
      session: () => guest.session(),
      descriptor: (n: number, at: number) => guest.descriptor(n, at),
      watch: (fd: number, ready: (() => void) | undefined) => this.#watch(fd, ready),
      miss: () => {},
      broken: (ring: number, { message }: Error) => void this.#left.set(ring, message),
    };
    this.#rings = new DeviceRings(host, ring => this.#deviceOf(ring));
  }

  /** Adapts to a session that has changed. */
  follow(): void {
    const { accepted = 0n } = this.#guest.session().negotiation.virtio;
    if ((accepted & packed) !== 0n) this.#unservedBecause = 'the guest uses packed rings';
    else if ((accepted & accessPlatform) !== 0n) this.#unservedBecause = 'the guest has an IOMMU';
    else this.#unservedBecause = undefined;
    this.#rings.follow();
  }

  /** Takes what has come in rings whose kick is among these descriptors. */
  kicked(fds: readonly number[]): void {
    for (const fd of fds) this.#watched.get(fd)?.();
  }

  /** Where a ring stands; undefined for one that is not served. */
  position(ring: number): number | undefined {
    return this.#rings.position(ring);
  }

  /** What became of requests, as sentences. */
  get remarks(): string[] {
    const count = [...this.#refused.values()].reduce((sum, one) => sum + one, 0);
    return [
      ...(count > 0 ? [`${count} in the rings: ${this.#refusal.says}`] : []),
      ...(this.#unservedBecause === undefined
        ? []
        : [`requests in the rings are not served: ${this.#unservedBecause}`]),
      ...[...this.#left].map(([ring, why]) => `ring ${ring} is not served any more: ${why}`),
    ];
  }

  #deviceOf(ring: number) {
    if (this.#unservedBecause !== undefined || this.#left.has(ring)) return undefined;
    const device = this.#refusal.ofRing(ring);
    return (
      device &&
      ((request: Uint8Array, room: number) => {
        this.#refused.set(ring, (this.#refused.get(ring) ?? 0) + 1);
        return device(request, room);
      })
    );
  }

  #watch(fd: number, ready: (() => void) | undefined): void {
    if (this.#watched.delete(fd)) this.#guest.epoll.remove(fd);
    if (!ready) return;
    this.#watched.set(fd, ready);
    this.#guest.epoll.add(fd, readiness.in);
  }
}
