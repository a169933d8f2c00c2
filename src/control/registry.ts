/**
 * Where running engines are found: a socket for each, by the engine's name, in a folder that only its user can enter.
 * A socket whose engine was killed stays behind; nobody answers it, so it is told from a living one and replaced.
 */
import { chmodSync, linkSync, lstatSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ControlError } from './control-error.ts';

const suffix = '.sock';
const namePattern = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,31}$/;

/** Throws a ControlError where an engine cannot have that name. */
function checkName(name: string): void {
  if (!namePattern.test(name))
    throw new ControlError(
      `an engine cannot be named '${name}': expected up to 32 letters, digits, dots, dashes and underscores`,
    );
}

/**
 * The folder of the control sockets: `vhuscope` below $XDG_RUNTIME_DIR, else `vhuscope-UID` in the folder for temporary
 * files. Made where it is missing. Throws a ControlError where it is there and somebody else's, or open to others.
 */
export function controlFolder(environment: NodeJS.ProcessEnv = process.env): string {
  const uid = process.getuid?.() ?? 0;
  const base = environment.XDG_RUNTIME_DIR;
  const folder = base ? join(base, 'vhuscope') : join(tmpdir(), `vhuscope-${uid}`);
  mkdirSync(folder, { mode: 0o700, recursive: true });
  const found = lstatSync(folder);
  if (!found.isDirectory()) throw new ControlError(`${folder} is not a folder, control sockets cannot be kept there`);
  if (found.uid !== uid) throw new ControlError(`${folder} belongs to another user (uid ${found.uid}), remove it`);
  if ((found.mode & 0o077) !== 0)
    throw new ControlError(`${folder} is open to other users, restrict it: chmod 700 ${folder}`);
  return folder;
}

/** The socket of an engine; a text with a slash is a socket's path itself. */
export function socketOf(nameOrPath: string, folder?: string): string {
  if (nameOrPath.includes('/')) return nameOrPath;
  checkName(nameOrPath);
  return join(folder ?? controlFolder(), nameOrPath + suffix);
}

/** The names of the sockets in the folder, living or not, in order. */
export function socketNames(folder: string = controlFolder()): string[] {
  const files = readdirSync(folder).filter(file => file.endsWith(suffix) && !file.startsWith('.'));
  return files.map(file => file.slice(0, -suffix.length)).sort();
}

/** Whether somebody listens at one of our own sockets. Never to be asked of a socket of a peer: this connects. */
export function isAnswered(path: string): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    // A full queue has a listener behind it.
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code === 'EAGAIN'));
  });
}

/** Removes a socket that nobody answers, unless it is another one by now. */
export async function removeStale(path: string): Promise<boolean> {
  const before = lstatSync(path, { throwIfNoEntry: false });
  if (before === undefined || (await isAnswered(path))) return false;
  removeOwn(path, before.ino);
  return true;
}

/** Removes the socket at a path if it is the one with that inode. */
function removeOwn(path: string, inode: number): void {
  if (lstatSync(path, { throwIfNoEntry: false })?.ino === inode) rmSync(path, { force: true });
}

/**
 * Takes a name for an engine: binds a socket with `bind` under a temporary path and gives it the name's path, where
 * nobody else has it. A name that is `wished` for gets a number behind it where it is taken, one that is `demanded`
 * fails with a ControlError. Returns the name and how to give it up.
 */
export async function takeName(
  name: string,
  how: 'wished' | 'demanded',
  bind: (path: string) => Promise<void>,
): Promise<{ name: string; path: string; release(): void }> {
  checkName(name);
  const folder = controlFolder();
  const bound = join(folder, `.${process.pid}-${name}`);
  rmSync(bound, { force: true });
  await bind(bound);
  try {
    chmodSync(bound, 0o600);
    const inode = lstatSync(bound).ino;
    for (let count = 1; ; count++) {
      const candidate = count === 1 ? name : `${name.slice(0, 28)}-${count}`;
      const path = join(folder, candidate + suffix);
      await removeStale(path);
      try {
        linkSync(bound, path);
        return { name: candidate, path, release: () => removeOwn(path, inode) };
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
        if (how === 'demanded') throw new ControlError(`an engine named ${name} is running already`);
      }
    }
  } finally {
    rmSync(bound, { force: true });
  }
}
