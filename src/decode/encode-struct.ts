/** Fields to bytes: walks a declared struct, the inverse of decode.ts. */
import { type Facts, holds } from './condition.ts';
import { fixedSize, type Payload, type Value } from './decode.ts';
import {
  bitNamed,
  bytesAt,
  digits,
  EncodeError,
  enumValue,
  expected,
  int64,
  isPayload,
  listAt,
  mask,
  payloadAt,
  text,
  uint,
  word,
} from './encode-value.ts';
import { featureBits } from './features.ts';
import type { Context } from './frame.ts';
import type { NamedField, Struct, U64 } from './schema.ts';
import { Writer } from './writer.ts';

/** Zeros written for data that was left out although its length was given; more must be given as bytes. */
const mostZeros = 1 << 20;

/**
 * Writes the fields of a layout.
 *
 * @param most bytes that data may be filled up with where its length was given and the data was not
 * @throws EncodeError where a value does not fit its field, or names none
 */
export function encodeStruct(struct: Struct, payload: Payload, context: Context = {}, most = mostZeros): Uint8Array {
  const facts: Facts = { context, size: Number.NaN, fdCount: 0, first: 0, assumed: false };
  const walk = new Walk(facts, context.bigEndian === true, most);
  walk.fields(struct, payload, '');
  return walk.out.finish();
}

/**
 * Writes one field as it stands in a layout. Entries and bytes are as many as are given, whatever counts them.
 *
 * @param path what it is called where the value does not fit
 * @throws EncodeError
 */
export function encodeField(field: NamedField, value: Value, context: Context, path: string): Uint8Array {
  const facts: Facts = { context, size: Number.NaN, fdCount: 0, first: 0, assumed: false };
  const walk = new Walk(facts, context.bigEndian === true, mostZeros);
  walk.field(field, { list: [] }, { [field.name]: value }, path);
  return walk.out.finish();
}

class Walk {
  readonly out: Writer;
  readonly #facts: Facts;
  readonly #most: number;

  constructor(facts: Facts, bigEndian: boolean, most: number) {
    this.out = new Writer(bigEndian, 64);
    this.#facts = facts;
    this.#most = most;
  }

  fields(struct: Struct, payload: Payload, path: string): void {
    const wrong = path === '' ? misfit(struct, payload, '') : undefined;
    if (wrong) throw new EncodeError('', wrong);
    for (const field of struct.list) {
      const absent = field.when !== undefined && !(field.name in payload) && !holds(field.when, this.#facts);
      if (!absent) this.field(field, struct, payload, path + field.name);
    }
  }

  field(field: NamedField, struct: Pick<Struct, 'list'>, payload: Payload, path: string): void {
    const value = payload[field.name] ?? derived(field.name, struct, payload);
    switch (field.kind) {
      case 'group':
        this.fields(field.of, payloadAt(value, path), `${path}.`);
        break;
      case 'array':
        this.#array(field, value, path);
        break;
      case 'table':
        this.#table(field.count, value, path);
        break;
      case 'word':
        this.out.uint(word(field, payload, path), field.size);
        break;
      case 'pad':
        this.#bytes(value, field.size, path);
        break;
      case 'bytes':
      case 'config':
        if (typeof field.length === 'number') this.#bytes(value, field.length, path);
        else if (value !== undefined) this.out.bytes(bytesAt(value, path));
        else if (field.length !== 'rest') this.#zeros(Number(payload[field.length] ?? 0), path);
        break;
      case 'text':
        this.out.bytes(text(value, field.length, path));
        break;
      case 'uuid':
        this.out.bytes(digits(value, 16, path, 'a UUID such as 4f9c2b1e-0000-4000-8000-000000000000'));
        break;
      case 'mac':
        this.out.bytes(digits(value, 6, path, 'a MAC address such as 52:54:00:12:34:56'));
        break;
      default:
        this.out.uint(this.#integer(field, value, path), fixedSize(field) as number);
    }
  }

  #integer(field: NamedField, value: Value | undefined, path: string): U64 {
    switch (field.kind) {
      case 'i64':
        return int64(value, path);
      case 'enum':
        return uint(enumValue(value, field.values), field.size, path, Object.keys(field.values));
      case 'flags':
        return mask(value, field.size, path, name => field.bits[name]);
      case 'features': {
        const bits = featureBits(field.of, this.#facts.context.device);
        return mask(value, 8, path, name => bitNamed(bits, name));
      }
      default:
        return uint(value ?? 0, fixedSize(field) as number, path);
    }
  }

  #array(field: NamedField & { kind: 'array' }, value: Value | undefined, path: string): void {
    const entries = value === undefined ? [] : listAt(value, path);
    for (const [i, entry] of entries.entries()) {
      this.fields(field.of, payloadAt(entry, `${path}[${i}]`), `${path}[${i}].`);
    }
    if (typeof field.count !== 'number') return;
    if (entries.length > field.count) throw expected(path, `${field.count} entries`, entries.length);
    for (let i = entries.length; i < field.count; i++) this.fields(field.of, {}, `${path}[${i}].`);
  }

  #table(count: number, value: Value | undefined, path: string): void {
    const entries = value === undefined ? [] : listAt(value, path);
    if (entries.length > count) throw expected(path, `at most ${count} numbers`, entries.length);
    for (const [i, entry] of entries.entries()) this.out.uint(uint(entry, 8, `${path}[${i}]`), 8);
    this.out.zeros((count - entries.length) * 8);
  }

