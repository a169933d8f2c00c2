import { getSystemErrorName } from 'node:util';

/** A system call that failed: what was tried, on what, and why. */
export class SystemError extends Error {
  /** The errno's name, such as `ENOENT`. */
  readonly code: string;
  /** The errno, positive. */
  readonly errno: number;

  /**
   * @param action what was tried and on what, for people: `cannot listen on /run/vhost.sock`
   * @param result the negative errno a call returned
   */
  constructor(action: string, result: number) {
    const code = result < 0 ? errorName(-result) : 'EUNKNOWN';
    super(`${action}: ${meanings[code] ?? code}`);
    this.name = 'SystemError';
    this.code = code;
    this.errno = -result;
  }
}

/** The name of an errno, `E123` where this system has none. */
export function errorName(errno: number): string {
  const name = getSystemErrorName(-errno);
  return name.startsWith('Unknown') ? `E${errno}` : name;
}

/** Passes on a call's result, or throws what it failed with. */
export function checked(result: number, action: string): number {
  if (result < 0) throw new SystemError(action, result);
  return result;
}

/** What the errors that people meet mean, in words. */
const meanings: Record<string, string> = {
  EACCES: 'permission denied (EACCES)',
  EPERM: 'not permitted (EPERM)',
  ENOENT: 'no such file or directory (ENOENT)',
  ENOTDIR: 'a part of the path is not a directory (ENOTDIR)',
  EADDRINUSE: 'the address is in use (EADDRINUSE)',
  ECONNREFUSED: 'nobody is listening (ECONNREFUSED)',
  EMFILE: 'too many open file descriptors (EMFILE)',
  ENFILE: 'the system is out of file descriptors (ENFILE)',
  EPROTOTYPE: 'the socket is not a stream socket (EPROTOTYPE)',
  ENOTSOCK: 'not a socket (ENOTSOCK)',
  EBADF: 'not an open file descriptor (EBADF)',
  EROFS: 'read-only file system (EROFS)',
  ENOSPC: 'no space left on device (ENOSPC)',
};
