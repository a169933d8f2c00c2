/** A window of the device configuration space, as the fields of a device type. */
import { decodeStruct, fixedSize, type Payload } from './decode.ts';
import type { Context } from './frame.ts';
import type { NamedField, Struct } from './schema.ts';
import { deviceById } from './spec/devices/index.ts';

/** The layout of a device type's configuration space; undefined where none is declared. */
export function configStruct(device: number | undefined): Struct | undefined {
  return deviceById(device)?.config;
}

/** Whether a field of a configuration space is one that has a meaning: it is not padding. */
export function isHere({ kind }: NamedField): boolean {
  return kind !== 'pad';
}

/** Byte order of a configuration space: the guest's for a device without VERSION_1, else little endian. */
export function configBigEndian({ features, bigEndian }: Context): boolean {
  const legacy = features !== undefined && ((features >> 32n) & 1n) === 0n;
  return legacy && bigEndian === true;
}

/** Where a field lies in its configuration space, in bytes; without `size` where what is before it tells. */
export function configPlace(layout: Struct, { name }: NamedField): { offset: number; size: number | undefined } {
  let offset = 0;
  for (const field of layout.list) {
    if (field.name === name) return { offset, size: fixedSize(field) };
    offset += sizeOf(field);
  }
  return { offset, size: undefined };
}

/** The fields of a layout that lie wholly within `bytes`, which begin at `offset` of the configuration space. */
export function configFields(struct: Struct, offset: number, bytes: Uint8Array): Payload {
  const end = offset + bytes.length;
  const size = struct.list.reduce((sum, field) => sum + sizeOf(field), 0);
  const whole = new Uint8Array(size);
  if (offset < size) whole.set(bytes.subarray(0, size - offset), offset);
  const { payload } = decodeStruct(struct, {
    bytes: whole,
    start: 0,
    // Configuration is little-endian for modern devices, whatever the host.
    bigEndian: false,
    context: {},
    size,
    fdCount: 0,
    first: 0,
    assumed: false,
  });
  let at = 0;
  const outside = struct.list.filter(field => {
    const start = at;
    at += sizeOf(field);
    return start < offset || at > end;
  });
  for (const field of outside) {
    delete payload[field.name];
    if (field.kind === 'word') for (const part of Object.keys(field.parts)) delete payload[part];
  }
  return payload;
}

function sizeOf(field: NamedField): number {
  if (field.kind === 'group') return field.of.list.reduce((sum, inner) => sum + sizeOf(inner), 0);
  if (field.kind === 'array') {
    const each = field.of.list.reduce((sum, inner) => sum + sizeOf(inner), 0);
    return typeof field.count === 'number' ? field.count * each : 0;
  }
  return fixedSize(field) ?? 0;
}
