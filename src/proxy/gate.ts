/**
 * Opens and closes the listening sockets of a pair. A side finds us listening only while the side we would connect to
 * listens itself: then it fails, waits or tries again just as it would without us.
 */
import { resolve } from 'node:path';
import { otherSide, type Side } from '../decode/side.ts';
import { type Address, neverWaiting, socketNature } from '../sys/socket.ts';
import { pidOfForeignListener } from '../sys/unix-table.ts';
import { type Access, ListeningPlace } from './listening-place.ts';
import { Presence } from './presence.ts';
import type { Command } from './reports.ts';

/** How one side of a pair is reached: we listen for it, we connect to it, or its socket is handed to us. */
export type SideOptions =
  | ({ role: 'listen'; address: Address } & Access)
  | { role: 'connect'; address: Address }
  | { role: 'fd'; fd: number };

/** What a gate tells. */
export type GateEvent =
  | { type: 'listening'; pair: string; side: Side; address: Address }
  | {
      type: 'waiting';
      pair: string;
      side: Side;
      address: Address;
      /** Its socket file is there, and nobody listens on it, or only `pid` in another network namespace. */
      why: 'absent' | 'left-behind' | 'elsewhere';
      /** It has listened before. */
      gone: boolean;
      pid?: number;
    }
  | { type: 'warning'; pair: string; message: string };

const sides = ['front-end', 'back-end'] as const;
/** Milliseconds between two attempts to connect to both sides. */
const dialMs = 200;
/** Milliseconds after which a socket file without a listener is said to have been left behind. */
const hintMs = 1000;
/** Milliseconds in which a process that has closed a connection to end will have closed its other sockets too. */
const settleMs = 20;

/** The gate of one pair. */
export class Gate {
  readonly #pair: string;
  readonly #options: { readonly [side in Side]: SideOptions };
  readonly #waitBackEnd: boolean;
  readonly #command: (command: Command) => void;
  readonly #tell: (event: GateEvent) => void;
  readonly #places = new Map<Side, ListeningPlace>();
  readonly #presences = new Map<Side, Presence>();
  readonly #open = new Set<Side>();
  /** Sides that have listened. */
  readonly #known = new Set<Side>();
  /** What was said last about a side that does not listen. */
  readonly #told = new Map<Side, string>();
  #dialTimer: NodeJS.Timeout | undefined;
  #hintTimer: NodeJS.Timeout | undefined;
  #closed = false;

  /** Throws, for people, where a side could never be listened for. */
  constructor(
    pair: string,
    options: { readonly [side in Side]: SideOptions },
    waitBackEnd: boolean,
    command: (command: Command) => void,
    tell: (event: GateEvent) => void,
  ) {
    this.#pair = pair;
    this.#options = options;
    this.#waitBackEnd = waitBackEnd;
    this.#command = command;
    this.#tell = tell;
    for (const side of sides) {
      const own = options[side];
      const opposite = options[otherSide(side)];
      if (own.role !== 'listen') continue;
      const standsFor = opposite.role === 'connect' && 'path' in opposite.address ? opposite.address.path : undefined;
      const place = new ListeningPlace(own.address, standsFor, own);
      place.check();
      this.#places.set(side, place);
    }
  }

