/** Waiting for a file to grow: by the file system's notices and, since those can be missing, by looking every 100 ms. */
import type { FSWatcher } from 'node:fs';
import { watch } from 'node:fs';

/** Milliseconds between two looks at a file without notices. */
const lookMs = 100;

/** Waits for one file. */
export class Growth {
  readonly #watcher: FSWatcher | undefined;
  #wake: (() => void) | undefined;
  #noticed = false;

  constructor(path: string) {
    this.#watcher = this.#watch(path);
  }

  /** Resolves once the file may have grown since the last call, at the latest after 100 ms or when aborted. */
  wait(signal?: AbortSignal): Promise<void> {
    if (this.#noticed || signal?.aborted) {
      this.#noticed = false;
      return Promise.resolve();
    }
    return new Promise(resolve => {
      const wake = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', wake);
        this.#wake = undefined;
        this.#noticed = false;
        resolve();
      };
      const timer = setTimeout(wake, lookMs);
      signal?.addEventListener('abort', wake);
      this.#wake = wake;
    });
  }

  close(): void {
    this.#watcher?.close();
    this.#wake?.();
  }

  #watch(path: string): FSWatcher | undefined {
    try {
      const watcher = watch(path, { persistent: false }, () => {
        this.#noticed = true;
        this.#wake?.();
      });
      // Notices may end at any time (the folder is gone, too many watches): looking goes on without them.
      watcher.on('error', () => watcher.close());
      return watcher;
    } catch {
      return undefined;
    }
  }
}
