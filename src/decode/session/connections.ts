/** All connections of a recording, followed record by record: each is an immutable value, this is where they are kept. */
import type { Frame } from '../frame.ts';
import type { Message } from '../message.ts';
import { jsonBody } from '../text/event.ts';
import { type Connection, follow, followEvent, followRaw, newConnection } from './connection.ts';

/** Connections kept; a recording without ends must not fill the memory. The oldest go first. */
const mostConnections = 4096;

/** The connections of a recording at one point of it. */
export class Connections {
  readonly #byKey = new Map<string, { now: Connection }>();
  /** The one that spoke last, which mostly speaks next. */
  #last: { now: Connection } | undefined;

  /** Goes on from what `all()` gave, or from nothing. */
  constructor(from: Iterable<Connection> = []) {
    for (const now of from) this.#byKey.set(keyOf(now), { now });
  }

  /** Those that are open, and of each session the last one where it has ended. */
  all(): Connection[] {
    return [...this.#byKey.values()].map(({ now }) => now);
  }

  /** The connection a record belongs to; `undefined` before its first message, and once another has followed it. */
  of(frame: Frame): Connection | undefined {
    return this.#placeOf(frame)?.now;
  }

  /** Takes a message; gives its connection as it was before and as it is now. */
  message(frame: Frame, message: Message): { before: Connection; after: Connection } {
    const place = this.#placeOf(frame) ?? this.#open(frame);
    const before = place.now;
    place.now = follow(before, frame, message);
    return { before, after: place.now };
  }

  /**
   * Takes an event: who connected, who holds a socket, the end.
   *
   * @param body its JSON, where that has been read already
   * @returns its connection as it was, where the event ends it
   */
  event(frame: Frame, body = jsonBody(frame)): Connection | undefined {
    if (!body || frame.session === 0) return undefined;
    const place = this.#placeOf(frame) ?? (body.event === 'connected' ? this.#open(frame) : undefined);
    if (!place) return undefined;
    const { now } = place;
    place.now = followEvent(now, frame, body);
    return now.endedAt === undefined && place.now.endedAt !== undefined ? now : undefined;
  }

  /** Takes bytes that are no message; says whether they are the first of their channel and direction. */
  raw(frame: Frame): boolean {
    const place = this.#placeOf(frame) ?? this.#open(frame);
    const before = place.now;
    place.now = followRaw(before, frame);
    return place.now !== before;
  }

  #placeOf(frame: Frame): { now: Connection } | undefined {
    const last = this.#last?.now;
    if (last?.epoch !== frame.epoch || last.session !== frame.session || last.pair !== frame.pair) {
      this.#last = this.#byKey.get(keyOf(frame));
    }
    return this.#last;
  }

  /** A connection that begins takes the place of the one before it in its session. */
  #open(frame: Frame): { now: Connection } {
    let previous: Connection | undefined;
    for (const [key, { now }] of this.#byKey) {
      if (now.pair !== frame.pair || now.session !== frame.session || now.epoch > frame.epoch) continue;
      previous = now;
      this.#byKey.delete(key);
    }
    if (this.#byKey.size >= mostConnections) this.#byKey.delete(this.#byKey.keys().next().value as string);
    this.#last = { now: newConnection(frame, previous?.state) };
    this.#byKey.set(keyOf(frame), this.#last);
    return this.#last;
  }
}

function keyOf({ pair, session, epoch }: { readonly pair: string; readonly session: number; readonly epoch: number }) {
  return `${pair}/${session}/${epoch}`;
}
