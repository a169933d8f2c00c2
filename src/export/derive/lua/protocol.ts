/**
 * The declared protocol as tables for the dissectors: the same structs, conditions and names, with every name of a
 * field, bit and value that Wireshark knows filled in.
 */
import { candidateText, messagesOf, variantsOf } from '../../../decode/catalog.ts';
import { fixedSize } from '../../../decode/decode.ts';
import { featureBits, type NamedBit } from '../../../decode/features.ts';
import type { Channel } from '../../../decode/frame.ts';
import { bitMeaning, meaning } from '../../../decode/meaning.ts';
import type { MessageSpec } from '../../../decode/message-spec.ts';
import type { Cond, FeaturesField, NamedField, Struct } from '../../../decode/schema.ts';
import { type DeviceSpec, devices } from '../../../decode/spec/devices/index.ts';
import { protocolFeatures } from '../../../decode/spec/protocol-features.ts';
import { transportFeatures } from '../../../decode/spec/transport-features.ts';
import { innerLayout, type TextLayout, textLayout } from '../../../decode/text/layout.ts';
import { bitsOfSize, FilterFields } from './filter-field.ts';
import { headerFields, requestField } from './header-fields.ts';
import type { LuaValue } from './literal.ts';

type Row = { readonly [name: string]: LuaValue };

/** The dissector of a channel's messages. */
export const dissectorOf: { readonly [channel in Channel]: 'vhost_user' | 'vhost_user_gpu' } = {
  main: 'vhost_user',
  'backend-req': 'vhost_user',
  gpu: 'vhost_user_gpu',
};

/** What the dissectors of one protocol are made of. */
export interface ProtocolTables {
  readonly fields: FilterFields;
  readonly structs: Row;
  readonly messages: { readonly [channel: string]: LuaValue };
  readonly bits: Row;
}

/** The tables of one dissector: the messages of its channels and all that they lead to. */
export function protocolTables(dissector: 'vhost_user' | 'vhost_user_gpu'): ProtocolTables {
  const channels = (Object.keys(dissectorOf) as Channel[]).filter(channel => dissectorOf[channel] === dissector);
  const tables = new Tables();
  for (const channel of channels) tables.fields.add(requestField(channel, messagesOf[channel]));
  for (const field of headerFields(dissector)) tables.fields.add(field);
  const messages = Object.fromEntries(channels.map(channel => [channel, tables.channel(messagesOf[channel])]));
  if (dissector === 'vhost_user') tables.devices();
  return { fields: tables.fields, structs: tables.structs, messages, bits: tables.bits };
}

class Tables {
  readonly fields = new FilterFields();
  readonly structs: { [name: string]: Row } = {};
  readonly bits: { [name: string]: LuaValue } = {};
  readonly #declared = new Map<string, Struct>();

