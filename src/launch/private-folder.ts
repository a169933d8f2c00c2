/** The folder that holds the sockets between a front-end we start and ourselves. */
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { isAbsolute, join } from 'node:path';

/** Room for `/vhuscope-XXXXXX/` and the longest file name in the folder, of the 107 bytes a socket path may have. */
const longestBase = 107 - 17 - 37;

/** A base that is ours or everybody's, short enough, and free of characters that front-ends give a meaning to. */
function isUsable(base: string | undefined): base is string {
  if (!base || !isAbsolute(base) || base.length > longestBase || !/^[\w./+-]+$/.test(base)) return false;
  const found = statSync(base, { throwIfNoEntry: false });
  return found?.isDirectory() ?? false;
}

/**
 * Makes a new folder that only this user can enter, below $XDG_RUNTIME_DIR, else the folder for temporary files.
 * Throws an error of the operating system where no folder can be made.
 */
export function makePrivateFolder(environment: NodeJS.ProcessEnv = process.env): string {
  const base = [environment.XDG_RUNTIME_DIR, tmpdir()].find(isUsable) ?? '/tmp';
  return mkdtempSync(join(base, 'vhuscope-'));
}

/** Removes the folder and what is left in it; nothing happens when it is gone. */
export function removePrivateFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
}
