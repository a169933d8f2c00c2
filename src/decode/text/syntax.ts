/** The form of a line, without knowing what its words mean: names, values, braces and lists. */

import { SyntaxProblem } from '../syntax-problem.ts';

/** A value as written. */
export type Written =
  | { readonly kind: 'word'; readonly text: string; readonly column: number }
  | { readonly kind: 'quoted'; readonly text: string; readonly column: number }
  | { readonly kind: 'group'; readonly items: readonly Item[]; readonly column: number }
  | { readonly kind: 'list'; readonly values: readonly Written[]; readonly column: number };

/** A value with its name; the name is empty where there is none. */
export interface Item {
  readonly name: string;
  readonly value: Written;
  readonly column: number;
}

/** Entries of a list that `{}*N` may stand for. */
const maxRepeat = 65_536;

/** Reads a text from left to right. */
export class Cursor {
  readonly text: string;
  at: number;

  constructor(text: string, at = 0) {
    this.text = text;
    this.at = at;
  }

  /** Passes what matches here and gives it; undefined where it does not match. The pattern must be sticky. */
  take(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.at;
    const match = pattern.exec(this.text);
    if (match) this.at += match[0].length;
    return match ?? undefined;
  }

  /** Passes space; true at the end of what is to be read: the text's end, or a remark. */
  atEnd(): boolean {
    this.take(/\s*/y);
    return (
      this.at >= this.text.length || /(?:^|\s)#(?:\s|$)/y.test(this.text.slice(Math.max(0, this.at - 1), this.at + 2))
    );
  }

  /** `name=value` or a value alone. */
  item(): Item {
    const column = this.at;
    const name = this.take(/[a-z_][a-z0-9_]*(?==)/iy)?.[0] ?? '';
    if (name !== '') this.at++;
    return { name, value: this.value(), column };
  }

  /** A value alone. */
  value(): Written {
    const column = this.at;
    if (this.take(/\{/y)) return { kind: 'group', items: this.#until('}', () => this.item()), column };
    if (this.take(/\[/y)) return { kind: 'list', values: this.#until(']', () => this.value()), column };
    const quoted = this.take(/"((?:[^"\\]|\\.)*)"/y);
    if (quoted) return { kind: 'quoted', text: quoted[1] as string, column };
    const word = this.take(/[^\s{}[\]"]+/y);
    if (!word) throw new SyntaxProblem('expected a value', column);
    return { kind: 'word', text: word[0], column };
  }

  #until<T>(close: string, one: () => T): T[] {
    const found: T[] = [];
    for (;;) {
      this.take(/\s*/y);
      if (this.text[this.at] === close) break;
      if (this.at >= this.text.length) throw new SyntaxProblem(`expected '${close}'`, this.at);
      found.push(...this.#repeated(one()));
    }
    this.at++;
    return found;
  }

  #repeated<T>(one: T): T[] {
    const repeat = this.take(/\*(\d+)/y);
    if (!repeat) return [one];
    const count = Number(repeat[1]);
    if (count > maxRepeat)
      throw new SyntaxProblem(`expected at most ${maxRepeat} entries`, this.at - repeat[0].length + 1);
    return new Array<T>(count).fill(one);
  }
}
