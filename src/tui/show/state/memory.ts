/** Guest memory as a map to scale: where regions lie in the guest, gaps between them, and where the rings are. */
import type { Memory, Region } from '../../../decode/session/memory.ts';
import { locate } from '../../../decode/session/memory.ts';
import type { Vring } from '../../../decode/session/vring.ts';
import { type Line, type Span, span } from '../../frame.ts';
import { aligned, padded } from '../../width.ts';
import { descriptorText, sizeText } from '../descriptor.ts';
import type { Section, StateLine, StateLook } from './section.ts';

const hex = (value: bigint): string => `0x${value.toString(16)}`;

/** Cells of the map: which region a cell belongs to, or that it is a gap. Every region has at least one. */
function mapOf(sorted: readonly Region[], end: bigint, width: number): (number | undefined)[] {
  const cells: (number | undefined)[] = new Array(width).fill(undefined);
  for (const [i, { guestAddress, size }] of sorted.entries()) {
    const from = cellOf(guestAddress, end, width);
    const last = cellOf(guestAddress + size - 1n, end, width);
    for (let cell = from; cell <= Math.max(from, last); cell++) cells[cell] = i;
  }
  return cells;
}

function cellOf(address: bigint, end: bigint, width: number): number {
  return end === 0n ? 0 : Math.min(width - 1, Number((address * BigInt(width)) / end));
}

/** The map: a bar of regions and gaps, and below it the rings at their places. */
function mapLines(memory: Memory, sorted: readonly Region[], rings: readonly Vring[], look: StateLook): StateLine[] {
  const width = Math.max(16, Math.min(look.width - 4, 120));
  const end = sorted.reduce(
    (most, { guestAddress, size }) => (guestAddress + size > most ? guestAddress + size : most),
    0n,
  );
  const cells = mapOf(sorted, end, width);
  const { full, shade, dot } = look.glyphs;
  const bar: Span[] = cells.map(region =>
    region === undefined
      ? span(dot, 'faint')
      : span(region % 2 === 0 ? full : shade, region % 2 === 0 ? 'frontEnd' : 'fd'),
  );
  const marks = new Array<string>(width).fill(' ');
  for (const { index, address } of rings) {
    const place = address && locate(memory, address.descriptor, 1n);
    if (!place) continue;
    const cell = cellOf(place.guestAddress, end, width);
    marks[cell] = marks[cell] === ' ' && index < 10 ? String(index) : '+';
  }
  const middle = marks.some(mark => mark !== ' ') ? '   below: rings' : '';
  const scale = `0${middle}${aligned(hex(end), width - 1 - middle.length)}`;
  return [
    { line: [span('  '), ...bar] },
    { line: [span('  '), span(scale, 'faint')] },
    ...(middle === '' ? [] : [{ line: [span('  '), span(marks.join(''), 'good')] }]),
  ];
}

function regionLine(region: Region, before: Memory | undefined): StateLine {
  const { guestAddress, size, userAddress, fdOffset, fd, n } = region;
  const isNew = !before?.regions.some(one => one.n === n && one.guestAddress === guestAddress);
  const line: Line = [
    span(`  ${padded(`${hex(guestAddress)}..${hex(guestAddress + size)}`, 26)} `, isNew ? 'changed' : 'name'),
    span(aligned(sizeText(Number(size)), 7)),
    span('  front-end at ', 'faint'),
    span(hex(userAddress), 'frontEnd'),
    span('  ', 'faint'),
    span(fd ? descriptorText(fd.identity) : 'no descriptor', 'fd'),
    span(fdOffset === 0n ? '' : ` from byte ${hex(fdOffset)}`, 'faint'),
  ];
  return { line, n };
}

/** Rings that have a place in memory that was never shared. */
function missing(rings: Iterable<Vring>): StateLine[] {
  if (![...rings].some(({ address }) => address !== undefined)) return [];
  return [{ line: [span('  no region was shared: the back-end cannot reach the rings', 'warn')] }];
}

/** The memory. */
export const memory: Section = {
  title: 'Guest memory',
  lines: ({ state, before }, look) => {
    const { regions } = state.memory;
    if (regions.length === 0) return missing(state.vrings.byIndex.values());
    const sorted = [...regions].sort((a, b) => (a.guestAddress < b.guestAddress ? -1 : 1));
    const lines = mapLines(state.memory, sorted, [...state.vrings.byIndex.values()], look);
    let end = 0n;
    for (const region of sorted) {
      const gap = region.guestAddress - end;
      if (gap > 0n)
        lines.push({ line: [span(`  ${padded('gap', 26)} ${aligned(sizeText(Number(gap)), 7)}`, 'faint')] });
      lines.push(regionLine(region, before?.memory));
      end = region.guestAddress + region.size;
    }
    return lines;
  },
};
