/** What is mapped while the device runs: the device IOTLB, shared memory regions, shared objects. */
import type { IotlbEntry } from '../../../decode/session/mappings.ts';
import { type Span, span } from '../../frame.ts';
import { padded } from '../../width.ts';
import { sizeText } from '../descriptor.ts';
import type { Section, StateLine } from './section.ts';

/** Entries that are shown of each kind; the rest is counted. */
const mostShown = 200;
const permissions = ['none', 'read', 'write', 'read, write'];
const hex = (value: bigint): string => `0x${value.toString(16)}`;

function entry({ iova, size, userAddress, permissions: bits }: IotlbEntry): Span[] {
  return [
    span(` ${padded(hex(iova), 20)} `, 'name'),
    span(`${padded(sizeText(Number(size)), 8)} ${hex(userAddress)} ${permissions[bits] ?? bits}`),
  ];
}

/** The mappings. */
export const mappings: Section = {
  title: 'Mappings',
  lines: ({ state: { mappings: now } }) => {
    const lines: StateLine[] = [];
    const list = <T extends { readonly n: number }>(
      title: string,
      all: readonly T[],
      line: (one: T) => Span[],
    ): void => {
      if (all.length === 0) return;
      lines.push({ line: [span(` ${title}: ${all.length}`, 'key')] });
      for (const one of all.slice(-mostShown)) lines.push({ line: line(one), n: one.n });
    };
    list('device IOTLB', now.iotlb, entry);
    list('misses without an answer', now.misses, entry);
    list('shared memory', now.shmem, ({ shmid, shmOffset, length, writable }) => [
      span(` region ${shmid} at ${hex(shmOffset)} ${sizeText(Number(length))} ${writable ? 'writable' : 'read only'}`),
    ]);
    list(
      'shared objects',
      Array.from(now.objects, ([uuid, n]) => ({ uuid, n })),
      ({ uuid }) => [span(` ${uuid}`)],
    );
    return lines;
  },
};
