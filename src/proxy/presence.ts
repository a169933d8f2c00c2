/**
 * Whether somebody listens at an address, what else a connection would meet, and when that changes. Never learnt by connecting: some back-ends serve one
 * connection and end with it.
 */
import { type FSWatcher, watch } from 'node:fs';
import { basename, dirname } from 'node:path';
import type { Address } from '../sys/socket.ts';
import { type Reception, receptionAt } from '../sys/unix-table.ts';

/** Milliseconds between looks while nobody listens, and while somebody does. */
const lookMs = { absent: 100, present: 500 } as const;
/** A socket file appears a little before its owner listens. */
const afterChangeMs = [0, 5, 20] as const;
/** A folder in which more happens between two looks is watched no more: the capture, growing there, would wake us each time. */
const mostOtherChanges = 10;

/** Watches one address. */
export class Presence {
  readonly address: Address;
  reception: Reception;
  readonly #changed: () => void;
  #timer: NodeJS.Timeout | undefined;
  #watcher: FSWatcher | undefined;
  #otherChanges = 0;
  #closed = false;

  /** @param changed called whenever `reception` has changed */
  constructor(address: Address, changed: () => void) {
    this.address = address;
    this.#changed = changed;
    this.reception = receptionAt(address);
    this.#watchFolder();
    this.#schedule();
  }

  get present(): boolean {
    return this.reception === 'listening';
  }

  #watchFolder(): void {
    if (!('path' in this.address)) return;
    const own = basename(this.address.path);
    try {
      this.#watcher = watch(dirname(this.address.path), { persistent: false }, (_, name) =>
        this.#fileChanged(name === null || name === own),
      );
      this.#watcher.on('error', () => this.#watcher?.close());
    } catch {
      // No such folder yet, or no more watches: looking now and then has to do.
    }
  }

  #fileChanged(own: boolean): void {
    if (own) for (const delay of afterChangeMs) setTimeout(() => this.look(), delay).unref();
    else if (++this.#otherChanges > mostOtherChanges) this.#watcher?.close();
  }

  #schedule(): void {
    this.#timer = setTimeout(() => this.look(), this.present ? lookMs.present : lookMs.absent);
  }

  /** Looks at once. */
  look(): void {
    if (this.#closed) return;
    clearTimeout(this.#timer);
    this.#otherChanges = 0;
    const before = this.reception;
    this.reception = receptionAt(this.address);
    this.#schedule();
    if (this.reception !== before) this.#changed();
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#watcher?.close();
  }
}
