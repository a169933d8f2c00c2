/** Two connections compared, as text: a sign and a colour for each difference, one below the other or side by side. */
import type { AspectComparison, Comparison, Difference } from '../../decode/compare/compare.ts';
import type { Aligned } from '../../decode/compare/order.ts';
import { counted } from '../../decode/counted.ts';
import { plain } from '../../decode/plain.ts';
import { wrapped } from '../wrapped.ts';

/** How it is laid out. */
export interface CompareStyle {
  readonly colour: boolean;
  /** Columns; what is wider is wrapped. */
  readonly width: number;
  readonly sideBySide: boolean;
}

/** The two sides in words. */
export interface Sides {
  readonly a: string;
  readonly b: string;
}

type Sign = '-' | '+' | '~' | '>' | ' ';

const colours: { readonly [sign in Sign]: string } = { '-': '31', '+': '32', '~': '33', '>': '36', ' ': '' };
/** Rows of the order that are shown before and behind one that differs. */
const context = 1;
/** Columns of a fact's name. */
const nameWidth = 30;

/** How a line is made. */
interface Look {
  readonly paint: (sign: Sign, text: string) => string;
  readonly bold: (text: string) => string;
  readonly width: number;
  readonly sideBySide: boolean;
}

/** Columns below which nothing can be laid out. */
const narrowest = 60;

function lookOf({ colour, width, sideBySide }: CompareStyle): Look {
  const coloured = (code: string, text: string): string =>
    colour && code !== '' ? `\x1b[${code}m${plain(text)}\x1b[0m` : plain(text);
  return {
    paint: (sign, text) => coloured(colours[sign], text),
    bold: text => coloured('1', text),
    width: Math.max(width, narrowest),
    sideBySide,
  };
}

/** The comparison as text, with a line end. */
export function compareText({ aspects, order, same }: Comparison, sides: Sides, style: CompareStyle): string {
  const look = lookOf(style);
  const different = aspects.filter(one => one.different.length > 0);
  const lines = [
    look.paint('-', `--- a: ${sides.a}`),
    look.paint('+', `+++ b: ${sides.b}`),
    ...different.flatMap(one => ['', heading(one, look), ...aspectLines(one, look)]),
    ...orderLines(order, look),
    '',
    verdict(aspects, order, same),
  ];
  return `${lines.map(line => line.trimEnd()).join('\n')}\n`;
}

function heading({ title, same, counts }: AspectComparison, look: Look): string {
  const rest = [same > 0 && `${same} the same`, !counts && 'does not count'].filter(Boolean);
  return `${look.bold(title)}${rest.length > 0 ? ` (${rest.join(', ')})` : ''}`;
}

function signOf({ a, b }: Difference): Sign {
  return a === undefined ? '+' : b === undefined ? '-' : '~';
}

/** Facts that are listed one by one where one side has none of them at all. */
const mostOneSided = 6;

function aspectLines({ different, same }: AspectComparison, look: Look): string[] {
  const [first] = different;
  const sign = first ? signOf(first) : ' ';
  const oneSided = same === 0 && sign !== '~' && different.every(row => signOf(row) === sign);
  if (!oneSided || different.length <= mostOneSided) return different.flatMap(row => differenceLines(row, look));
  const all = different.map(({ name, a, b }) => `${name} ${a ?? b}`).join(', ');
  const { paint } = look;
  return wrapped(`only ${sign === '-' ? 'a' : 'b'}: ${all}`, look.width - 4).map((line, i) =>
    paint(sign, i === 0 ? `${sign} ${line}` : `    ${line}`),
  );
}

