/**
 * Sentences about JSON objects, declared as data: `eventSentence` and the Wireshark dissectors both speak from them.
 *
 * A template is text with values in braces. `{pid}` is the value of a key, `{front_end.pid}` one within it, `{@n}` a
 * property of the record; `{executable/comm/'unknown'}` is the first that is there, or else what is quoted. Of a list,
 * `{did|, }` says the entries with what stands behind the bar between them, `{rules|#}` how many there are. `{*}` lists
 * the keys that the sentence does not name. What stands in `[brackets]` is said only where all its values are there; a
 * backslash takes the meaning from the character behind it.
 *
 * No value, null, an empty text, an empty list and a 0 of the record are not there.
 */

/** A sentence, or a part of one, as it is declared. */
export type Phrase = string | readonly Phrase[] | Choice;

/** A part that depends on a value. */
export interface Choice {
  /** The value's key, dotted where it lies within another. */
  readonly of: string;
  /** What is said, by value as text: `eof`, `false`, `0`. */
  readonly are?: { readonly [value: string]: Phrase };
  /** What is said of another value; nothing by default. */
  readonly otherwise?: Phrase;
  /** What is said where it is not there; nothing by default. */
  readonly absent?: Phrase;
}

/** A phrase taken apart. */
export type Part = string | ValuePart | OptionalPart | ChoicePart | RestPart;

/** The first of several values. */
export interface ValuePart {
  /** Keys, from the outermost on; a property of the record begins with `@`. */
  readonly value: readonly (readonly string[])[];
  /** Said where none is there. */
  readonly fallback?: string;
  /** Between the entries of a list. */
  readonly between?: string;
  /** Says how many entries a list has. */
  readonly count?: true;
}

/** Said only where all its values are there. */
export interface OptionalPart {
  readonly optional: readonly Part[];
}

/** A choice by a value. */
export interface ChoicePart {
  readonly of: readonly string[];
  readonly are: { readonly [value: string]: readonly Part[] };
  readonly otherwise: readonly Part[];
  readonly absent: readonly Part[];
}

/** All keys but those, as ` (key value, key value)`. */
export interface RestPart {
  readonly rest: readonly string[];
}

/** Takes a phrase apart. `silent` are keys that `{*}` does not list either. Throws on a template that is none. */
export function parsePhrase(phrase: Phrase, silent: readonly string[] = []): readonly Part[] {
  const named = partsOf(phrase, []).flatMap(keysOf);
  return partsOf(phrase, [...new Set([...silent, ...named])]);
}

function partsOf(phrase: Phrase, rest: readonly string[]): readonly Part[] {
  if (typeof phrase === 'string') return new Template(phrase, rest).parts();
  if (!('of' in phrase)) return phrase.flatMap(each => partsOf(each, rest));
  const { of, are = {}, otherwise = '', absent = '' } = phrase;
  const byValue = Object.entries(are).map(([value, each]) => [value, partsOf(each, rest)] as const);
  return [
    {
      of: of.split('.'),
      are: Object.fromEntries(byValue),
      otherwise: partsOf(otherwise, rest),
      absent: partsOf(absent, rest),
    },
  ];
}

/** The outermost keys that a part names. */
function keysOf(part: Part): string[] {
  if (typeof part === 'string' || 'rest' in part) return [];
  if ('value' in part) return part.value.map(([key = '']) => key);
  if ('optional' in part) return part.optional.flatMap(keysOf);
  const said = [...Object.values(part.are), part.otherwise, part.absent];
  return [part.of[0] ?? '', ...said.flat().flatMap(keysOf)];
}

class Template {
  readonly #text: string;
  readonly #rest: readonly string[];
  #at = 0;

  constructor(text: string, rest: readonly string[]) {
    this.#text = text;
    this.#rest = rest;
  }

  parts(within = false): Part[] {
    const parts: Part[] = [];
    let plain = '';
    const flush = (): void => {
      if (plain !== '') parts.push(plain);
      plain = '';
    };
    while (this.#at < this.#text.length) {
      const sign = this.#text[this.#at++] as string;
      if (sign === ']' && within) {
        flush();
        return parts;
      }
      if (sign === '[' || sign === '{') {
        flush();
        parts.push(sign === '[' ? { optional: this.parts(true) } : this.#value());
      } else {
        plain += sign === '\\' ? (this.#text[this.#at++] ?? '') : sign;
      }
    }
    if (within) throw new Error(`a bracket is not closed in "${this.#text}"`);
    flush();
    return parts;
  }

  #value(): Part {
    const end = this.#text.indexOf('}', this.#at);
    const inner = this.#text.slice(this.#at, end);
    const [, keys = '', fallback, , list] = /^([@\w./-]+?|\*)(?:\/'([^']*)')?(\|(.+))?$/.exec(inner) ?? [];
    if (end < 0 || keys === '') throw new Error(`no value at ${this.#at} of "${this.#text}"`);
    this.#at = end + 1;
    if (keys === '*') return { rest: this.#rest };
    return {
      value: keys.split('/').map(path => path.split('.')),
      ...(fallback !== undefined && { fallback }),
      ...(list === '#' ? { count: true } : list !== undefined && { between: list }),
    };
  }
}
