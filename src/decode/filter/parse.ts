/**
 * The grammar of filters:
 *
 * ```
 * either  = both { ("or" | "||") both }
 * both    = one { ("and" | "&&") one }
 * one     = ("not" | "!") one | "(" either ")" | test
 * test    = message | number | word | field [ comparison ]
 * comparison = ("==" | "!=" | "<" | "<=" | ">" | ">=") value | ["=="] range | ["in"] set
 *         | ("~" | "!~" | "matches" | "contains") pattern | "has" (value | set) | "&" value [ "==" value ]
 * range   = value ".." value        set = "{" (value | range) { "," … } "}"
 * ```
 */
import { candidates, messageByName, messagesOf } from '../catalog.ts';
import { channels } from '../frame.ts';
import { didYouMean, SyntaxProblem } from '../syntax-problem.ts';
import { anyValue, between, comparisons, hasBits, inCommon, matching, noValue } from './compare.ts';
import { fieldNamed, fieldNames } from './fields.ts';
import { lex, type Token } from './lex.ts';
import { type Literal, literalOf } from './literal.ts';
import { all, any, type Node, not, onHead } from './node.ts';
import { Regular } from './regular.ts';
import type { Selector } from './selector.ts';
import { eventNames, words } from './words.ts';

/** Compiles a filter. @throws SyntaxProblem that names the column */
export function parse(text: string): Node {
  const parser = new Parser(lex(text));
  const node = parser.either();
  parser.expectEnd();
  return node;
}

/** Nesting that is followed; a deeper filter is refused. */
const maxDepth = 200;

