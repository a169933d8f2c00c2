/** Descriptors that were too many to be described before their message's record: they are described in an event of it. */
import { inspect } from '../sys/descriptor.ts';
import { close } from '../sys/libc.ts';

/** A descriptor that is still open: its place in the message, from 0, and its number. */
export interface LateFd {
  index: number;
  fd: number;
}

/** Describes the descriptors of record `of` and closes them; the event that tells what they were. */
export function describeLate(of: number, late: readonly LateFd[]): { event: string } & Record<string, unknown> {
  const fds = late.map(({ index, fd }) => {
    const { pageSize, ...identity } = inspect(fd).identity;
    close(fd);
    return { index, ...identity, ...(pageSize !== undefined && { page_size: pageSize }) };
  });
  return { event: 'fdinfo', of, fds };
}
