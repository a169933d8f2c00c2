/**
 * Bytes to values: walks a declared struct. Never throws: what does not fit becomes a problem, what is left over is
 * kept, and what the recorder shortened is said to be cut, not malformed.
 */
import { type Facts, holds } from './condition.ts';
import { readPart, readScalar, readUint, unknownBits } from './read-value.ts';
import type { Field, NamedField, Part, Struct, U64 } from './schema.ts';

/** Bytes that do not fit the declaration. */
export interface Problem {
  /** Field path, as in `regions[1].size`; empty for the message as a whole. */
  path: string;
  /** Offset in the message, header included. */
  offset: number;
  message: string;
}

/** A decoded field. */
export type Value = U64 | string | boolean | Uint8Array | Payload | Value[];
/** Decoded fields by name. */
export interface Payload {
  [name: string]: Value;
}

/** A stretch of bytes being decoded. */
export interface Source extends Facts {
  readonly bytes: Uint8Array;
  /** Where the payload begins in `bytes`. */
  readonly start: number;
  readonly bigEndian: boolean;
}

/** What became of a payload. */
export interface Decoded {
  payload: Payload;
  problems: readonly Problem[];
  /** The recorder kept less than was on the wire; later fields are missing for that reason. */
  cut: boolean;
  /** Bytes after the declared fields, or those of a field that is not whole. */
  rest?: Uint8Array;
}

/** No problems, shared. */
export const noProblems: readonly Problem[] = Object.freeze([]);

/** Decodes the payload of `source` as `struct`. */
export function decodeStruct(struct: Struct, source: Source): Decoded {
  const walk = new Walk(source);
  const payload: Payload = {};
  walk.fields(struct, payload, '');
  return walk.finish(payload);
}

/** Bytes of a field of fixed size; `undefined` where the size depends on the message. */
export function fixedSize(field: Field): number | undefined {
  switch (field.kind) {
    case 'u8':
      return 1;
    case 'u16':
      return 2;
    case 'u32':
      return 4;
    case 'u64':
    case 'i64':
    case 'features':
      return 8;
    case 'enum':
    case 'flags':
    case 'word':
    case 'pad':
      return field.size;
    case 'text':
      return field.length;
    case 'uuid':
      return 16;
    case 'mac':
      return 6;
    case 'table':
      return field.count * 8;
    case 'bytes':
      return typeof field.length === 'number' ? field.length : undefined;
    default:
      return undefined;
  }
}

class Walk {
  readonly #source: Source;
  /** End of the payload on the wire and end of what was captured of it. */
  readonly #end: number;
  readonly #captured: number;
  #at: number;
  #problems: Problem[] | undefined;
  #cut = false;

  constructor(source: Source) {
    this.#source = source;
    this.#at = source.start;
    this.#end = source.start + source.size;
    this.#captured = Math.min(this.#end, source.bytes.length);
  }

  /** Decodes the fields of a struct into `into`; false where the bytes ran out. */
  fields(struct: Struct, into: Payload, path: string): boolean {
    for (const field of struct.list) {
      if (field.when !== undefined && !holds(field.when, this.#source)) continue;
      if (!this.#field(field, into, path)) return false;
    }
    return true;
  }

  finish(payload: Payload): Decoded {
    const left = this.#end - this.#at;
    if (left > 0 && !this.#problems && this.#captured === this.#end && !this.#cut) {
      this.#problem('', `${left} bytes after the last field`);
    }
    const rest = this.#captured > this.#at ? this.#source.bytes.subarray(this.#at, this.#captured) : undefined;
    return {
      payload,
      problems: this.#problems ?? noProblems,
      cut: this.#cut || this.#captured < this.#end,
      ...(rest && { rest }),
    };
  }

  #field(field: NamedField, into: Payload, path: string): boolean {
    if (field.kind === 'array') return this.#array(field, into, path);
    if (field.kind === 'group') {
      const inner: Payload = {};
      into[field.name] = inner;
      return this.fields(field.of, inner, `${path}${field.name}.`);
    }
    const size = fixedSize(field) ?? this.#length(field, into);
    if (!this.#has(size, path + field.name)) return false;
    const at = this.#at;
    this.#at += size;
    this.#scalar(field, at, size, into);
    return true;
  }

  #scalar(field: NamedField, at: number, size: number, into: Payload): void {
    const { bytes, bigEndian } = this.#source;
    if (field.kind === 'word') {
      const word = readUint(bytes, at, size, bigEndian);
      for (const name in field.parts) into[name] = readPart(word, field.parts[name] as Part);
      const unknown = unknownBits(word, field);
      if (unknown !== 0) into[field.name] = unknown;
      return;
    }
    const value = readScalar(field, bytes, at, size, bigEndian);
    if (value !== undefined) into[field.name] = value;
  }

  #array(field: NamedField & { kind: 'array' }, into: Payload, path: string): boolean {
    const count = typeof field.count === 'number' ? field.count : Number(into[field.count] ?? 0);
    const entries: Payload[] = [];
    into[field.name] = entries;
    for (let i = 0; i < count; i++) {
      if (this.#at >= this.#captured) {
        // Without this a count of four milliards would be four milliards of problems.
        return this.#has(1, `${path}${field.name}[${i}]`);
      }
      const entry: Payload = {};
      entries.push(entry);
      if (!this.fields(field.of, entry, `${path}${field.name}[${i}].`)) return false;
    }
    return true;
  }

  #length(field: NamedField, into: Payload): number {
    if (field.kind !== 'bytes' && field.kind !== 'config') return 0;
    if (field.length === 'rest') return this.#end - this.#at;
    return Number(into[field.length] ?? 0);
  }

  #has(size: number, path: string): boolean {
    if (this.#at + size <= this.#captured) return true;
    if (this.#at + size <= this.#end) this.#cut = true;
    else this.#problem(path, `needs ${size} bytes, ${this.#end - this.#at} left`);
    return false;
  }

  #problem(path: string, message: string): void {
    this.#problems ??= [];
    this.#problems.push({ path, offset: this.#at, message });
  }
}