  /** Messages by number; several where they share it, the private ones first. */
  channel(specs: readonly MessageSpec[]): ReadonlyMap<number, LuaValue> {
    const byId = new Map<number, Row[]>();
    for (const spec of specs.toSorted((a, b) => Number(b.meant !== undefined) - Number(a.meant !== undefined))) {
      byId.set(spec.id, [...(byId.get(spec.id) ?? []), this.#message(spec)]);
    }
    return byId;
  }

  /** What depends on the device type: names of feature bits, the configuration space. */
  devices(): void {
    const names = new Map<number, LuaValue>();
    for (const device of devices) {
      names.set(device.id, {
        name: device.name,
        title: device.title,
        bits: this.#bits('features', featureBits('virtio', device.id), device),
        ...(device.config && { config: this.#struct(device.config) }),
      });
    }
    this.bits.devices = names;
  }

  #message(spec: MessageSpec): Row {
    return {
      name: spec.name,
      doc: spec.doc,
      ...(spec.private && { candidate: candidateText(spec) }),
      ...(spec.meant && { meant: condition(spec.meant) }),
      request: this.#variants(spec, false),
      reply: this.#variants(spec, true),
    };
  }

  #variants(spec: MessageSpec, reply: boolean): LuaValue {
    return variantsOf(spec, reply).map(variant => ({
      struct: this.#struct(variant.payload),
      line: lineTable(textLayout(variant.payload, spec.telling)),
      ...(variant.when && { when: condition(variant.when) }),
      ...(variant.doc && { doc: variant.doc }),
    }));
  }

  #struct(struct: Struct): string {
    const other = this.#declared.get(struct.name);
    if (other === struct) return struct.name;
    if (other) throw new Error(`two structs are called ${struct.name}`);
    this.#declared.set(struct.name, struct);
    this.structs[struct.name] = {};
    this.structs[struct.name] = {
      fields: struct.list.map(field => this.#field(struct, field)),
      line: lineTable(innerLayout(struct)),
    };
    return struct.name;
  }

  #field(struct: Struct, field: NamedField): LuaValue {
    const size = fixedSize(field);
    return {
      name: field.name,
      ...this.#layout(struct, field),
      ...(struct.list.some(other => other.kind === 'array' && other.count === field.name) && { counts: true }),
      ...(size !== undefined && { size }),
      ...(field.when && { when: condition(field.when) }),
    };
  }

  /** Kind and names of a field, after its names have been made known. */
  #layout(struct: Struct, field: NamedField): Row {
    const id = meaning(struct, field);
    const known = { id, label: field.name, ...(field.doc && { doc: field.doc }) };
    switch (field.kind) {
      case 'u8':
      case 'u16':
      case 'u32':
      case 'u64': {
        const bits = bitsOfSize[fixedSize(field) as 1 | 2 | 4 | 8];
        const hex = field.show === 'hex' && ({ hex: true } as const);
        this.fields.add({ ...known, type: 'uint', bits, ...hex });
        return { kind: 'uint', id, ...hex };
      }
      case 'i64':
        this.fields.add({ ...known, type: 'int', bits: 64 });
        return { kind: 'int', id };
      case 'enum': {
        const values = new Map(Object.entries(field.values).map(([name, value]) => [value, name]));
        this.fields.add({ ...known, type: 'uint', bits: bitsOfSize[field.size], values });
        return { kind: 'uint', id, values };
      }
      case 'flags': {
        this.fields.add({ ...known, type: 'uint', bits: bitsOfSize[field.size], hex: true });
        const bits = Object.entries(field.bits).map(([name, bit]) => ({ name, bit, doc: '' }));
        return { kind: 'flags', id, bits: this.#bits(id, bits) };
      }
      case 'features':
        this.fields.add({ ...known, type: 'uint', bits: 64, hex: true });
        return { kind: 'flags', id, ...this.#features(id, field.of) };
      case 'word':
        return { kind: 'word', ...this.#word(struct, field, id) };
      case 'pad':
      case 'bytes':
        this.fields.add({ ...known, type: 'bytes' });
        return { kind: field.kind, id, ...('length' in field && { length: field.length }) };
      case 'config':
        this.fields.add({ ...known, type: 'bytes' });
        return { kind: 'config', id, offset: field.offset, length: field.length };
      case 'text':
      case 'uuid':
      case 'mac':
        this.fields.add({ ...known, type: field.kind });
        return { kind: field.kind, id };
      case 'table': {
        const hex = field.show === 'hex' && ({ hex: true } as const);
        this.fields.add({ ...known, type: 'uint', bits: 64, ...hex });
        return { kind: 'table', id, count: field.count, ...hex };
      }
      case 'array':
        return { kind: 'array', count: field.count, of: this.#struct(field.of) };
      case 'group':
        return { kind: 'group', of: this.#struct(field.of) };
    }
  }

  #features(id: string, of: FeaturesField['of']): Row {
    const bits = featureBits(of).filter(bit => bit !== undefined);
    const named = this.#bits(id, bits);
    return of === 'virtio' ? { bits: named, virtio: true } : { bits: named };
  }

  /** The bits of a mask by number, each with its name; what has none is shown together. */
  #bits(id: string, bits: readonly (NamedBit | undefined)[], device?: DeviceSpec): LuaValue {
    this.fields.add({ id: `${id}.unknown`, type: 'uint', bits: 64, hex: true, label: 'unknown bits' });
    return bits
      .filter(bit => bit !== undefined)
      .map(bit => ({
        bit: bit.bit,
        name: bit.name,
        id: this.fields.add({
          id: bitMeaning(id, bit.name, device),
          type: 'bool',
          label: `${bit.name} (bit ${bit.bit})`,
          ...(bit.doc && { doc: bit.doc }),
        }),
      }));
  }

  #word(struct: Struct, field: NamedField & { kind: 'word' }, id: string): Row {
    const parts = Object.entries(field.parts).map(([name, part]) => {
      const partId = meaning(struct, { ...part, name });
      const known = { id: partId, label: name, ...(part.doc && { doc: part.doc }) };
      const hex = part.show === 'hex' && ({ hex: true } as const);
      const bits = part.width > 32 ? 64 : part.width > 16 ? 32 : part.width > 8 ? 16 : 8;
      this.fields.add(part.width === 1 ? { ...known, type: 'bool' } : { ...known, type: 'uint', bits, ...hex });
      return { name, id: partId, from: part.from, width: part.width, ...hex };
    });
    this.fields.add({ id, type: 'uint', bits: bitsOfSize[field.size], hex: true, label: field.name });
    const covered = new Set(parts.flatMap(({ from, width }) => Array.from({ length: width }, (_, i) => from + i)));
    const spare = Array.from({ length: field.size * 8 }, (_, bit) => bit).filter(bit => !covered.has(bit));
    return { id, parts, spare };
  }
}

/** What a line shows of a struct even where it is zero, and in which order. */
function lineTable({ struct, wire, steps, bare }: TextLayout): LuaValue {
  const always = wire.flatMap(step => [
    ...(step.always ? [step.field.name] : []),
    ...step.parts.filter(part => part.always).map(part => part.name),
  ]);
  const moved = steps.some((step, i) => step !== wire[i]);
  return {
    always: Object.fromEntries(always.map(name => [name, true])),
    ...(bare && { bare }),
    ...(bare && struct.list.some(({ id }) => id === 'ack') && { ack: true }),
    ...(moved && { rank: Object.fromEntries(steps.map((step, rank) => [step.field.name, rank])) }),
  };
}

/** A condition with feature names as bit numbers. */
function condition(cond: Cond): LuaValue {
  switch (cond[0]) {
    case 'feature':
      return ['feature', transportFeatures[cond[1]].bit];
    case 'protocol':
      return ['protocol', protocolFeatures[cond[1]].bit];
    case 'size':
      return ['size', cond[1], cond[2] ?? cond[1]];
    case 'not':
      return ['not', condition(cond[1])];
    case 'all':
    case 'any':
      return [cond[0], ...cond[1].map(condition)];
    default:
      return [...cond];
  }
}
