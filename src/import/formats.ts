/** The formats that can be imported, in the order in which they are tried. */
import { dpdk } from './dpdk.ts';
import type { Format } from './source.ts';
import { isStraceLine } from './strace/calls.ts';
import { followStrace } from './strace/follow.ts';
import { transcript } from './transcript.ts';

const strace: Format = {
  name: 'strace',
  title: 'output of strace',
  lacks: ['sizes and seals of descriptors', 'who the peers are'],
  recognizes: isStraceLine,
  read: followStrace,
};

/** All of them. */
export const formats: readonly Format[] = [strace, dpdk, transcript];

/** Lines that are looked at to find out what a text is. */
const telling = 2000;

/** What a text is: the format that recognizes the most of its first lines; undefined where none recognizes any. */
export function detect(lines: Iterable<string>): Format | undefined {
  const counts = new Map<Format, number>();
  let seen = 0;
  for (const line of lines) {
    for (const format of formats) if (format.recognizes(line)) counts.set(format, (counts.get(format) ?? 0) + 1);
    if (++seen >= telling) break;
  }
  return [...counts].sort(([, a], [, b]) => b - a)[0]?.[0];
}
