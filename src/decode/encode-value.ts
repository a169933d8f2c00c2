/** Single values on their way to bytes: what fits a field, and what to say where it does not. */
import type { Payload, Value } from './decode.ts';
import type { NamedBit } from './features.ts';
import type { Part, U64, WordField } from './schema.ts';
import { normalU64 } from './u64.ts';

/** A value that a field cannot hold. */
export class EncodeError extends Error {
  /** Field path, as in `regions[1].size`; empty for the message as a whole. */
  readonly path: string;

  constructor(path: string, message: string) {
    super(path === '' ? message : `${path}: ${message}`);
    this.name = 'EncodeError';
    this.path = path;
  }
}

/** Whether a value is a set of fields. */
export function isPayload(value: Value | undefined): value is Payload {
  return typeof value === 'object' && !Array.isArray(value) && !(value instanceof Uint8Array);
}

/** Puts a word together from its parts. */
export function word(field: WordField & { name: string }, payload: Payload, path: string): U64 {
  let value = BigInt(uint(payload[field.name] ?? 0, field.size, path));
  for (const [name, part] of Object.entries(field.parts)) {
    const partPath = path.slice(0, path.length - field.name.length) + name;
    value |= partBits(part, payload[name] ?? 0, partPath) << BigInt(part.from);
  }
  return normalU64(value);
}

/** Checks the value of a part of a word; its bits begin at bit 0. */
export function partBits({ width }: Part, given: Value, path: string): bigint {
  const bits = BigInt(uint(given === true ? 1 : given === false ? 0 : given, 8, path));
  if (bits >> BigInt(width) !== 0n)
    throw expected(path, width === 1 ? 'true or false' : `a number below ${2 ** width}`, given);
  return bits;
}

/** Checks an unsigned integer of `size` bytes. */
export function uint(value: Value, size: number, path: string, names: readonly string[] = []): U64 {
  const whole = typeof value === 'bigint' || (typeof value === 'number' && Number.isSafeInteger(value));
  if (whole && value >= 0 && BigInt(value as U64) >> BigInt(size * 8) === 0n) return value as U64;
  const or = names.length > 0 ? `, or ${names.join(', ')}` : '';
  throw expected(path, `a number of ${size} ${size === 1 ? 'byte' : 'bytes'}, 0 or more${or}`, value);
}

/** Checks a signed 64-bit number. */
export function int64(value: Value | undefined, path: string): U64 {
  const whole = typeof value === 'bigint' || (typeof value === 'number' && Number.isSafeInteger(value));
  if (value === undefined) return 0;
  if (!whole || BigInt.asIntN(64, BigInt(value)) !== BigInt(value))
    throw expected(path, 'a signed 64-bit number', value);
  return normalU64(BigInt(value));
}

/** The number of a value given by name; other values as they are. */
export function enumValue(value: Value | undefined, values: { readonly [name: string]: number }): Value {
  if (typeof value !== 'string') return value ?? 0;
  return Object.entries(values).find(([name]) => name === value.toUpperCase())?.[1] ?? value;
}

/** A mask given as a number or as the names of its bits. */
export function mask(
  value: Value | undefined,
  size: number,
  path: string,
  bitOf: (name: string) => number | undefined,
): U64 {
  if (!Array.isArray(value)) return uint(value ?? 0, size, path);
  let bits = 0n;
  for (const entry of value) {
    const bit = typeof entry === 'string' ? bitOf(entry.toUpperCase()) : entry;
    if (typeof bit !== 'number' || bit < 0 || bit >= size * 8) throw expected(path, 'names or numbers of bits', entry);
    bits |= 1n << BigInt(bit);
  }
  return normalU64(bits);
}

/** The number of a feature bit given by any of its names. */
export function bitNamed(bits: readonly (NamedBit | undefined)[], name: string): number | undefined {
  return bits.find(bit => bit !== undefined && (bit.name === name || bit.aliases?.includes(name)))?.bit;
}

/** A text of one byte a character, padded with NUL. */
export function text(value: Value | undefined, size: number, path: string): Uint8Array {
  const bytes = new Uint8Array(size);
  if (value === undefined) return bytes;
  if (typeof value !== 'string' || value.length > size) throw expected(path, `a text of at most ${size} bytes`, value);
  for (let i = 0; i < value.length; i++) {
    const code = value.charCodeAt(i);
    if (code > 0xff) throw expected(path, 'characters of one byte', value);
    bytes[i] = code;
  }
  return bytes;
}

/** Bytes given as pairs of hexadecimal digits, with or without `-` and `:`. */
export function digits(value: Value | undefined, size: number, path: string, what: string): Uint8Array {
  const bytes = new Uint8Array(size);
  if (value === undefined) return bytes;
  const plain = typeof value === 'string' ? value.replace(/[-:]/g, '') : '';
  if (plain.length !== size * 2 || !/^[0-9a-f]*$/i.test(plain)) throw expected(path, what, value);
  for (let i = 0; i < size; i++) bytes[i] = Number.parseInt(plain.slice(i * 2, i * 2 + 2), 16);
  return bytes;
}

/** Checks a set of fields; none where it was left out. */
export function payloadAt(value: Value | undefined, path: string): Payload {
  if (value === undefined) return {};
  if (!isPayload(value)) throw expected(path, 'fields', value);
  return value;
}

/** Checks a list. */
export function listAt(value: Value, path: string): Value[] {
  if (!Array.isArray(value)) throw expected(path, 'a list', value);
  return value;
}

/** Checks bytes. */
export function bytesAt(value: Value, path: string): Uint8Array {
  if (!(value instanceof Uint8Array)) throw expected(path, 'bytes', value);
  return value;
}

/** The error for a value that does not fit. */
export function expected(path: string, what: string, got: Value): EncodeError {
  const shown =
    typeof got === 'object' ? (Array.isArray(got) ? 'a list' : 'something else') : JSON.stringify(String(got));
  return new EncodeError(path, `expected ${what}, got ${shown}`);
}