function differenceLines(row: Difference, look: Look): string[] {
  const { paint } = look;
  const sign = signOf(row);
  if (look.sideBySide) return columnsOf(sign, row, look);
  const indent = ' '.repeat(6);
  if (sign !== '~') {
    const value = `${row.name}: ${row.a ?? row.b}`;
    return wrapped(value, look.width - 4).map((line, i) =>
      paint(sign, `${i === 0 ? sign : ' '} ${i === 0 ? '' : '    '}${line}`),
    );
  }
  const short = `~ ${row.name}: ${row.a} → ${row.b}`;
  if (short.length <= look.width) {
    return [`${paint('~', `~ ${row.name}:`)} ${paint('-', row.a ?? '')} → ${paint('+', row.b ?? '')}`];
  }
  return [
    paint('~', `~ ${row.name}`),
    ...wrapped(row.a ?? '', look.width - 8).map((line, i) => paint('-', `${indent}${i === 0 ? '- ' : '  '}${line}`)),
    ...wrapped(row.b ?? '', look.width - 8).map((line, i) => paint('+', `${indent}${i === 0 ? '+ ' : '  '}${line}`)),
  ];
}

function columnsOf(sign: Sign, { name, a = '', b = '' }: Difference, look: Look): string[] {
  const { paint } = look;
  const half = Math.floor((look.width - nameWidth - 4) / 2);
  const cells = [wrapped(name, nameWidth - 1), wrapped(a, half - 1), wrapped(b, half - 1)] as const;
  const height = Math.max(...cells.map(cell => cell.length));
  return Array.from({ length: height }, (_, i) => {
    const [title, left, right] = cells.map(cell => cell[i] ?? '') as [string, string, string];
    const head = paint(sign, `${i === 0 ? sign : ' '} ${title.padEnd(nameWidth)}`);
    return `${head}${paint(sign === '~' ? '-' : sign, left.padEnd(half))}${paint(sign === '~' ? '+' : sign, right)}`;
  });
}

const orderSigns: { readonly [change in Aligned['change']]: Sign } = {
  'only-a': '-',
  'only-b': '+',
  moved: '>',
  same: ' ',
};

function orderLines(order: readonly Aligned[], look: Look): string[] {
  if (order.every(row => row.change === 'same')) return [];
  const near = order.map((_, i) =>
    order.slice(Math.max(0, i - context), i + context + 1).some(row => row.change !== 'same'),
  );
  const lines: string[] = [];
  let hidden = 0;
  const flush = (): void => {
    if (hidden > 0) lines.push(`    … ${hidden} the same`);
    hidden = 0;
  };
  for (const [i, row] of order.entries()) {
    if (!near[i]) {
      hidden += 1;
      continue;
    }
    flush();
    lines.push(orderLine(row, look));
  }
  flush();
  return [
    '',
    `${look.bold('order of requests')} (records of a and b; while rings run, order does not count)`,
    ...lines,
  ];
}

function orderLine({ change, what, a, b }: Aligned, look: Look): string {
  const { paint } = look;
  const sign = orderSigns[change];
  const [left, right] = [a === undefined ? '' : String(a), b === undefined ? '' : String(b)];
  if (!look.sideBySide) {
    const note = change === 'moved' ? ' (only its place differs)' : '';
    return paint(sign, `${sign} ${left.padStart(6)} ${right.padStart(6)}  ${what}${note}`);
  }
  const half = Math.floor((look.width - 2) / 2);
  const one = a === undefined ? '' : `${left.padStart(6)}  ${what}`;
  const other = b === undefined ? '' : `${right.padStart(6)}  ${what}`;
  return paint(sign, `${sign} ${one.padEnd(half)}${other}`);
}

function verdict(aspects: readonly AspectComparison[], order: readonly Aligned[], same: boolean): string {
  if (same) return 'the same negotiation, in the same order, with the same end';
  const counting = aspects.filter(one => one.counts && one.different.length > 0).map(one => one.title);
  const places = order.filter(row => row.change !== 'same').length;
  const parts = [...counting, ...(places > 0 ? [`the order (${counted(places, 'place')})`] : [])];
  return `different in ${parts.join(', ')}`;
}
