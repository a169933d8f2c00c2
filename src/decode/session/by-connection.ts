/** Something for each connection of a recording, found by any of its records. */
import type { Frame } from '../frame.ts';

/** What names a connection. */
export type ConnectionName = Pick<Frame, 'pair' | 'session' | 'epoch'>;

/** A name as text. */
function connectionKey({ pair, session, epoch }: ConnectionName): string {
  return `${pair}/${session}/${epoch}`;
}

/** One thing a connection, in the order in which they were put in. The one that spoke last mostly speaks next. */
export class ByConnection<T> {
  readonly #byKey = new Map<string, T>();
  #last: { readonly name: ConnectionName; readonly one: T } | undefined;

  get size(): number {
    return this.#byKey.size;
  }

  /** What there is for the connection of a record. */
  of(frame: ConnectionName): T | undefined {
    const name = this.#last?.name;
    if (name?.epoch === frame.epoch && name.session === frame.session && name.pair === frame.pair) {
      return this.#last?.one;
    }
    const one = this.#byKey.get(connectionKey(frame));
    if (one !== undefined) this.#remember(frame, one);
    return one;
  }

  /** Puts something in, behind all others where the connection has nothing yet. */
  set(name: ConnectionName, one: T): T {
    this.#byKey.set(connectionKey(name), one);
    this.#remember(name, one);
    return one;
  }

  /** Takes away what a connection has. */
  delete(name: ConnectionName): void {
    this.#byKey.delete(connectionKey(name));
    this.#last = undefined;
  }

  values(): IterableIterator<T> {
    return this.#byKey.values();
  }

  #remember({ pair, session, epoch }: ConnectionName, one: T): void {
    this.#last = { name: { pair, session, epoch }, one };
  }
}
