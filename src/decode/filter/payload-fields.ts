/**
 * The fields of all declared payloads, for filters: by path as in `regions.size`, and by meaning as in `mem.size`, one
 * name wherever a field occurs. Bits of masks are fields of their own: `protocol_features.reply_ack`,
 * `features.net.mq`, `status.driver_ok`.
 */
import { messagesOf, variantsOf } from '../catalog.ts';
import type { Payload, Value } from '../decode.ts';
import { configFields } from '../device-config.ts';
import { featureBits } from '../features.ts';
import { channels } from '../frame.ts';
import { bitMeaning, meaning } from '../meaning.ts';
import type { NamedField, Part, Struct, U64 } from '../schema.ts';
import { devices } from '../spec/devices/index.ts';
import { gpuProtocolFeatures, protocolFeatures } from '../spec/protocol-features.ts';
import { transportFeatures } from '../spec/transport-features.ts';
import { hasBit } from '../u64.ts';
import { type FilterKind, type FilterValue, nothingThere, type Selector } from './selector.ts';
import type { Head, Subject } from './subject.ts';

/** Where a field stands: the path to it in the payload of messages that have this struct. */
interface Place {
  readonly struct: Struct;
  readonly path: readonly string[];
  /** The device whose configuration it is part of. */
  readonly device?: number;
}

interface Found {
  readonly name: string;
  /** Several where fields of one name are of different kinds. */
  readonly fields: NamedField[];
  readonly part: Part | undefined;
  readonly places: Place[];
  /** It is a path, and the name by meaning of no field. */
  byPath: boolean;
  /** `channel/id/reply` of the messages that can have it. */
  readonly heads: Set<string>;
}

const headKey = ({ channel, id, reply }: Pick<Head, 'channel' | 'id' | 'reply'>): string => `${channel}/${id}/${reply}`;

/** All fields by name, gathered from the declarations when the first filter is made. */
export function payloadFields(): ReadonlyMap<string, Selector> {
  known ??= gather();
  return known;
}
let known: ReadonlyMap<string, Selector> | undefined;

function gather(): Map<string, Selector> {
  const found = new Map<string, Found>();
  for (const channel of channels) {
    for (const spec of messagesOf[channel]) {
      for (const reply of [false, true]) {
        const key = headKey({ channel, id: spec.id, reply });
        for (const { payload } of variantsOf(spec, reply)) collect(found, payload, payload, [], key);
      }
    }
  }
  const selectors = new Map<string, Selector>();
  for (const one of found.values()) {
    const selector = selectorOf(one);
    selectors.set(one.name, selector);
    for (const bit of bitSelectors(one, selector)) if (!selectors.has(bit.name)) selectors.set(bit.name, bit);
  }
  return selectors;
}

/** Notes every field of a struct under its path and its meaning. */
function collect(found: Map<string, Found>, top: Struct, struct: Struct, path: readonly string[], key: string): void {
  const note = (field: NamedField, name: string, part: Part | undefined, id: string, place: Place): void => {
    for (const known of new Set([[...path, name].join('.'), `payload.${[...path, name].join('.')}`, id])) {
      const entry = found.get(known) ?? { name: known, fields: [], part, places: [], heads: new Set(), byPath: true };
      found.set(known, entry);
      if (known === id) entry.byPath = false;
      if (!entry.fields.includes(field)) entry.fields.push(field);
      entry.heads.add(key);
      if (!entry.places.some(one => one.struct === top && one.path.join() === place.path.join()))
        entry.places.push(place);
    }
  };
  for (const field of struct.list) {
    const here = [...path, field.name];
    if (field.kind === 'group' || field.kind === 'array') collect(found, top, field.of, here, key);
    else if (field.kind === 'word') {
      for (const [name, part] of Object.entries(field.parts)) {
        note(field, name, part, meaning(struct, { ...part, name }), { struct: top, path: [...path, name] });
      }
    } else if (field.kind !== 'pad') {
      note(field, field.name, undefined, meaning(struct, field), { struct: top, path: here });
    }
    if (field.kind === 'config') collectConfig(found, top, here, key);
  }
}

