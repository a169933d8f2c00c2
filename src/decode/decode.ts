/**
 * Bytes to values: walks a declared struct. Never throws: what does not fit becomes a problem, what is left over is
 * kept, and what the recorder shortened is said to be cut, not malformed.
 */
import { type Facts, holds } from './condition.ts';
import { readPart, readScalar, readUint, unknownBits } from './read-value.ts';
import type { Cond, Field, NamedField, Part, Struct, U64, WordField } from './schema.ts';

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
  rest: Uint8Array | undefined;
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

/** A field as the walk needs it: every step has the same shape, which is what makes the walk fast. */
interface Step {
  readonly field: NamedField;
  readonly name: string;
  /** Bytes; -1 where the message tells, -2 for what holds fields of its own. */
  readonly size: number;
  readonly when: Cond | undefined;
  /** A plain unsigned integer, the most frequent kind by far. */
  readonly integer: boolean;
  /** The parts of a word by name, and the number above which it has bits that belong to none of them. */
  readonly parts: readonly (readonly [name: string, Part])[];
  readonly most: number;
}

const plans = new WeakMap<Struct, readonly Step[]>();

function planOf(struct: Struct): readonly Step[] {
  let plan = plans.get(struct);
  if (!plan) {
    plan = struct.list.map(field => ({
      field,
      name: field.name,
      size: field.kind === 'array' || field.kind === 'group' ? -2 : (fixedSize(field) ?? -1),
      when: field.when,
      integer: /^(u8|u16|u32|u64|features|enum|flags)$/.test(field.kind),
      parts: field.kind === 'word' ? Object.entries(field.parts) : [],
      most: field.kind === 'word' ? mostOf(field) : 0,
    }));
    plans.set(struct, plan);
  }
  return plan;
}

/** Up to this number all bits of a word belong to a part: parts mostly begin at bit 0 and leave no gap. */
function mostOf({ parts }: WordField): number {
  let bits = 0;
  for (let next: Part | undefined; ; bits += next.width) {
    next = Object.values(parts).find(part => part.from === bits);
    if (next === undefined || bits + next.width > 53) return 2 ** bits - 1;
  }
}

class Walk {
  readonly #source: Source;
  readonly #bytes: Uint8Array;
  readonly #bigEndian: boolean;
  /** End of the payload on the wire and end of what was captured of it. */
  readonly #end: number;
  readonly #captured: number;
  #at: number;
  #problems: Problem[] | undefined;
  #cut = false;

  constructor(source: Source) {
    this.#source = source;
    this.#bytes = source.bytes;
    this.#bigEndian = source.bigEndian;
    this.#at = source.start;
    this.#end = source.start + source.size;
    this.#captured = Math.min(this.#end, source.bytes.length);
  }

  /** Decodes the fields of a struct into `into`; false where the bytes ran out. */
  fields(struct: Struct, into: Payload, path: string): boolean {
    for (const step of planOf(struct)) {
      if (step.when !== undefined && !holds(step.when, this.#source)) continue;
      if (step.size === -2) {
        if (!this.#nested(step.field, into, path)) return false;
        continue;
      }
      const size = step.size < 0 ? this.#length(step.field, into) : step.size;
      const at = this.#at;
      if (at + size > this.#captured) return this.#runOut(size, path + step.name);
      this.#at = at + size;
      if (step.integer) into[step.name] = readUint(this.#bytes, at, size, this.#bigEndian);
      else this.#scalar(step, at, size, into);
    }
    return true;
  }

  finish(payload: Payload): Decoded {
    const left = this.#end - this.#at;
    if (left > 0 && !this.#problems && this.#captured === this.#end && !this.#cut) {
      this.#problem('', `${left} bytes after the last field`);
    }
    return {
      payload,
      problems: this.#problems ?? noProblems,
      cut: this.#cut || this.#captured < this.#end,
      rest: this.#captured > this.#at ? this.#bytes.subarray(this.#at, this.#captured) : undefined,
    };
  }

  #nested(field: NamedField, into: Payload, path: string): boolean {
    if (field.kind === 'array') return this.#array(field, into, path);
    if (field.kind !== 'group') return true;
    const inner: Payload = {};
    into[field.name] = inner;
    return this.fields(field.of, inner, `${path}${field.name}.`);
  }

  #scalar({ field, parts, most }: Step, at: number, size: number, into: Payload): void {
    if (field.kind === 'word') {
      const word = readUint(this.#bytes, at, size, this.#bigEndian);
      for (const [name, part] of parts) into[name] = readPart(word, part);
      const unknown = word <= most ? 0 : unknownBits(word, field);
      if (unknown !== 0) into[field.name] = unknown;
      return;
    }
    const value = readScalar(field, this.#bytes, at, size, this.#bigEndian);
    if (value !== undefined) into[field.name] = value;
  }

  #array(field: NamedField & { kind: 'array' }, into: Payload, path: string): boolean {
    const count = typeof field.count === 'number' ? field.count : Number(into[field.count] ?? 0);
    const entries: Payload[] = [];
    into[field.name] = entries;
    for (let i = 0; i < count; i++) {
      const entryPath = `${path}${field.name}[${i}]`;
      // Without this a count of four milliards would be four milliards of problems.
      if (this.#at >= this.#captured) return this.#runOut(1, entryPath);
      const entry: Payload = {};
      entries.push(entry);
      if (!this.fields(field.of, entry, `${entryPath}.`)) return false;
    }
    return true;
  }

  #length(field: NamedField, into: Payload): number {
    if (field.kind !== 'bytes' && field.kind !== 'config') return 0;
    if (field.length === 'rest') return this.#end - this.#at;
    return Number(into[field.length] ?? 0);
  }

  /** The next `size` bytes are not there: cut by the recorder, or missing on the wire. */
  #runOut(size: number, path: string): false {
    if (this.#at + size <= this.#end) this.#cut = true;
    else this.#problem(path, `needs ${size} bytes, ${this.#end - this.#at} left`);
    return false;
  }

  #problem(path: string, message: string): void {
    this.#problems ??= [];
    this.#problems.push({ path, offset: this.#at, message });
  }
}
