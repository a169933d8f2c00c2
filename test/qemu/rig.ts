/** The folder of all working data: the guest, the trixie chroot, and one folder for each scenario. */
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

/** `VHUSCOPE_RIG`, or `vhuscope-rig` in the folder for temporary files. What is costly to make is kept there. */
export const rig: string = resolve(process.env.VHUSCOPE_RIG ?? join(tmpdir(), 'vhuscope-rig'));

/** An empty folder for the sockets, logs, traces and captures of one scenario. */
export function scenarioFolder(name: string): string {
  const folder = join(rig, 'run', name);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  return folder;
}

/** The path of a socket; AF_UNIX allows 107 bytes. */
export function socketPath(folder: string, name: string): string {
  const path = join(folder, name);
  if (Buffer.byteLength(path) > 107)
    throw new Error(`${path}: a socket's path has at most 107 bytes; set VHUSCOPE_RIG to a shorter folder`);
  return path;
}

/**
 * Waits until somebody listens on a socket. The kernel's table tells it without a connection, which a back-end that
 * serves only one would take for its front-end.
 */
export function listening(path: string, seconds: number, alive: () => boolean = () => true): Promise<boolean> {
  const acceptsConnections = '00010000';
  const isListener = (line: string) => line.endsWith(` ${path}`) && line.split(/ +/)[3] === acceptsConnections;
  return becomesTrue(() => readFileSync('/proc/net/unix', 'utf8').split('\n').some(isListener), seconds, alive);
}

/** Waits until a file exists. vhuscope renames its socket into place once it listens, so there this is enough. */
export function appears(path: string, seconds: number, alive: () => boolean): Promise<boolean> {
  return becomesTrue(() => existsSync(path), seconds, alive);
}

async function becomesTrue(holds: () => boolean, seconds: number, alive: () => boolean): Promise<boolean> {
  const deadline = Date.now() + seconds * 1000;
  while (!holds()) {
    if (Date.now() > deadline || !alive()) return false;
    await new Promise(wake => setTimeout(wake, 20));
  }
  return true;
}