/**
 * The configuration spaces of the device types: under their meaning, and as `config.capacity` for whichever device has
 * such a field, unless that is the name of something else or the devices disagree what it is.
 */
function collectConfig(found: Map<string, Found>, top: Struct, path: readonly string[], key: string): void {
  for (const device of devices) {
    for (const field of device.config?.list ?? []) {
      if (field.kind === 'pad' || field.kind === 'group' || field.kind === 'array' || field.kind === 'word') continue;
      const short = [...path, field.name].join('.');
      const place = { struct: top, path: [...path, field.name], device: device.id };
      for (const name of [meaning(device.config as Struct, field), short]) {
        const blank = {
          name,
          fields: [],
          part: undefined,
          places: [],
          heads: new Set<string>(),
          byPath: name === short,
        };
        const entry = found.get(name) ?? blank;
        if (name === short && !sharesName(entry, field)) continue;
        found.set(name, entry);
        if (!entry.fields.includes(field)) entry.fields.push(field);
        entry.heads.add(key);
        entry.places.push(place);
      }
    }
  }
}

/** Whether a name is that of fields of configuration spaces alone, which are all compared in the same way. */
function sharesName({ places }: Found, { name }: NamedField): boolean {
  const kinds = devices.flatMap(({ config }) => {
    const field = config?.list.find(one => one.name === name);
    return field ? [kindOf(field, undefined)] : [];
  });
  return new Set(kinds).size === 1 && places.every(({ device }) => device !== undefined);
}

function selectorOf({ name, fields, part, places, heads, byPath }: Found): Selector {
  const byStruct = new Map<Struct, Place[]>();
  for (const place of places) byStruct.set(place.struct, [...(byStruct.get(place.struct) ?? []), place]);
  const [field] = fields as [NamedField];
  const names = part ? [] : [...new Set(fields.flatMap(namesOf))];
  return {
    name,
    kind: kindOf(field, part),
    byPath,
    doc: part?.doc ?? field.doc ?? '',
    ...(names.length > 0 && {
      names,
      numberOf: (text: string, subject: Subject | undefined) => {
        for (const one of fields) {
          const number = numberNamed(one, text, subject);
          if (number !== undefined) return number;
        }
        return undefined;
      },
    }),
    hex: part ? part.show === 'hex' : isHex(field),
    mayHave: head => head.kind === 'message' && heads.has(headKey(head)),
    values: subject => {
      const { message } = subject;
      const there = message?.struct && byStruct.get(message.struct);
      if (!message || !there) return nothingThere;
      const values: FilterValue[] = [];
      for (const place of there) walk(message.payload, place, 0, subject, values);
      return values;
    },
  };
}

/** Gathers the values at a path; an entry of a list counts each. */
function walk(payload: Payload, place: Place, depth: number, subject: Subject, values: FilterValue[]): void {
  const value = payload[place.path[depth] as string];
  if (value === undefined) return;
  const last = depth === place.path.length - 1;
  if (value instanceof Uint8Array) {
    if (last) values.push(value);
    else if (place.device === subject.frame.context.device)
      walk(inConfig(payload, value, place), place, depth + 1, subject, values);
  } else if (Array.isArray(value)) {
    for (const entry of value) {
      if (last) push(entry, values);
      else walk(entry as Payload, place, depth + 1, subject, values);
    }
  } else if (typeof value === 'object') walk(value, place, depth + 1, subject, values);
  else push(value, values);
}

function inConfig(payload: Payload, bytes: Uint8Array, place: Place): Payload {
  const struct = devices.find(device => device.id === place.device)?.config;
  return struct ? configFields(struct, Number(payload.offset ?? 0), bytes) : {};
}

function push(value: Value, values: FilterValue[]): void {
  if (typeof value !== 'object') values.push(value);
}

function kindOf(field: NamedField, part: Part | undefined): FilterKind {
  if (part) return part.width === 1 ? 'switch' : 'number';
  if (field.kind === 'text' || field.kind === 'uuid' || field.kind === 'mac') return 'text';
  return field.kind === 'bytes' || field.kind === 'config' ? 'bytes' : 'number';
}

