/** Why a capture cannot be opened, read or written, in words for the person who asked for it. */

/** What the system's errors mean for a capture. */
const advice: Record<string, string> = {
  ENOENT: 'there is no such file',
  EACCES: 'permission denied',
  ESPIPE: 'it is a pipe; write it to a file first',
  EISDIR: 'it is a directory',
  ENOTDIR: 'a part of its path is not a directory',
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  EROFS: 'the file system is read-only',
  EFBIG: 'the file has reached its size limit',
  EMFILE: 'too many open files; raise the limit (ulimit -n)',
};

/** A capture file that cannot be used. The message names the file and what to do. */
export class CaptureError extends Error {
  /** The file. */
  readonly path: string;
  /** Byte offset at which reading failed, where there is one. */
  readonly offset?: number;

  constructor(message: string, path: string, offset?: number, options?: ErrorOptions) {
    super(message, options);
    this.name = 'CaptureError';
    this.path = path;
    if (offset !== undefined) this.offset = offset;
  }

  /** Wraps a failed system call: `cannot read x.pcapng: there is no such file`. `meaning` goes before the usual advice. */
  static from(what: string, path: string, cause: unknown, meaning: Record<string, string> = {}): CaptureError {
    const code = (cause as NodeJS.ErrnoException).code ?? '';
    const why = meaning[code] ?? advice[code] ?? (cause instanceof Error ? cause.message : String(cause));
    return new CaptureError(`${what} ${path}: ${why}`, path, undefined, { cause });
  }
}
