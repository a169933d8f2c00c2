/** A small disk that can be frozen: whoever writes to it then stands still, and no signal wakes him, until it thaws. */
import { mkdirSync } from 'node:fs';
import { run } from './programs.ts';

/** A file system of its own in an image, mounted on `folder`. Needs root and a loop device. */
export class FreezableDisk {
  readonly folder: string;
  #frozen = false;

  constructor(image: string, folder: string) {
    this.folder = folder;
    mkdirSync(folder, { recursive: true });
    run('truncate', ['-s', '64M', image]);
    run('mkfs.ext4', ['-q', '-F', image]);
    run('mount', ['-o', 'loop', image, folder]);
  }

  freeze(): void {
    run('fsfreeze', ['--freeze', this.folder]);
    this.#frozen = true;
  }

  thaw(): void {
    if (this.#frozen) run('fsfreeze', ['--unfreeze', this.folder]);
    this.#frozen = false;
  }

  /** Unmounts it; to be called whatever happened, once its writers have ended. */
  close(): void {
    this.thaw();
    run('umount', [this.folder]);
  }
}
