/**
 * The descriptors that came with one message, from their arrival until they have been sent on and closed. Each is owned
 * exactly once: by this, then by nobody.
 */
import type { FdIdentity } from '../decode/frame.ts';
import { inspect } from '../sys/descriptor.ts';
import { mostFds } from '../sys/transfer.ts';
import type { LateFd } from './late-fds.ts';
import { letGo } from './letting-go.ts';

/** Sets of descriptors that may be waiting in one message before it is taken for a flood. */
const mostGroups = 4;

/** Descriptors and the offset of the byte in the buffer that they go with. */
interface Group {
  at: number;
  fds: readonly number[];
}

/** A descriptor that is exchanged for another before it is sent. */
export interface Substitution {
  /** What is sent instead. */
  substitute: number;
  /** What the original is. */
  identity: FdIdentity;
  /** The substitute has been sent. */
  commit(): void;
  /** It will not be sent. */
  abandon(): void;
}

/** The descriptors of the message that a flow is about. */
export class PassedFds {
  readonly #closeSlowly: (fd: number) => void;
  #groups: Group[] = [];
  #substitution: Substitution | undefined;
  /** What all of them are is known before they go. */
  #identified = false;
  /** What those that are sent were, in order. */
  identities: FdIdentity[] = [];
  /** How many came. */
  count = 0;
  /** Offset of the read that brought the first. */
  at = 0;
  /** The kernel dropped some. */
  truncated = false;

  /** How many were sent or will not be, and those of them that are still open. */
  #gone = 0;
  readonly #late: LateFd[] = [];

  constructor(closeSlowly: (fd: number) => void) {
    this.#closeSlowly = closeSlowly;
  }

  /** Takes over what came with the byte at an offset of the buffer. */
  take(at: number, fds: readonly number[], truncated: boolean): void {
    if (truncated) this.truncated = true;
    if (fds.length === 0) return;
    if (this.count === 0) this.at = at;
    this.count += fds.length;
    this.#groups.push({ at, fds });
  }

  /** Whether any wait to be sent. */
  get waiting(): boolean {
    return this.#groups.length > 0;
  }

  /** Whether there are so many of them that this cannot be a message. */
  get isFlood(): boolean {
    return this.#groups.length > mostGroups;
  }

  /** Lets all of them go with the first byte, where one message can carry so many. */
  gather(): void {
    if (this.#groups.length === 0 || this.count > mostFds) return;
    this.#groups = [{ at: 0, fds: this.#groups.flatMap(({ fds }) => fds) }];
  }

  /** The descriptor of a message that has just one. */
  get only(): number | undefined {
    const [group] = this.#groups;
    return this.count === 1 ? group?.fds[0] : undefined;
  }

  /** All that wait to be sent, in order. */
  get all(): readonly number[] {
    return this.#groups.flatMap(({ fds }) => fds);
  }

  /** Says what those that wait are, and keeps them. */
  identify(): void {
    this.identities = this.all.map(fd => inspect(fd).identity);
    this.#identified = true;
  }

  /** Says what went with a message of ours; nothing is owned here. */
  describe(identities: FdIdentity[]): void {
    this.identities = identities;
    this.count = identities.length;
  }

  /** Closes descriptors, and says what they are unless that is known. */
  #letGo(fds: readonly number[]): void {
    const { identities, late } = letGo(fds, this.#closeSlowly);
    for (const i of late) this.#late.push({ index: this.#gone + i, fd: fds[i] as number });
    this.#gone += fds.length;
    if (this.#identified) this.#closeLate();
    else this.identities.push(...identities);
  }

  /** Hands over those that are still open since there was no time to describe them; the caller owns them. */
  takeLate(): LateFd[] {
    return this.#late.splice(0);
  }

  #closeLate(): void {
    for (const { fd } of this.takeLate()) this.#closeSlowly(fd);
  }

  /** They have been sent, or will not be: says what those that are left are, and closes them. */
  letGoAll(): void {
    while (this.#groups.length > 0) this.sent();
  }

  /** Exchanges the only descriptor for another. */
  exchange(substitution: Substitution): void {
    this.#substitution = substitution;
    (this.#groups[0] as Group).fds = [substitution.substitute];
  }

  /** The descriptors that go with the byte at an offset. */
  due(at: number): readonly number[] {
    const group = this.#groups[0];
    return group !== undefined && group.at <= at ? group.fds : none;
  }

  /** Offset of the next byte behind `at` that descriptors go with; Infinity where there is none. */
  nextAfter(at: number): number {
    for (const group of this.#groups) if (group.at > at) return group.at;
    return Number.POSITIVE_INFINITY;
  }

  /** Those that were due have been sent: says what they are and closes them. */
  sent(): void {
    const { fds } = this.#groups.shift() as Group;
    const substitution = this.#substitution;
    if (substitution === undefined) {
      this.#letGo(fds);
      return;
    }
    this.#substitution = undefined;
    if (!this.#identified) this.identities.push(substitution.identity);
    substitution.commit();
  }

  /** They will not be sent: closes them. */
  abandon(): void {
    if (this.#substitution !== undefined) {
      if (!this.#identified) this.identities.push(this.#substitution.identity);
      this.#substitution.abandon();
    } else for (const { fds } of this.#groups) this.#letGo(fds);
    this.#substitution = undefined;
    this.#groups = [];
  }

  /** Makes ready for the next message; what waits must have been sent or abandoned. */
  reset(): void {
    this.truncated = false;
    if (this.count === 0) return;
    this.#closeLate();
    this.#gone = 0;
    this.identities = [];
    this.count = 0;
    this.at = 0;
  }
}

const none: readonly number[] = [];
