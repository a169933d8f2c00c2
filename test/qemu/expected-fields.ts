/** The fields tshark must show of a message, taken from the JSON that vhuscope makes of it. */
import type { Piece } from '../../src/capture/section.ts';
import { featureBits } from '../../src/decode/features.ts';
import { headerSize, readHeader } from '../../src/decode/header.ts';
import { recordJson } from '../../src/decode/json/record.ts';
import { bitMeaning, meaning } from '../../src/decode/meaning.ts';
import { decodeFrame } from '../../src/decode/message.ts';
import type { NamedField, Struct } from '../../src/decode/schema.ts';
import { deviceById } from '../../src/decode/spec/devices/index.ts';
import type { Json, JsonObject } from '../../src/decode/text/event.ts';
import type { ShownField } from './tshark.ts';

/** A field that must be shown: a number, a boolean, a text, or bytes (by their digits or their text). */
export type Expected = readonly [
  name: string,
  value: number | bigint | boolean | string | { hex: string } | { utf8: string },
];

/** A shown value in the form of the expected one, so that both can be compared. */
export function shownAs(value: Expected[1], field: ShownField): Expected[1] {
  if (typeof value === 'boolean') return field.show === '1' || field.show === 'True';
  if (typeof value === 'object' && 'utf8' in value) return { utf8: Buffer.from(field.value, 'hex').toString() };
  if (typeof value === 'object') return { hex: field.value };
  if (typeof value === 'string' || !/^-?(0x[0-9a-f]+|\d+)$/.test(field.show)) return field.show;
  return typeof value === 'number' ? Number(BigInt(field.show)) : BigInt(field.show);
}

/** The fields of the message's own dissector, in order, and what experts say. */
export function expectedFields(piece: Piece): Expected[] {
  const dissector = piece.channel === 'gpu' ? 'vhost_user_gpu' : 'vhost_user';
  const json = recordJson(piece, { sinceFirstNs: 0 });
  const { struct } = decodeFrame(piece);
  const fields = headerFields(piece, json);
  if (struct) fields.push(...fieldsOf(struct, json.payload as JsonObject, piece.context.device));
  if (typeof json.rest === 'string' && json.rest !== '') fields.push(['rest', { hex: json.rest }]);
  const named: Expected[] = fields.map(([name, value]) => [`${dissector}.${name}`, value]);
  for (const { path, message } of (json.problems ?? []) as readonly { path: string; message: string }[]) {
    named.push(['_ws.expert.message', path === '' ? message : `${path}: ${message}`]);
  }
  if (json.captured !== undefined) named.push(['_ws.expert.message', truncation(piece)]);
  if (json.assumed) named.push([`${dissector}.assumed`, true]);
  return named;
}

function headerFields(piece: Piece, json: JsonObject): Expected[] {
  const header = readHeader(piece.bytes, 0, piece.context.bigEndian);
  if (!header) return [];
  const request = piece.channel === 'backend-req' ? 'backend_request' : 'request';
  const fields: Expected[] = [
    [request, BigInt(json.id as number)],
    ['message', json.name as string],
    ...((json.candidates ?? []) as readonly string[]).map(name => ['candidate', name] as const),
    ['flags', BigInt(header.flags)],
  ];
  const flags = json.flags as { version: number; need_reply: boolean; reserved?: string };
  if (piece.channel !== 'gpu') fields.push(['flags.version', BigInt(flags.version)]);
  fields.push(['flags.reply', (header.flags & 4) !== 0]);
  if (piece.channel !== 'gpu') {
    fields.push(['flags.need_reply', flags.need_reply], ['flags.reserved', BigInt(flags.reserved ?? 0) >> 4n]);
  }
  return [...fields, ['size', BigInt(header.size)]];
}

function truncation({ bytes, wireLength }: Piece): string {
  if (bytes.length < headerSize) return 'truncated by capture, within the header';
  return `truncated by capture: ${bytes.length - headerSize} of ${wireLength - headerSize} payload bytes`;
}

function fieldsOf(struct: Struct, payload: JsonObject, device: number | undefined): Expected[] {
  return struct.list.flatMap(field => fieldOf(struct, field, payload, device));
}

const number = (value: Json): bigint => BigInt(value as number | string);

function fieldOf(struct: Struct, field: NamedField, payload: JsonObject, device: number | undefined): Expected[] {
  const value = payload[field.name];
  const id = meaning(struct, field);
  if (field.kind === 'word') {
    const parts = Object.entries(field.parts).flatMap(([name, part]): Expected[] => {
      const shown = payload[name];
      if (shown === undefined) return [];
      return [[meaning(struct, { ...part, name }), typeof shown === 'boolean' ? shown : number(shown)]];
    });
    return value === undefined ? parts : [...parts, [id, number(value)]];
  }
  if (value === undefined) return [];
  switch (field.kind) {
    case 'group':
      return fieldsOf(field.of, value as JsonObject, device);
    case 'array':
      return (value as readonly JsonObject[]).flatMap(entry => fieldsOf(field.of, entry, device));
    case 'table':
      return Object.values(value as JsonObject).map(entry => [id, number(entry)]);
    case 'flags':
    case 'features':
      return maskFields(field, id, value as JsonObject, device);
    case 'enum':
      return [[id, number((value as JsonObject).value as Json)]];
    case 'config': {
      const { bytes, fields } = value as { bytes: string; fields?: JsonObject };
      const config = deviceById(device)?.config;
      return [[id, { hex: bytes }], ...(config && fields ? fieldsOf(config, fields, device) : [])];
    }
    case 'pad':
    case 'bytes':
      return [[id, { hex: value as string }]];
    case 'text':
    case 'uuid':
    case 'mac':
      return [[id, value as string]];
    default:
      return [[id, number(value)]];
  }
}

function maskFields(
  field: NamedField & { kind: 'flags' | 'features' },
  id: string,
  value: JsonObject,
  device: number | undefined,
): Expected[] {
  const own = field.kind === 'features' && field.of === 'virtio' ? deviceById(device) : undefined;
  const bits =
    field.kind === 'flags'
      ? Object.keys(field.bits)
      : featureBits(field.of, device).flatMap(bit => (bit ? [bit.name] : []));
  const names = value.names as readonly string[];
  return [
    [id, number(value.value as Json)],
    ...bits.map(name => [bitMeaning(id, name, own), names.includes(name)] as const),
    ...(value.unknown === undefined ? [] : [[`${id}.unknown`, number(value.unknown)] as const]),
  ];
}