/** Whether numbers are shown as masks, addresses and handles are. */
function isHex(field: NamedField): boolean {
  return field.kind === 'flags' || field.kind === 'features' || ('show' in field && field.show === 'hex');
}

/** A switch for each named bit of a mask. */
function bitSelectors({ fields }: Found, selector: Selector): Selector[] {
  return fields.flatMap(field => bitsOf(field, selector));
}

function bitsOf(field: NamedField, selector: Selector): Selector[] {
  if (field.kind === 'flags') {
    return Object.entries(field.bits).map(([name, bit]) =>
      bitOf(selector, bitMeaning(selector.name, name), () => bit, `bit ${bit}`),
    );
  }
  if (field.kind !== 'features') return [];
  const plain = Object.entries(featureTable(field.of)).map(([name, { bit, doc }]) =>
    bitOf(selector, bitMeaning(selector.name, name), () => bit, doc),
  );
  if (field.of !== 'virtio') return plain;
  const ofDevices = devices.flatMap(device =>
    Object.entries(device.features)
      .filter(([, { bit }]) => bit < 64)
      .map(([name, { bit, doc }]) =>
        bitOf(
          selector,
          bitMeaning(selector.name, name, device),
          subject => (subject.frame.context.device === device.id ? bit : undefined),
          doc,
        ),
      ),
  );
  return [...plain, ...ofDevices];
}

function bitOf(mask: Selector, name: string, bitIn: (subject: Subject) => number | undefined, doc: string): Selector {
  return {
    name,
    kind: 'switch',
    doc,
    byPath: mask.byPath === true,
    mask: mask.name,
    ...(mask.mayHave && { mayHave: mask.mayHave }),
    values: subject => {
      const bit = bitIn(subject);
      return bit === undefined ? nothingThere : mask.values(subject).map(value => hasBit(value as U64, bit));
    },
  };
}

function featureTable(of: 'virtio' | 'protocol' | 'gpu') {
  if (of === 'protocol') return protocolFeatures;
  return of === 'gpu' ? gpuProtocolFeatures : transportFeatures;
}

/** Names that stand for numbers in a field. */
function namesOf(field: NamedField): string[] {
  if (field.kind === 'enum') return Object.keys(field.values);
  if (field.kind === 'flags') return Object.keys(field.bits);
  return field.kind === 'features' ? featureNames(field.of) : [];
}

function numberNamed(field: NamedField, text: string, subject: Subject | undefined): number | bigint | undefined {
  if (field.kind === 'enum') return entryNamed(field.values, text);
  if (field.kind === 'flags') return maskOf(entryNamed(field.bits, text));
  return field.kind === 'features' ? maskOf(featureBit(field.of, text, subject)) : undefined;
}

function featureNames(of: 'virtio' | 'protocol' | 'gpu'): string[] {
  const plain = Object.keys(featureTable(of));
  return of === 'virtio' ? [...plain, ...devices.flatMap(device => Object.keys(device.features))] : plain;
}

/** The bit of that name; names of device features mean what they mean for the record's device. */
function featureBit(of: 'virtio' | 'protocol' | 'gpu', text: string, subject: Subject | undefined): number | undefined {
  const wanted = text.toUpperCase().replace(/^VIRTIO_F_|^VHOST_USER_(?:PROTOCOL_)?F_/, '');
  const here = (device: number | undefined) =>
    featureBits(of, device).find(bit => bit !== undefined && (bit.name === wanted || bit.aliases?.includes(wanted)))
      ?.bit;
  if (subject) return here(subject.frame.context.device);
  // Without a record only whether the name exists is asked.
  return here(undefined) ?? devices.map(device => here(device.id)).find(bit => bit !== undefined);
}

function entryNamed(entries: { readonly [name: string]: number }, text: string): number | undefined {
  const wanted = text.toUpperCase();
  return Object.hasOwn(entries, wanted) ? entries[wanted] : undefined;
}

function maskOf(bit: number | undefined): bigint | undefined {
  return bit === undefined ? undefined : 1n << BigInt(bit);
}
