/** All connections of a recording, followed record by record: each is an immutable value, this is where they are kept. */
import type { Frame } from '../frame.ts';
import type { Message } from '../message.ts';
import { jsonBody } from '../text/event.ts';
import { ByConnection, type ConnectionName } from './by-connection.ts';
import { type Connection, follow, followEvent, followRaw, newConnection } from './connection.ts';

/** Connections kept; a recording without ends must not fill the memory. The oldest go first. */
const mostConnections = 4096;

/** The connections of a recording at one point of it. */
export class Connections {
  readonly #places = new ByConnection<{ now: Connection }>();

  /** Goes on from what `all()` gave, or from nothing. */
  constructor(from: Iterable<Connection> = []) {
    for (const now of from) this.#places.set(now, { now });
  }

  /** Those that are open, and of each session the last one where it has ended. */
  all(): Connection[] {
    return Array.from(this.#places.values(), ({ now }) => now);
  }

  /** The connection a record belongs to; `undefined` before its first message, and once another has followed it. */
  of(frame: ConnectionName): Connection | undefined {
    return this.#places.of(frame)?.now;
  }

  /** Takes a message; gives its connection as it was before and as it is now. */
  message(frame: Frame, message: Message): { before: Connection; after: Connection } {
    const place = this.#places.of(frame) ?? this.#open(frame);
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
    const place = this.#places.of(frame) ?? (body.event === 'connected' ? this.#open(frame) : undefined);
    if (!place) return undefined;
    const { now } = place;
    place.now = followEvent(now, frame, body);
    return now.endedAt === undefined && place.now.endedAt !== undefined ? now : undefined;
  }

  /** Takes bytes that are no message; says whether they are the first of their channel and direction. */
  raw(frame: Frame): boolean {
    const place = this.#places.of(frame) ?? this.#open(frame);
    const before = place.now;
    place.now = followRaw(before, frame);
    return place.now !== before;
  }

  /** A connection that begins takes the place of the one before it in its session. */
  #open(frame: Frame): { now: Connection } {
    let previous: Connection | undefined;
    for (const { now } of this.#places.values()) {
      if (now.pair !== frame.pair || now.session !== frame.session || now.epoch > frame.epoch) continue;
      previous = now;
      this.#places.delete(now);
    }
    if (this.#places.size >= mostConnections) {
      const oldest = this.#places.values().next().value;
      if (oldest !== undefined) this.#places.delete(oldest.now);
    }
    return this.#places.set(frame, { now: newConnection(frame, previous) });
  }
}
