/** The account of a capture file, and the lines of some of its records. */
import { Account, type RecordingAccount } from '../decode/account/account.ts';
import { LineWriter } from '../decode/text/line.ts';
import { Timing } from '../decode/timing.ts';
import { goThrough } from './passage.ts';

/** A capture with everything that is told of its connections. */
export interface FileAccount extends RecordingAccount {
  readonly path: string;
  /** What could not be read, in words. */
  readonly unread: readonly string[];
}

/** Goes through a finished capture. Throws a CaptureError where it cannot be opened. */
export function accountOf(path: string, progress?: (records: number) => void): FileAccount {
  const account = new Account();
  const unread = goThrough(path, (frame, message) => void account.take(frame, message), progress);
  return { ...account.result(), path, unread };
}

/** The lines of records by their number, as `read` prints them without colours. */
export function linesOf(path: string, numbers: ReadonlySet<number>): Map<number, string> {
  const lines = new Map<number, string>();
  if (numbers.size === 0) return lines;
  const writer = new LineWriter();
  const timing = new Timing();
  goThrough(path, frame => {
    const facts = timing.next(frame);
    if (!numbers.has(frame.n) || lines.has(frame.n)) return;
    writer.out.truncate(0);
    writer.write(frame, facts);
    lines.set(frame.n, writer.out.textFrom(0));
  });
  return lines;
}