  /** Begins to watch, and listens if the time has come. */
  start(): void {
    for (const side of sides) {
      const options = this.#options[side];
      if (options.role === 'connect') this.#presences.set(side, new Presence(options.address, () => this.#update()));
      if (options.role === 'fd' && socketNature(options.fd) === 'listener') {
        neverWaiting(options.fd);
        this.#command({ type: 'listen', pair: this.#pair, side, fd: options.fd });
      }
    }
    for (const side of this.#presences.keys()) this.#tellWaiting(side);
    this.#update();
  }

  /** Something happened to a connection of this pair: a side may have stopped to listen, or may listen again. */
  look(): void {
    for (const presence of this.#presences.values()) presence.look();
    this.#dialSoon();
  }

  /**
   * A connection was closed: says `settled` as soon as it is known who listens. A process that ends closes one socket
   * after the other; so one that still listens is looked at again.
   */
  settle(): void {
    this.look();
    const settled = (): void => this.#command({ type: 'settled', pair: this.#pair });
    const again = (): void => {
      this.look();
      settled();
    };
    if ([...this.#presences.values()].some(presence => presence.present)) setTimeout(again, settleMs).unref();
    else settled();
  }

  #present(side: Side): boolean {
    const presence = this.#presences.get(side);
    return presence === undefined || presence.present || (side === 'back-end' && this.#waitBackEnd);
  }

  #update(): void {
    if (this.#closed) return;
    for (const [side, { present }] of this.#presences) if (present) this.#known.add(side);
    for (const side of this.#places.keys()) {
      const due = this.#present(otherSide(side));
      if (due && !this.#open.has(side)) this.#listen(side);
      else if (!due && this.#open.has(side)) this.#stopListening(side);
      if (!due) this.#lookLike(otherSide(side));
    }
    this.#dialSoon(0);
  }

  #listen(side: Side): void {
    const place = this.#places.get(side) as ListeningPlace;
    try {
      const { fd, problems } = place.open();
      this.#open.add(side);
      this.#told.delete(otherSide(side));
      this.#command({ type: 'listen', pair: this.#pair, side, fd });
      this.#tell({ type: 'listening', pair: this.#pair, side, address: place.address });
      for (const message of problems) this.#tell({ type: 'warning', pair: this.#pair, message });
    } catch (error) {
      this.#tell({ type: 'warning', pair: this.#pair, message: (error as Error).message });
    }
  }

  /** Meets connections as the absent side itself would: with no socket at all, or with one that refuses. */
  #lookLike(side: Side): void {
    const place = this.#places.get(otherSide(side)) as ListeningPlace;
    if (this.#presences.get(side)?.reception !== 'refusing') {
      place.remove();
      return;
    }
    try {
      place.refuse();
    } catch (error) {
      this.#tell({ type: 'warning', pair: this.#pair, message: (error as Error).message });
    }
    // A socket file is there a moment before its owner listens; one that stays so has another reason.
    clearTimeout(this.#hintTimer);
    this.#hintTimer = setTimeout(() => this.#tellWaiting(side), hintMs).unref();
  }

  #stopListening(side: Side): void {
    const place = this.#places.get(side) as ListeningPlace;
    this.#open.delete(side);
    place.remove();
    this.#command({ type: 'unlisten', pair: this.#pair, side });
    this.#tellWaiting(otherSide(side));
  }

  /** Says that a side does not listen, and why where that can be seen; not twice the same. */
  #tellWaiting(side: Side): void {
    const presence = this.#presences.get(side);
    if (presence === undefined || presence.present) {
      this.#told.delete(side);
      return;
    }
    const { address, reception } = presence;
    const isLeft = reception === 'refusing' && 'path' in address && !this.#waitBackEnd;
    const pid = isLeft ? pidOfForeignListener(resolve(address.path)) : undefined;
    const why = pid !== undefined ? 'elsewhere' : isLeft ? 'left-behind' : 'absent';
    if (this.#told.get(side) === why) return;
    this.#told.set(side, why);
    const gone = this.#known.has(side);
    this.#tell({ type: 'waiting', pair: this.#pair, side, address, why, gone, ...(pid !== undefined && { pid }) });
  }

  /** Where both sides listen we connect to both, as soon as both are there. */
  #dialSoon(delay: number = dialMs): void {
    if (this.#presences.size < 2 || this.#closed) return;
    clearTimeout(this.#dialTimer);
    if (![...this.#presences.values()].every(presence => presence.present)) return;
    this.#dialTimer = setTimeout(() => this.#command({ type: 'dial', pair: this.#pair }), delay);
  }

  /** Takes the socket files away and watches nothing any more. The listening sockets are the relay's to close. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#dialTimer);
    clearTimeout(this.#hintTimer);
    for (const presence of this.#presences.values()) presence.close();
    for (const place of this.#places.values()) place.remove();
    this.#open.clear();
  }
}
