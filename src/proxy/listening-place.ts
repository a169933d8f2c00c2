/**
 * The socket that peers connect to instead of the real one. It looks like the one it stands in for, appears in one step
 * with everything in place, and never takes the place of a socket that somebody uses.
 */
import { randomBytes } from 'node:crypto';
import { chmodSync, chownSync, existsSync, fchmodSync, lstatSync, renameSync, statSync, unlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { close, errno, getxattr, Memory, renameNoReplace, setxattr } from '../sys/libc.ts';
import {
  type Address,
  addressText,
  bindTo,
  checkAddress,
  longestSocketPath,
  openSocket,
  startListening,
} from '../sys/socket.ts';
import { checked } from '../sys/system-error.ts';
import { unixSockets } from '../sys/unix-table.ts';

/** Who may connect to a listening socket, where that is not copied from the socket it stands in for. */
export interface Access {
  /** Permission bits. */
  mode?: number;
  uid?: number;
  gid?: number;
}

const privateMode = 0o600;
const label = 'security.selinux';
const labelRoom = 4096;

/** One place where we listen while the other side is there. */
export class ListeningPlace {
  readonly address: Address;
  readonly #standsFor: string | undefined;
  readonly #access: Access;
  /** Device and inode of the socket file that is ours. */
  #ours: { dev: number; ino: number } | undefined;

  /** @param standsFor path of the socket whose owner, mode and security label are taken over, where it has one */
  constructor(address: Address, standsFor: string | undefined, access: Access = {}) {
    this.address = address;
    this.#standsFor = standsFor;
    this.#access = access;
  }

  /** Throws, for people, where it would not be possible to listen; leaves nothing behind. */
  check(): void {
    checkAddress(this.address);
    if ('abstract' in this.address) return;
    if (!existsSync(dirname(this.address.path)))
      throw new Error(`cannot listen at ${this.address.path}: there is no such folder; make it first`);
    const stale = this.#stale(this.address.path);
    const fd = openSocket();
    try {
      const path = temporaryPath(this.address.path);
      // Too long for a temporary name: it will be bound in its own place, so nothing can be tried in advance.
      if (path === undefined && !stale) bindTo(fd, this.address);
      if (path !== undefined) bindTo(fd, { path });
      if (path !== undefined || !stale) unlinkSync(path ?? this.address.path);
    } finally {
      close(fd);
    }
  }

  /** Starts to listen; the descriptor is the caller's. `problems` are told to people and stop nothing. */
  open(): { fd: number; problems: string[] } {
    const fd = openSocket();
    const problems: string[] = [];
    try {
      if ('abstract' in this.address) bindTo(fd, this.address);
      else this.#appear(fd, this.address.path, problems);
      startListening(fd);
      if ('path' in this.address) this.#takePlace(this.address.path);
    } catch (error) {
      close(fd);
      this.#removeTemporary();
      throw error;
    }
    return { fd, problems };
  }

  /**
   * Puts a socket there on which nobody listens: whoever connects is refused, as it is by a socket file that a back-end
   * has left behind. Does nothing where there are no files. Throws, for people, where the place is taken.
   */
  refuse(): void {
    if ('abstract' in this.address || this.#ours !== undefined) return;
    const fd = openSocket();
    try {
      this.#appear(fd, this.address.path, []);
      this.#takePlace(this.address.path);
    } finally {
      close(fd);
      this.#removeTemporary();
    }
  }

  #temporary: string | undefined;

  #appear(fd: number, path: string, problems: string[]): void {
    const stale = this.#stale(path);
    this.#temporary = temporaryPath(path);
    if (this.#temporary === undefined && stale) unlinkSync(path);
    const bound = this.#temporary ?? path;
    // The file gets its mode from the socket, so that it is never open to more people than it will be in the end.
    fchmodSync(fd, privateMode);
    bindTo(fd, { path: bound });
    this.#dress(bound, problems);
  }

  /** Gives the file the looks of the socket it stands in for. */
  #dress(path: string, problems: string[]): void {
    const model = this.#standsFor === undefined ? undefined : statSync(this.#standsFor, { throwIfNoEntry: false });
    const like = model?.isSocket() ? model : undefined;
    const uid = this.#access.uid ?? like?.uid;
    const gid = this.#access.gid ?? like?.gid;
    if (uid !== undefined || gid !== undefined) {
      try {
        chownSync(path, uid ?? -1, gid ?? -1);
      } catch {
        problems.push(
          `cannot give ${path} to user ${uid ?? '-'} and group ${gid ?? '-'}: their programs may not connect`,
        );
      }
    }
    chmodSync(path, this.#access.mode ?? (like ? like.mode & 0o777 : privateMode));
    if (like) copyLabel(this.#standsFor as string, path, problems);
  }

  /** Moves the finished socket to where it is looked for. */
  #takePlace(path: string): void {
    const temporary = this.#temporary;
    if (temporary !== undefined) {
      const result = this.#stale(path) ? -errno.ENOSYS : renameNoReplace(temporary, path);
      if (result === -errno.EEXIST) checked(result, `cannot create the socket ${path}`);
      if (result < 0) renameSync(temporary, path);
      this.#temporary = undefined;
    }
    const { dev, ino } = lstatSync(path);
    this.#ours = { dev, ino };
  }

  /** Whether a socket file lies there that nobody uses any more; throws where the place is taken. */
  #stale(path: string): boolean {
    const found = lstatSync(path, { throwIfNoEntry: false });
    if (found === undefined) return false;
    if (!found.isSocket()) throw new Error(`${path} exists and is not a socket: remove it, or listen somewhere else`);
    if (isBound(path, found.ino))
      throw new Error(`the socket ${path} is in use by another process: stop it, or listen somewhere else`);
    return true;
  }

  #removeTemporary(): void {
    if (this.#temporary !== undefined) removeFile(this.#temporary);
    this.#temporary = undefined;
  }

  /** Takes the socket file away, if it still is ours. */
  remove(): void {
    const ours = this.#ours;
    this.#ours = undefined;
    if (ours === undefined || 'abstract' in this.address) return;
    const found = lstatSync(this.address.path, { throwIfNoEntry: false });
    if (found?.dev === ours.dev && found.ino === ours.ino) removeFile(this.address.path);
  }

  toString(): string {
    return addressText(this.address);
  }
}

/** Whether any socket, listening or not, is bound to a file. */
function isBound(path: string, inode: number): boolean {
  return unixSockets().some(({ file, address }) =>
    file === undefined
      ? address !== undefined && 'path' in address && address.path === path
      : file.inode === inode % 2 ** 32,
  );
}

/** A short name beside a path, not used by anybody; undefined where none fits into a socket's address. */
function temporaryPath(path: string): string | undefined {
  const name = join(dirname(path), `.vhu-${randomBytes(3).toString('hex')}`);
  return Buffer.byteLength(name) > longestSocketPath ? undefined : name;
}

function removeFile(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // Already gone, or the folder is: either way nothing of ours is left there.
  }
}

function copyLabel(from: string, to: string, problems: string[]): void {
  const value = new Memory(labelRoom);
  const length = getxattr(from, label, value.address, labelRoom);
  if (length <= 0) return;
  if (setxattr(to, label, value.address, length, 0) < 0)
    problems.push(`cannot give ${to} the security label of ${from}: confined programs may not connect`);
}