  #bytes(value: Value | undefined, size: number, path: string): void {
    const given = value === undefined ? new Uint8Array(0) : bytesAt(value, path);
    if (given.length > size) throw expected(path, `at most ${size} bytes`, given.length);
    this.out.bytes(given);
    this.out.zeros(size - given.length);
  }

  #zeros(size: number, path: string): void {
    if (size > mostZeros && this.#most === mostZeros) throw new EncodeError(path, `its ${size} bytes must be given`);
    this.out.zeros(Math.min(size, this.#most));
  }
}

/** The value of a field that counts or measures another one. */
function derived(name: string, struct: Pick<Struct, 'list'>, payload: Payload): Value | undefined {
  for (const field of struct.list) {
    const value = payload[field.name];
    if (field.kind === 'array' && field.count === name && Array.isArray(value)) return value.length;
    if ((field.kind === 'bytes' || field.kind === 'config') && field.length === name && value instanceof Uint8Array) {
      return value.length;
    }
  }
  return undefined;
}

/** What keeps a payload from being written in a layout: a field it does not have; `undefined` where nothing does. */
export function misfit(struct: Struct, payload: Payload, path: string): string | undefined {
  for (const [name, value] of Object.entries(payload)) {
    const field = struct.list.find(one => one.name === name || (one.kind === 'word' && name in one.parts));
    if (!field) return `${path}${name}: ${struct.name} has no such field${has(struct)}`;
    if (field.kind === 'group' && isPayload(value)) {
      const inner = misfit(field.of, value, `${path}${name}.`);
      if (inner) return inner;
    }
    if (field.kind === 'array' && Array.isArray(value)) {
      for (const [i, entry] of value.entries()) {
        const inner = isPayload(entry) ? misfit(field.of, entry, `${path}${name}[${i}].`) : undefined;
        if (inner) return inner;
      }
    }
  }
  return undefined;
}

function has(struct: Struct): string {
  const names = struct.list.flatMap(field => (field.kind === 'word' ? Object.keys(field.parts) : [field.name]));
  return names.length === 0 ? ', nor any' : `, it has ${names.join(', ')}`;
}

/** Whether a payload has a value for every field. */
export function complete(struct: Struct, payload: Payload): boolean {
  return struct.list.every(field => {
    if (field.kind === 'pad') return true;
    if (field.kind === 'word') return Object.keys(field.parts).every(name => name in payload);
    const value = payload[field.name] ?? derived(field.name, struct, payload);
    if (value === undefined) return false;
    if (field.kind === 'group') return isPayload(value) && complete(field.of, value);
    if (field.kind !== 'array') return true;
    return Array.isArray(value) && value.every(entry => isPayload(entry) && complete(field.of, entry));
  });
}