class Parser {
  readonly #tokens: readonly Token[];
  #at = 0;
  #depth = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  either(): Node {
    const parts = [this.#both()];
    while (this.#take('or', '||')) parts.push(this.#both());
    return parts.length === 1 ? (parts[0] as Node) : any(parts);
  }

  expectEnd(): void {
    const token = this.#next();
    if (token.kind === 'end') return;
    const hint =
      token.kind === 'name' || token.kind === 'number'
        ? "expected 'and' or 'or' before this"
        : `unexpected '${token.text}'`;
    throw new SyntaxProblem(hint, token.column);
  }

  #both(): Node {
    const parts = [this.#one()];
    while (this.#take('and', '&&')) parts.push(this.#one());
    return parts.length === 1 ? (parts[0] as Node) : all(parts);
  }

  #one(): Node {
    const token = this.#peek();
    if (++this.#depth > maxDepth) throw new SyntaxProblem('the filter is nested too deeply', token.column);
    try {
      if (this.#take('not', '!')) return not(this.#one());
      if (!this.#take('(')) return this.#test();
      const node = this.either();
      if (!this.#take(')')) throw new SyntaxProblem("expected ')'", this.#peek().column);
      return node;
    } finally {
      this.#depth--;
    }
  }

  #test(): Node {
    const token = this.#next();
    if (token.kind === 'number') return ofNumber(Number(token.text), token);
    if (token.kind !== 'name')
      throw new SyntaxProblem(token.kind === 'end' ? 'expected a test' : `unexpected '${token.text}'`, token.column);
    const field = fieldNamed(token.text);
    if (field && this.#compares()) return this.#comparison(field);
    const known = wordNamed(token.text);
    if (known) return known;
    if (field) return field.kind === 'switch' ? anyValue(field, value => value === true) : anyValue(field, () => true);
    const names = [...fieldNames(), ...Object.keys(words), ...messageNames()];
    const what = this.#compares() ? 'there is no field' : 'there is no message, field or word';
    throw new SyntaxProblem(`${what} ${token.text}${didYouMean(token.text, names)}`, token.column);
  }

  /** Whether a comparison follows, so that a word is meant as a field. */
  #compares(): boolean {
    const { kind, text } = this.#peek();
    if (kind === 'number' || kind === 'text' || kind === 'pattern') return true;
    if (kind === 'name') return ['in', 'has', 'matches', 'contains'].includes(text.toLowerCase());
    return ['==', '=', '!=', '<', '<=', '>', '>=', '~', '!~', '&', '{'].includes(text);
  }

  #comparison(field: Selector): Node {
    const { column } = this.#peek();
    if (this.#take('!=')) return noValue(field, this.#oneOf(field));
    if (this.#take('==', '=')) return anyValue(field, this.#oneOf(field));
    for (const sign of ['<=', '>=', '<', '>'] as const) {
      if (!this.#take(sign)) continue;
      if (field.kind === 'switch' || field.kind === 'bytes')
        throw new SyntaxProblem(`${field.name} has no order`, column);
      return anyValue(field, comparisons[sign](this.#literal(field)));
    }
    if (this.#take('has')) return anyValue(field, hasBits(this.#masks(field, column)));
    if (this.#take('&')) return this.#bits(field, column);
    if (this.#take('!~')) return noValue(field, matching(this.#pattern()));
    if (this.#take('~', 'matches', 'contains')) return anyValue(field, matching(this.#pattern()));
    this.#take('in');
    return anyValue(field, this.#oneOf(field));
  }

  /** A value, a range, or a set of them. */
  #oneOf(field: Selector): ReturnType<typeof between> {
    const close = this.#take('{') ? '}' : this.#take('(') ? ')' : undefined;
    if (!close) return this.#valueOrRange(field);
    const checks = [this.#valueOrRange(field)];
    while (this.#take(',') || !this.#is(close)) checks.push(this.#valueOrRange(field));
    this.#take(close);
    return (value, subject) => checks.some(check => check(value, subject));
  }

  #valueOrRange(field: Selector): ReturnType<typeof between> {
    const least = this.#literal(field);
    return this.#take('..') ? between(least, this.#literal(field)) : comparisons['=='](least);
  }

  #masks(field: Selector, column: number): Literal[] {
    if (field.kind !== 'number') throw new SyntaxProblem(`${field.name} is not a mask`, column);
    const close = this.#take('{') ? '}' : this.#take('(') ? ')' : undefined;
    const masks = [this.#literal(field)];
    while (close && !this.#take(close)) {
      this.#take(',');
      masks.push(this.#literal(field));
    }
    return masks;
  }

  #bits(field: Selector, column: number): Node {
    if (field.kind !== 'number') throw new SyntaxProblem(`${field.name} is not a mask`, column);
    const mask = this.#literal(field);
    if (this.#take('==', '=')) return anyValue(field, inCommon(mask, comparisons['=='](this.#literal(field))));
    if (!this.#take('!=')) return anyValue(field, inCommon(mask));
    const same = comparisons['=='](this.#literal(field));
    return anyValue(
      field,
      inCommon(mask, (value, subject) => !same(value, subject)),
    );
  }

  #literal(field: Selector): Literal {
    const token = this.#next();
    if (token.kind === 'end' || token.kind === 'sign') throw new SyntaxProblem('expected a value', token.column);
    return literalOf(field, token);
  }

  #pattern(): Regular {
    const token = this.#next();
    if (token.kind === 'end' || token.kind === 'sign') throw new SyntaxProblem('expected a pattern', token.column);
    const flags = token.flags ?? '';
    if (!/^i?$/.test(flags)) throw new SyntaxProblem(`unknown letters '${flags}' behind the pattern`, token.column);
    try {
      return new Regular(token.text, flags === 'i');
    } catch (error) {
      if (!(error instanceof SyntaxProblem)) throw error;
      throw new SyntaxProblem(error.message, token.column + (token.kind === 'name' ? 0 : 1) + error.column);
    }
  }

  #peek(): Token {
    return this.#tokens[this.#at] as Token;
  }

  #next(): Token {
    const token = this.#peek();
    if (token.kind !== 'end') this.#at++;
    return token;
  }

  #is(text: string): boolean {
    const token = this.#peek();
    return (token.kind === 'sign' || token.kind === 'name') && token.text.toLowerCase() === text;
  }

  #take(...texts: readonly string[]): boolean {
    if (!texts.some(text => this.#is(text))) return false;
    this.#at++;
    return true;
  }
}

/** A word on its own: a message by any of its names, an event, or one of the words. */
function wordNamed(text: string): Node | undefined {
  const lower = text.toLowerCase();
  if (Object.hasOwn(words, lower)) return words[lower];
  if (eventNames.includes(lower))
    return { cost: 1, test: subject => subject.kind === 'event' && subject.name === lower, head: onlyEvents };
  const unknown = /^UNKNOWN\((\d+)\)$/i.exec(text);
  if (unknown) {
    const id = Number(unknown[1]);
    return onHead(head => head.id === id && candidates(head.channel, id).length === 0);
  }
  const found = messageByName(text);
  if (!found) return undefined;
  const { channel, spec } = found;
  const onSame = candidates(channel, spec.id);
  const named = onHead(head => head.kind === 'message' && head.channel === channel && head.id === spec.id);
  if (onSame.length === 1) return named;
  // Several messages share the number: the bytes tell which it is.
  return all([named, { cost: 2, test: subject => subject.message?.spec === spec, head: () => 'maybe' }]);
}

const onlyEvents: Node['head'] = head => (head.kind === 'event' ? 'maybe' : 'no');

function ofNumber(id: number, token: Token): Node {
  if (!Number.isInteger(id)) throw new SyntaxProblem('expected the number of a message', token.column);
  return onHead(head => head.kind === 'message' && head.id === id);
}

function messageNames(): string[] {
  return channels.flatMap(channel => messagesOf[channel].map(spec => spec.name));
}
