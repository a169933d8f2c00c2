/** Written values to the values a struct is encoded from, by the kind of their field. */
import type { Payload, Value } from '../decode.ts';
import { unquoted } from '../plain.ts';
import type { NamedField, Struct, U64 } from '../schema.ts';
import { SyntaxProblem } from '../syntax-problem.ts';
import { bitsOf, normalU64 } from '../u64.ts';
import { parseBytes } from './bytes.ts';
import { bareName } from './layout.ts';
import type { Item, Written } from './syntax.ts';

/** The fields of a struct. A value without a name belongs to the struct's only one. */
export function payloadOf(struct: Struct, items: readonly Item[]): Payload {
  const payload: Payload = {};
  for (const item of items) {
    const name = item.name === '' ? (bareName(struct) ?? '') : item.name;
    const field = struct.list.find(one => one.name === name);
    const part = struct.list.find(one => one.kind === 'word' && name in one.parts);
    if (field) payload[name] = readValue(field, item.value);
    else if (part) payload[name] = numberIn(item.value);
    else if (item.value.kind === 'word' && isSwitch(struct, item.value.text)) payload[item.value.text] = true;
    else throw new SyntaxProblem(`${struct.name} has no field ${name || 'without a name'}`, item.column);
  }
  return payload;
}

/** Whether a struct has a place for every item, also within its groups and lists. */
export function hasAll(struct: Struct, items: readonly Item[]): boolean {
  return items.every(({ name, value }) => {
    if (name === '') return bareName(struct) !== undefined || (value.kind === 'word' && isSwitch(struct, value.text));
    const field = struct.list.find(one => one.name === name || (one.kind === 'word' && name in one.parts));
    if (field?.kind === 'group') return value.kind === 'group' && hasAll(field.of, value.items);
    if (field?.kind !== 'array' || value.kind !== 'list') return field !== undefined;
    return value.values.every(entry => entry.kind === 'group' && hasAll(field.of, entry.items));
  });
}

/** Whether a word alone is the name of a single bit, and so stands for it being set. */
function isSwitch(struct: Struct, word: string): boolean {
  return struct.list.some(field => field.kind === 'word' && field.parts[word]?.width === 1);
}

/**
 * The value of a field as it is written: texts in quotes or as a word, bytes as hexadecimal digits or as a text in quotes.
 *
 * @throws SyntaxProblem
 */
export function readValue(field: NamedField, written: Written): Value {
  switch (field.kind) {
    case 'group':
      if (written.kind !== 'group') throw expected('fields in braces', written);
      return payloadOf(field.of, written.items);
    case 'array':
      return listOf(written).map(entry => {
        if (entry.kind !== 'group') throw expected('fields in braces', entry);
        return payloadOf(field.of, entry.items);
      });
    case 'table':
      return tableOf(field.count, listOf(written));
    case 'pad':
    case 'bytes':
    case 'config': {
      if (written.kind === 'quoted') return latin1(unquoted(written.text), written);
      const bytes = written.kind === 'word' ? parseBytes(written.text) : undefined;
      if (!bytes) throw expected('pairs of hexadecimal digits', written);
      return bytes;
    }
    case 'text':
      return written.kind === 'quoted' ? unquoted(written.text) : wordOf(written);
    case 'uuid':
    case 'mac':
      return wordOf(written);
    case 'flags':
    case 'features':
      return maskOf(written);
    case 'enum':
      return /^\d/.test(wordOf(written)) ? numberIn(written) : wordOf(written);
    default:
      return field.id === 'ack' ? ackOf(written) : numberIn(written);
  }
}

/** `A|B|0x4` as the names of bits and, for those without, their numbers. */
function maskOf(written: Written): Value {
  const words = wordOf(written).split('|');
  if (words.length === 1 && /^\d/.test(words[0] as string)) return numberIn(written);
  return words.flatMap((word): Value[] => (/^\d/.test(word) ? bitsOf(numberOf(word, written.column)) : [word]));
}

function ackOf(written: Written): Value {
  const word = wordOf(written);
  if (word === 'ok') return 0;
  const failed = /^failed\((.+)\)$/.exec(word)?.[1];
  return numberOf(failed ?? word, written.column);
}

function tableOf(count: number, written: readonly Written[]): U64[] {
  const table = new Array<U64>(count).fill(0);
  for (const entry of written) {
    const match = /^(\d+):(\w+)$/.exec(wordOf(entry));
    const index = Number(match?.[1]);
    if (!match || index >= count) throw expected(`an entry such as 3:0x1000, below ${count}`, entry);
    table[index] = numberOf(match[2] as string, entry.column);
  }
  return table;
}

function listOf(written: Written): readonly Written[] {
  if (written.kind !== 'list') throw expected('a list in brackets', written);
  return written.values;
}

function wordOf(written: Written): string {
  if (written.kind !== 'word') throw expected('a word', written);
  return written.text;
}

/** A text as bytes, one for each character. */
function latin1(text: string, written: Written): Uint8Array {
  const codes = Array.from(text, character => character.codePointAt(0) as number);
  if (codes.some(code => code > 0xff)) throw expected('characters of one byte', written);
  return Uint8Array.from(codes);
}

/** A number as it is written. @throws SyntaxProblem */
export function numberIn(written: Written): U64 {
  return numberOf(wordOf(written), written.column);
}

/** A number in decimal or, with `0x`, hexadecimal. */
export function numberOf(text: string, column: number): U64 {
  if (!/^-?\d+$|^0x[0-9a-f]+$/i.test(text)) throw new SyntaxProblem('expected a number', column);
  const value = BigInt(text);
  if (value < 0n) return value >= -0x1fffffffffffffn ? Number(value) : value;
  if (value >> 64n !== 0n) throw new SyntaxProblem('the number has more than 64 bits', column);
  return normalU64(value);
}

function expected(what: string, written: Written): SyntaxProblem {
  return new SyntaxProblem(`expected ${what}`, written.column);
}
