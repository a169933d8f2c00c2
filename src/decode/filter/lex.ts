/** The words of a filter. */
import { SyntaxProblem } from '../syntax-problem.ts';

/** A word of a filter and where it stands. */
export interface Token {
  readonly kind: 'name' | 'number' | 'text' | 'pattern' | 'sign' | 'end';
  /** As written; of texts and patterns what is between their marks. */
  readonly text: string;
  /** Column of its first character, from 0. */
  readonly column: number;
  /** Letters behind a pattern. */
  readonly flags?: string;
}

const patterns: readonly (readonly [kind: Token['kind'], pattern: RegExp])[] = [
  ['number', /(?:0x[0-9a-f]+|\d+(?:\.\d+)?(?:[a-zµ]+)?)(?![\w])/iy],
  ['name', /[a-z_](?:[\w.]|\[\d*\]|-(?=[a-z]))*(?:\(\d+\))?/iy],
  ['text', /"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'/y],
  ['pattern', /\/((?:[^/\\]|\\.)+)\/([a-z]*)/y],
  ['sign', /\.\.|==|!=|<=|>=|&&|\|\||!~|[=<>~&|!(){},]/y],
];

/** Splits a filter into words; the last one is the end. @throws SyntaxProblem */
export function lex(text: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  for (;;) {
    at += /^\s*/.exec(text.slice(at))?.[0].length ?? 0;
    if (at >= text.length) break;
    const token = tokenAt(text, at);
    tokens.push(token.token);
    at = token.end;
  }
  return [...tokens, { kind: 'end', text: '', column: text.length }];
}

function tokenAt(text: string, column: number): { token: Token; end: number } {
  for (const [kind, pattern] of patterns) {
    pattern.lastIndex = column;
    const match = pattern.exec(text);
    if (!match) continue;
    const end = column + match[0].length;
    if (kind === 'text') return { token: { kind, text: unescaped(match[1] ?? match[2] ?? ''), column }, end };
    if (kind === 'pattern') {
      return { token: { kind, text: match[1] as string, flags: match[2] as string, column }, end };
    }
    return { token: { kind, text: match[0], column }, end };
  }
  const char = text[column] as string;
  if (char === '"' || char === "'") throw new SyntaxProblem(`${char} without its end`, column);
  throw new SyntaxProblem(`unexpected '${char}'`, column);
}

function unescaped(text: string): string {
  return text.replace(/\\(.)/gs, '$1');
}
