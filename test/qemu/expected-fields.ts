/** The fields tshark must show of a message, worked out from what vhuscope itself makes of it. */
import type { Payload, Value } from '../../src/decode/decode.ts';
import { featureBits, flagNames, namedBits } from '../../src/decode/features.ts';
import type { Context, Frame } from '../../src/decode/frame.ts';
import { headerSize, readHeader } from '../../src/decode/header.ts';
import { meaning } from '../../src/decode/meaning.ts';
import { decodeFrame } from '../../src/decode/message.ts';
import type { NamedField, Struct, U64 } from '../../src/decode/schema.ts';
import { deviceById } from '../../src/decode/spec/devices/index.ts';
import { hasBit } from '../../src/decode/u64.ts';
import type { ShownField } from './tshark.ts';

/** A field that must be shown. Numbers, booleans, bytes (by their digits or their text) and texts are compared as such. */
export type Expected = readonly [name: string, value: U64 | boolean | string | { hex: string } | { utf8: string }];

/** A shown value in the form of the expected one, so that both can be compared. */
export function shownAs(value: Expected[1], field: ShownField): Expected[1] {
  if (typeof value === 'boolean') return field.show === '1' || field.show === 'True';
  if (typeof value === 'object' && 'utf8' in value) return { utf8: Buffer.from(field.value, 'hex').toString() };
  if (typeof value === 'object') return { hex: field.value };
  if (typeof value === 'string') return field.show;
  if (!/^-?(0x[0-9a-f]+|\d+)$/.test(field.show)) return field.show;
  const number = BigInt(field.show);
  return typeof value === 'bigint' ? number : Number(number);
}

const hex = (bytes: Uint8Array): { hex: string } => ({ hex: Buffer.from(bytes).toString('hex') });

/** The fields of the message's own dissector, in order. */
export function expectedFields(frame: Frame): Expected[] {
  const dissector = frame.channel === 'gpu' ? 'vhost_user_gpu' : 'vhost_user';
  const message = decodeFrame(frame);
  const fields: Expected[] = [];
  const header = readHeader(frame.bytes, 0, frame.context.bigEndian);
  if (header) {
    fields.push([frame.channel === 'backend-req' ? 'backend_request' : 'request', message.id]);
    fields.push(['message', message.name]);
    fields.push(['flags', header.flags]);
    if (frame.channel !== 'gpu') fields.push(['flags.version', message.version]);
    fields.push(['flags.reply', (header.flags & 4) !== 0]);
    if (frame.channel !== 'gpu') {
      fields.push(['flags.need_reply', message.needReply], ['flags.reserved', message.reserved / 16]);
    }
    fields.push(['size', message.size]);
    if (message.struct) fields.push(...fieldsOf(message.struct, message.payload, frame.context));
  }
  if (message.rest && message.rest.length > 0) fields.push(['rest', hex(message.rest)]);
  const named: Expected[] = fields.map(([name, value]) => [`${dissector}.${name}`, value]);
  for (const { path, message: text } of message.problems) {
    named.push(['_ws.expert.message', path === '' ? text : `${path}: ${text}`]);
  }
  if (message.cut) named.push(['_ws.expert.message', truncation(frame)]);
  if (message.assumed) named.push([`${dissector}.assumed`, true]);
  return named;
}

function truncation({ bytes, wireLength }: Frame): string {
  if (bytes.length < headerSize) return 'truncated by capture, within the header';
  return `truncated by capture: ${bytes.length - headerSize} of ${wireLength - headerSize} payload bytes`;
}

function fieldsOf(struct: Struct, payload: Payload, context: Context): Expected[] {
  return struct.list.flatMap(field => fieldOf(struct, field, payload, context));
}

function fieldOf(struct: Struct, field: NamedField, payload: Payload, context: Context): Expected[] {
  const value = payload[field.name];
  const id = meaning(struct, field);
  if (field.kind === 'word') {
    const parts = Object.entries(field.parts).flatMap(([name, part]) =>
      payload[name] === undefined ? [] : [[meaning(struct, { ...part, name }), payload[name] as U64] as const],
    );
    return value === undefined ? parts : [...parts, [id, value as U64]];
  }
  if (value === undefined) return [];
  switch (field.kind) {
    case 'group':
      return fieldsOf(field.of, value as Payload, context);
    case 'array':
      return (value as Payload[]).flatMap(entry => fieldsOf(field.of, entry, context));
    case 'table':
      return (value as U64[]).flatMap(entry => (entry === 0 ? [] : [[id, entry] as const]));
    case 'flags':
    case 'features':
      return maskFields(field, id, value as U64, context);
    default:
      return [
        [id, value instanceof Uint8Array ? hex(value) : (value as Exclude<Value, Payload | Value[] | Uint8Array>)],
      ];
  }
}

function maskFields(
  field: NamedField & { kind: 'flags' | 'features' },
  id: string,
  mask: U64,
  context: Context,
): Expected[] {
  const device = field.kind === 'features' && field.of === 'virtio' ? deviceById(context.device) : undefined;
  const bits: [name: string, bit: number][] =
    field.kind === 'flags'
      ? Object.entries(field.bits)
      : featureBits(field.of, context.device).flatMap(bit => (bit ? [[bit.name, bit.bit]] : []));
  const prefix = (name: string): string => (device && Object.hasOwn(device.features, name) ? `${device.name}.` : '');
  const { unknown } =
    field.kind === 'flags' ? flagNames(field.bits, mask) : namedBits(featureBits(field.of, context.device), mask);
  return [
    [id, mask],
    ...bits.map(([name, bit]) => [`${id}.${prefix(name)}${name.toLowerCase()}`, hasBit(mask, bit)] as const),
    ...(unknown === 0 ? [] : [[`${id}.unknown`, unknown] as const]),
  ];
}
