/** Two connections side by side: what was negotiated, sized and ordered differently, and how they ended. */
import type { AspectComparison, Comparison, Difference } from '../../decode/compare/compare.ts';
import type { Aligned } from '../../decode/compare/order.ts';
import { counted } from '../../decode/counted.ts';
import { type Line, span } from '../frame.ts';
import { drawable, padded } from '../width.ts';
import type { DifferenceLine } from './difference.ts';
import { wrapped } from './wrap.ts';

/** Columns of a fact's name, and of the sign before it. */
const nameWidth = 26;
const signWidth = 3;

/** Columns of each side. */
const roomFor = (width: number): number => Math.max(8, Math.floor((width - signWidth - nameWidth - 4) / 2));

/** The lines of a comparison; one that says so where nothing differs. */
export function comparisonLines({ aspects, order }: Comparison, width: number): DifferenceLine[] {
  const different = aspects.filter(one => one.different.length > 0);
  const ordered = orderLines(order, width);
  if (different.length === 0 && ordered.length === 0) {
    return [{ line: [span(' both connections went the same way', 'good')] }];
  }
  return [
    ...different.flatMap(aspect => [heading(aspect), ...aspect.different.flatMap(one => factLines(one, width))]),
    ...(ordered.length > 0 ? [title('Order of requests'), ...ordered] : []),
  ];
}

const title = (words: string): DifferenceLine => ({ line: [span(words, 'title')], heading: true });

function heading({ title: words, same }: AspectComparison): DifferenceLine {
  const rest = same > 0 ? [span(` (${counted(same, 'fact')} the same)`, 'faint')] : [];
  return { line: [span(words.charAt(0).toUpperCase() + words.slice(1), 'title'), ...rest], heading: true };
}

function factLines({ name, a, b }: Difference, width: number): DifferenceLine[] {
  const room = roomFor(width);
  const cells = [
    wrapped(drawable(name), nameWidth),
    wrapped(drawable(a ?? '-'), room),
    wrapped(drawable(b ?? '-'), room),
  ];
  const height = Math.max(...cells.map(cell => cell.length));
  return Array.from({ length: height }, (_, i): DifferenceLine => {
    const [first = '', left = '', right = ''] = cells.map(cell => cell[i] ?? '');
    const line: Line = [
      span(i === 0 ? ' ! ' : '   ', 'warn'),
      span(`${padded(first, nameWidth)}  `, 'key'),
      span(`${padded(left, room)}  `, a === undefined ? 'faint' : 'changed'),
      span(right, b === undefined ? 'faint' : 'changed'),
    ];
    return { line };
  });
}

const signs: { readonly [change in Aligned['change']]: string } = {
  same: '   ',
  'only-a': ' - ',
  'only-b': ' + ',
  moved: ' > ',
};

/** What came at another place or on one side alone; what is the same between is counted. */
function orderLines(order: readonly Aligned[], width: number): DifferenceLine[] {
  if (order.every(({ change }) => change === 'same')) return [];
  const half = Math.max(8, Math.floor((width - signWidth - 2) / 2));
  const lines: DifferenceLine[] = [];
  let same = 0;
  const count = (): void => {
    if (same > 0) lines.push({ line: [span(`   ${counted(same, 'request')} the same`, 'faint')] });
    same = 0;
  };
  for (const { change, what, a, b } of order) {
    if (change === 'same') {
      same++;
      continue;
    }
    count();
    const side = (n: number | undefined): string => (n === undefined ? '' : `${String(n).padStart(5)} ${what}`);
    const style = change === 'moved' ? 'changed' : change === 'only-a' ? 'bad' : 'good';
    lines.push({
      line: [
        span(signs[change], style),
        span(`${padded(drawable(side(a)), half)}  `, style),
        span(drawable(side(b)), style),
      ],
    });
  }
  count();
  return lines;
}
