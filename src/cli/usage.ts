/**
 * How a command ends badly. Three kinds, told apart by class: the user asked for something that cannot be meant
 * (UsageError, exit status 2), the world did not allow it (Failure, or an error of the operating system: status 1),
 * and everything else, which is a bug and shows its stack.
 */

/** Wrong usage: an argument, option or configuration file that makes no sense. Exit status 2. */
export class UsageError extends Error {
  override name = 'UsageError';
}

/** The command is right but cannot be carried out: a file, socket or process is not as needed. Exit status 1. */
export class Failure extends Error {
  override name = 'Failure';
}

/** True for errors of the operating system (`code` is an errno name), which need no stack to be understood. */
export function isSystemError(error: unknown): error is Error & { code: string } {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && /^E[A-Z0-9]+$/.test(error.code);
}

/** What to print on stderr for an error, without the leading program name, and the exit status that goes with it. */
export function explain(error: unknown): { text: string; status: number } {
  if (error instanceof UsageError) return { text: error.message, status: 2 };
  if (error instanceof Failure || isSystemError(error)) return { text: error.message, status: 1 };
  const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { text: `this is a bug in vhuscope, please report it with the lines below\n${detail}`, status: 1 };
}

/** Reads a whole number of at least `least` from an option's value; throws UsageError that names the option. */
export function wholeNumber(option: string, least = 0): (text: string) => number {
  return text => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || !Number.isSafeInteger(value) || value < least) {
      throw new UsageError(`${option}: expected a whole number of at least ${least}, not '${text}'`);
    }
    return value;
  };
}

/**
 * Reads a size in bytes, with an optional suffix K, M, G or T (powers of 1024); throws UsageError that names the option
 * and the `other` words it takes.
 */
export function byteSize(option: string, ...other: string[]): (text: string) => number {
  return text => {
    const match = /^(\d+)([KMGT]?)$/i.exec(text);
    const power = ['', 'K', 'M', 'G', 'T'].indexOf((match?.[2] ?? '').toUpperCase());
    const value = match ? Number(match[1]) * 1024 ** power : Number.NaN;
    if (!Number.isSafeInteger(value))
      throw new UsageError(
        `${option}: expected a size such as 4096, 64K or 100M${other.map(word => `, or ${word}`).join('')}, not '${text}'`,
      );
    return value;
  };
}
