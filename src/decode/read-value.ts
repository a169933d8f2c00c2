/** Single values read from bytes. The bytes must be there; how many a field has says `fixedSize`. */
import type { Value } from './decode.ts';
import { readU32 } from './header.ts';
import type { NamedField, Part, U64, WordField } from './schema.ts';
import { hasBit, joinU64, normalU64, slice } from './u64.ts';

/** Reads a field that is neither word, group nor array; nothing for padding that is zero. */
export function readScalar(
  field: NamedField,
  bytes: Uint8Array,
  at: number,
  size: number,
  bigEndian: boolean,
): Value | undefined {
  switch (field.kind) {
    case 'pad':
      for (let i = at; i < at + size; i++) if (bytes[i] !== 0) return bytes.subarray(at, at + size);
      return undefined;
    case 'i64':
      return signed(readUint(bytes, at, 8, bigEndian));
    case 'text':
      return readText(bytes, at, size);
    case 'uuid':
      return readUuid(bytes, at);
    case 'mac':
      return Array.from(bytes.subarray(at, at + 6), twoDigits).join(':');
    case 'table': {
      const entries: U64[] = [];
      for (let i = 0; i < field.count; i++) entries.push(readUint(bytes, at + i * 8, 8, bigEndian));
      return entries;
    }
    case 'bytes':
    case 'config':
      return bytes.subarray(at, at + size);
    default:
      return readUint(bytes, at, size, bigEndian);
  }
}

/** The value of a part of a word. */
export function readPart(word: U64, part: Part): U64 | boolean {
  return part.width === 1 ? hasBit(word, part.from) : slice(word, part.from, part.width);
}

const knownBits = new WeakMap<object, bigint>();

/** The bits of a word that belong to no part. */
export function unknownBits(word: U64, field: WordField): U64 {
  if (word === 0) return 0;
  let known = knownBits.get(field.parts);
  if (known === undefined) {
    known = 0n;
    for (const part of Object.values(field.parts)) known |= ((1n << BigInt(part.width)) - 1n) << BigInt(part.from);
    knownBits.set(field.parts, known);
  }
  return normalU64(BigInt(word) & ~known);
}

/** Reads an unsigned integer of 1, 2, 4 or 8 bytes. */
export function readUint(bytes: Uint8Array, at: number, size: number, bigEndian: boolean): U64 {
  switch (size) {
    case 1:
      return bytes[at] as number;
    case 2:
      return bigEndian
        ? ((bytes[at] as number) << 8) | (bytes[at + 1] as number)
        : ((bytes[at + 1] as number) << 8) | (bytes[at] as number);
    case 4:
      return readU32(bytes, at, bigEndian);
    default: {
      const first = readU32(bytes, at, bigEndian);
      const second = readU32(bytes, at + 4, bigEndian);
      return bigEndian ? joinU64(second, first) : joinU64(first, second);
    }
  }
}

/** Reads a text of fixed size up to its first NUL; bytes outside printable ASCII stay as they are, as Latin-1. */
function readText(bytes: Uint8Array, at: number, size: number): string {
  let text = '';
  for (let i = at; i < at + size && bytes[i] !== 0; i++) text += String.fromCharCode(bytes[i] as number);
  return text;
}

/** Reads 16 bytes as a UUID in RFC 4122 order. */
function readUuid(bytes: Uint8Array, at: number): string {
  const digits = Array.from(bytes.subarray(at, at + 16), twoDigits).join('');
  return `${digits.slice(0, 8)}-${digits.slice(8, 12)}-${digits.slice(12, 16)}-${digits.slice(16, 20)}-${digits.slice(20)}`;
}

function signed(value: U64): U64 {
  if (typeof value === 'number') return value;
  const big = BigInt.asIntN(64, value);
  return big >= -0x1fffffffffffffn && big <= 0x1fffffffffffffn ? Number(big) : big;
}

function twoDigits(byte: number): string {
  return byte.toString(16).padStart(2, '0');
}
