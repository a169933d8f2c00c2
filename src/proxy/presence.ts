/**
 * Whether somebody listens at an address, and when that changes. Never learnt by connecting: some back-ends serve one
 * connection and end with it.
 */
import { type FSWatcher, watch } from 'node:fs';
import { dirname } from 'node:path';
import type { Address } from '../sys/socket.ts';
import { isListening } from '../sys/unix-table.ts';

/** Milliseconds between looks while nobody listens, and while somebody does. */
const lookMs = { absent: 100, present: 500 } as const;
/** A socket file appears a little before its owner listens. */
const afterChangeMs = [0, 5, 20] as const;

/** Watches one address. */
export class Presence {
  readonly address: Address;
  present: boolean;
  readonly #changed: () => void;
  #timer: NodeJS.Timeout | undefined;
  #watcher: FSWatcher | undefined;
  #closed = false;

  /** @param changed called whenever `present` has changed */
  constructor(address: Address, changed: () => void) {
    this.address = address;
    this.#changed = changed;
    this.present = isListening(address);
    this.#watchFolder();
    this.#schedule();
  }

  #watchFolder(): void {
    if (!('path' in this.address)) return;
    try {
      const look = (): void => {
        for (const delay of afterChangeMs) setTimeout(() => this.look(), delay).unref();
      };
      this.#watcher = watch(dirname(this.address.path), { persistent: false }, look);
      this.#watcher.on('error', () => this.#watcher?.close());
    } catch {
      // No such folder yet, or no more watches: looking now and then has to do.
    }
  }

  #schedule(): void {
    this.#timer = setTimeout(() => this.look(), this.present ? lookMs.present : lookMs.absent);
  }

  /** Looks at once. */
  look(): void {
    if (this.#closed) return;
    clearTimeout(this.#timer);
    const present = isListening(this.address);
    const changed = present !== this.present;
    this.present = present;
    this.#schedule();
    if (changed) this.#changed();
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#watcher?.close();
  }
}
