/**
 * Decoded fields as JSON. Masks, addresses and handles are `"0x…"` texts, counts and sizes numbers, decimal texts above
 * 2^53-1; a mask also lists the names of its bits, an enum the name of its value; bytes are hexadecimal digits, and a
 * table of which most entries are zero an object with the others.
 */
import type { Payload, Value } from '../decode.ts';
import { configFields, configStruct } from '../device-config.ts';
import { featureBits, flagNames, namedBits } from '../features.ts';
import type { LineBuffer } from '../line-buffer.ts';
import type { NamedField, Part, Struct, U64 } from '../schema.ts';
import { halves } from '../u64.ts';

/** A field's name as it stands in the object, and how its value is written. */
interface Member {
  readonly name: string;
  /** `"name":` */
  readonly key: string;
  readonly field: NamedField;
  /** The part of a word that this is. */
  readonly part: Part | undefined;
}

const members = new WeakMap<Struct, readonly Member[]>();

function membersOf(struct: Struct): readonly Member[] {
  let known = members.get(struct);
  if (!known) {
    known = struct.list.flatMap(field => {
      const own = { name: field.name, key: `${JSON.stringify(field.name)}:`, field, part: undefined };
      if (field.kind !== 'word') return [own];
      const parts = Object.entries(field.parts).map(([name, part]) => ({
        name,
        key: `${JSON.stringify(name)}:`,
        field,
        part,
      }));
      return [...parts, own];
    });
    members.set(struct, known);
  }
  return known;
}

/** Writes the fields of a struct as an object. `device` is the virtio device id that names feature bits. */
export function writePayload(out: LineBuffer, struct: Struct, payload: Payload, device: number | undefined): void {
  let separator = '{';
  for (const member of membersOf(struct)) {
    const value = payload[member.name];
    if (value === undefined) continue;
    out.word(separator);
    out.word(member.key);
    if (member.part) writePart(out, member.part, value);
    else writeField(out, member.field, value, payload, device);
    separator = ',';
  }
  out.word(separator === '{' ? '{}' : '}');
}

function writePart(out: LineBuffer, part: Part, value: Value): void {
  if (typeof value === 'boolean') out.word(value ? 'true' : 'false');
  else if (part.show === 'hex') writeHex(out, value as U64);
  else writeNumber(out, value as U64);
}

function writeField(
  out: LineBuffer,
  field: NamedField,
  value: Value,
  payload: Payload,
  device: number | undefined,
): void {
  switch (field.kind) {
    case 'enum':
      writeEnum(out, field.values, value as U64);
      break;
    case 'flags':
      writeMask(out, value as U64, flagNames(field.bits, value as U64));
      break;
    case 'features':
      writeMask(out, value as U64, namedBits(featureBits(field.of, device), value as U64));
      break;
    case 'word':
      writeHex(out, value as U64);
      break;
    case 'group':
      writePayload(out, field.of, value as Payload, device);
      break;
    case 'array':
      writeList(out, field.of, value as Payload[], device);
      break;
    case 'table':
      writeTable(out, value as U64[], field.show === 'hex');
      break;
    case 'text':
    case 'uuid':
    case 'mac':
      out.json(value as string);
      break;
    case 'pad':
    case 'bytes':
      writeHexBytes(out, value as Uint8Array);
      break;
    case 'config':
      writeConfig(out, value as Uint8Array, Number(payload[field.offset] ?? 0), device);
      break;
    default:
      if ('show' in field && field.show === 'hex') writeHex(out, value as U64);
      else writeNumber(out, value as U64);
  }
}

function writeEnum(out: LineBuffer, values: { readonly [name: string]: number }, value: U64): void {
  out.word('{"value":');
  writeNumber(out, value);
  for (const name in values) {
    if (values[name] !== value) continue;
    out.word(',"name":');
    out.json(name);
    break;
  }
  out.word('}');
}

function writeMask(out: LineBuffer, value: U64, { names, unknown }: { names: string[]; unknown: U64 }): void {
  out.word('{"value":');
  writeHex(out, value);
  out.word(',"names":[');
  for (let i = 0; i < names.length; i++) {
    if (i > 0) out.word(',');
    out.json(names[i] as string);
  }
  out.word(']');
  if (unknown !== 0) {
    out.word(',"unknown":');
    writeHex(out, unknown);
  }
  out.word('}');
}

function writeList(out: LineBuffer, struct: Struct, entries: readonly Payload[], device: number | undefined): void {
  out.word('[');
  for (let i = 0; i < entries.length; i++) {
    if (i > 0) out.word(',');
    writePayload(out, struct, entries[i] as Payload, device);
  }
  out.word(']');
}

function writeTable(out: LineBuffer, entries: readonly U64[], hex: boolean): void {
  let separator = '{"';
  for (let i = 0; i < entries.length; i++) {
    const entry = entries[i] as U64;
    if (entry === 0) continue;
    out.word(separator);
    out.decimal(i);
    out.word('":');
    if (hex) writeHex(out, entry);
    else writeNumber(out, entry);
    separator = ',"';
  }
  out.word(separator === '{"' ? '{}' : '}');
}

/** The bytes and, where the device type is known, the fields they hold. */
function writeConfig(out: LineBuffer, bytes: Uint8Array, offset: number, device: number | undefined): void {
  out.word('{"bytes":');
  writeHexBytes(out, bytes);
  const struct = configStruct(device);
  if (struct) {
    out.word(',"fields":');
    writePayload(out, struct, configFields(struct, offset, bytes), device);
  }
  out.word('}');
}

/** A count or size: a number where it is exact, else a text. */
function writeNumber(out: LineBuffer, value: U64): void {
  if (typeof value === 'number') {
    if (value < 0) out.word('-');
    out.decimal(Math.abs(value));
  } else out.ascii(`"${value}"`);
}

/** A mask, address or handle. */
export function writeHex(out: LineBuffer, value: U64): void {
  const [low, high] = halves(value);
  out.byte(0x22);
  out.hex(low, high);
  out.byte(0x22);
}

/** Bytes as a text of hexadecimal digits. */
export function writeHexBytes(out: LineBuffer, bytes: Uint8Array): void {
  out.byte(0x22);
  out.hexBytes(bytes, 0, bytes.length);
  out.byte(0x22);
}
