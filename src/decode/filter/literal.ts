/** Values as a filter writes them: numbers with units, names of values and bits, texts, bytes. */
import { didYouMean, SyntaxProblem } from '../syntax-problem.ts';
import { normalU64 } from '../u64.ts';
import type { Token } from './lex.ts';
import type { FilterValue, Selector } from './selector.ts';
import type { Subject } from './subject.ts';

/** A value to compare with; what a name stands for may depend on the record. */
export type Literal = (subject: Subject | undefined) => FilterValue | undefined;

const timeUnits: { readonly [unit: string]: number } = {
  ns: 1,
  us: 1e3,
  µs: 1e3,
  ms: 1e6,
  s: 1e9,
  m: 60e9,
  min: 60e9,
  h: 3600e9,
};
const sizeUnits: { readonly [unit: string]: number } = {
  b: 1,
  ...Object.fromEntries(
    ['k', 'm', 'g', 't'].flatMap((unit, i) => [unit, `${unit}b`, `${unit}ib`].map(name => [name, 1024 ** (i + 1)])),
  ),
};

/** Reads a value for a field. @throws SyntaxProblem */
export function literalOf(selector: Selector, token: Token): Literal {
  switch (selector.kind) {
    case 'switch':
      return constant(switchOf(token));
    case 'text':
      return constant(textOf(selector, token));
    case 'bytes':
      return constant(bytesOf(token));
    default:
      return token.kind === 'number' ? constant(numberOf(selector, token)) : named(selector, token);
  }
}

function constant(value: FilterValue): Literal {
  return () => value;
}

function switchOf(token: Token): boolean {
  if (/^(true|yes|on|1)$/i.test(token.text)) return true;
  if (/^(false|no|off|0)$/i.test(token.text)) return false;
  throw new SyntaxProblem('expected true or false', token.column);
}

function textOf(selector: Selector, token: Token): string {
  if (!['name', 'number', 'text'].includes(token.kind)) throw new SyntaxProblem('expected a text', token.column);
  if (token.kind === 'name' && selector.names && !selector.names.includes(token.text)) {
    throw new SyntaxProblem(
      `${selector.name} is never ${token.text}${didYouMean(token.text, selector.names)}, it is one of ${selector.names.join(', ')}`,
      token.column,
    );
  }
  return selector.textOf ? selector.textOf(token.text) : token.text;
}

function bytesOf(token: Token): Uint8Array {
  const digits = token.text.replace(/^0x/i, '').replace(/[\s:-]/g, '');
  if (digits.length % 2 !== 0 || !/^[0-9a-f]*$/i.test(digits)) {
    throw new SyntaxProblem('expected pairs of hexadecimal digits', token.column);
  }
  return Uint8Array.from(digits.match(/../g) ?? [], pair => Number.parseInt(pair, 16));
}

/** A number; with a unit in nanoseconds or bytes. */
export function numberOf(selector: Selector, token: Token): number | bigint {
  if (/^0x/i.test(token.text)) return within64(BigInt(token.text), token);
  const [, digits = '', unit = ''] = /^([\d.]+)(.*)$/.exec(token.text) ?? [];
  if (unit === '' && selector.unit === 'time') {
    if (selector.bare !== undefined) return Number(digits) * selector.bare;
    throw new SyntaxProblem(`a time needs a unit, as in ${digits}ms`, token.column);
  }
  if (unit === '') return digits.includes('.') ? Number(digits) : within64(BigInt(digits), token);
  const scale = selector.unit === 'time' ? timeUnits[unit.toLowerCase()] : sizeUnits[unit.toLowerCase()];
  if (scale === undefined) {
    const known = selector.unit === 'time' ? 'ns, us, ms, s, m, h' : 'K, M, G, T';
    throw new SyntaxProblem(`unknown unit '${unit}', expected one of ${known}`, token.column + digits.length);
  }
  return Math.round(Number(digits) * scale);
}

function within64(value: bigint, token: Token): number | bigint {
  if (value >> 64n !== 0n) throw new SyntaxProblem('the number has more than 64 bits', token.column);
  return normalU64(value);
}

function named(selector: Selector, token: Token): Literal {
  const { numberOf: meant, names = [] } = selector;
  if (token.kind !== 'name') throw new SyntaxProblem('expected a number', token.column);
  if (!meant) throw new SyntaxProblem(`expected a number, ${selector.name} has no named values`, token.column);
  if (meant(token.text, undefined) === undefined) {
    throw new SyntaxProblem(
      `${selector.name} has no value ${token.text}${didYouMean(token.text, names)}`,
      token.column,
    );
  }
  return subject => meant(token.text, subject);
}
