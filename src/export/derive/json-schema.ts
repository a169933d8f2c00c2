/** The JSON schema of records (`vhuscope read --json`), from the declarations. */
import { messagesOf, variantsOf } from '../../decode/catalog.ts';
import { type Channel, channels, deviceSources, fdKinds } from '../../decode/frame.ts';
import type { MessageSpec } from '../../decode/message-spec.ts';
import { phases } from '../../decode/phase.ts';
import type { NamedField, Part, Struct } from '../../decode/schema.ts';
import { devices } from '../../decode/spec/devices/index.ts';

type Schema = { readonly [key: string]: unknown };

const hex = { type: 'string', pattern: '^0x[0-9a-f]+$' };
const hexBytes = { type: 'string', pattern: '^([0-9a-f]{2})*$' };
const exact = { type: 'integer', minimum: 0 };
const count = { anyOf: [exact, { type: 'string', pattern: '^[0-9]+$' }] };
const signed = { anyOf: [{ type: 'integer' }, { type: 'string', pattern: '^-?[0-9]+$' }] };
const yes = { const: true };

/** The text of docs/records.schema.json. */
export function recordSchema(): string {
  const structs = new Map<string, Struct>();
  const messages = channels.flatMap(channel =>
    messagesOf[channel].flatMap(spec => {
      const replies = spec.reply.shapes.length > 0 ? [message(channel, spec, true, structs)] : [];
      return [message(channel, spec, false, structs), ...replies];
    }),
  );
  for (const device of devices) if (device.config) note(device.config, structs);
  const definitions = Object.fromEntries([...structs].map(([name, struct]) => [name, object(struct)]));
  const schema: Schema = {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'A record of vhuscope: one line of `vhuscope read --json`',
    description: 'docs/records.md tells what the keys mean. New keys may be added.',
    type: 'object',
    properties: { ...ofEvery, ...ofTransport, ...ofMessage },
    required: ['n', 'pair', 'time', 't', 'received_ns', 'session', 'epoch', 'channel', 'type'],
    anyOf: [...messages, unknown(), raw(), event(), finding()],
    $defs: { ...definitions, fd: fd(), problem: problem() },
  };
  return `${JSON.stringify(schema, null, 2)}\n`;
}

/** Keys that every record may have. */
const ofEvery = {
  n: { ...exact, description: 'number of the record in its recording' },
  capture: { ...hex, description: 'random number of the recording' },
  pair: { type: 'string' },
  device: { type: 'string' },
  device_from: { enum: deviceSources.filter(source => source !== undefined) },
  time: { type: 'string', pattern: '^\\d{4,}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{9}Z$' },
  t: { type: 'number', description: 'seconds since the first record' },
  received_ns: count,
  sent_ns: count,
  held_ns: count,
  session: exact,
  epoch: exact,
  carried: yes,
  channel: { enum: [...channels] },
  dir: { enum: ['front-to-back', 'back-to-front'] },
  answers: exact,
  answered_by: exact,
  latency_ns: signed,
  phase: { enum: [...phases] },
  path: { type: 'array', items: { type: 'string' } },
  altered: {
    type: 'object',
    properties: { received: hexBytes, sent: hexBytes, sent_size: exact },
    required: ['received', 'sent'],
  },
  injected: yes,
  masked: yes,
  damage: { type: 'string' },
  raw: hexBytes,
};

/** Keys of what crossed a socket. */
const ofTransport = {
  size: { ...exact, description: 'payload bytes on the wire' },
  captured: { ...exact, description: 'payload bytes that were kept' },
  offset: exact,
  seg: { type: 'array', items: exact },
  fd_at: exact,
  ctrunc: yes,
  fds: { type: 'array', items: { $ref: '#/$defs/fd' } },
  fd_count: exact,
};

/** Keys of messages. */
const ofMessage = {
  flags: {
    type: 'object',
    properties: { version: exact, reply: { type: 'boolean' }, need_reply: { type: 'boolean' }, reserved: hex },
    required: ['version', 'reply', 'need_reply'],
  },
  candidates: { type: 'array', items: { type: 'string' }, description: 'what an unknown number may stand for' },
  rest: { ...hexBytes, description: 'bytes that belong to no field' },
  assumed: yes,
  problems: { type: 'array', items: { $ref: '#/$defs/problem' } },
};

function record(title: string, properties: Schema, required: readonly string[]): Schema {
  return { title, type: 'object', properties, required };
}

const messageKeys = ['id', 'name', 'flags', 'payload', 'size', 'offset', 'fds'];

function message(channel: Channel, spec: MessageSpec, reply: boolean, structs: Map<string, Struct>): Schema {
  const payloads = variantsOf(spec, reply).map(({ payload }) => ({ $ref: `#/$defs/${note(payload, structs)}` }));
  return record(
    `${spec.name}${reply ? ', the reply' : ''}: ${spec.doc}`,
    {
      channel: { const: channel },
      type: { const: reply ? 'reply' : 'request' },
      id: { const: spec.id },
      name: { const: spec.name },
      payload: payloads.length === 1 ? payloads[0] : { anyOf: payloads },
    },
    messageKeys,
  );
}

function unknown(): Schema {
  return record(
    'a message that is not known, or that ended in its header',
    {
      type: { enum: ['request', 'reply'] },
      id: exact,
      name: { type: 'string', pattern: '^(UNKNOWN\\(\\d+\\)|TRUNCATED)$' },
      payload: { type: 'object' },
    },
    messageKeys,
  );
}

function raw(): Schema {
  return record('bytes that could not be framed', { type: { const: 'raw' } }, ['raw', 'size', 'fds']);
}

function event(): Schema {
  const properties = {
    type: { const: 'event' },
    name: { type: 'string' },
    payload: { type: 'object' },
  };
  return record('what vhuscope itself tells', properties, ['name', 'payload']);
}

function finding(): Schema {
  const text = { type: 'string' };
  const properties = {
    type: { const: 'finding' },
    name: { const: 'finding' },
    rule: text,
    severity: text,
    message: text,
    records: { type: 'array', items: exact },
    spec: text,
    remedy: text,
    payload: { type: 'object' },
  };
  return record('the result of a rule', properties, ['name']);
}

function fd(): Schema {
  return {
    type: 'object',
    properties: {
      kind: { enum: [...fdKinds] },
      size: exact,
      dev: exact,
      inode: exact,
      id: exact,
      seals: hex,
      page_size: exact,
      access: { enum: ['r', 'w', 'rw'] },
      name: { type: 'string' },
      object: { ...exact, description: 'the same while it is provably the same kernel object' },
      same_id_as: exact,
    },
    required: ['kind'],
  };
}

function problem(): Schema {
  return {
    type: 'object',
    properties: { path: { type: 'string' }, offset: exact, message: { type: 'string' } },
    required: ['path', 'offset', 'message'],
  };
}

/** Remembers a struct and those within it; gives the name of its definition. */
function note(struct: Struct, structs: Map<string, Struct>): string {
  const name = struct.name.replaceAll(' ', '_').replaceAll('/', '_');
  structs.set(name, struct);
  for (const field of struct.list) if (field.kind === 'array' || field.kind === 'group') note(field.of, structs);
  return name;
}

/** A struct as an object; no field is required, since a damaged message may end before it. */
function object(struct: Struct): Schema {
  const properties = Object.fromEntries(
    struct.list.flatMap(field => {
      if (field.kind !== 'word') return [[field.name, described(fieldSchema(field), field.doc)]];
      const parts = Object.entries(field.parts).map(([name, part]) => [name, described(partSchema(part), part.doc)]);
      return [...parts, [field.name, described(hex, 'bits that have no meaning')]];
    }),
  );
  return { type: 'object', properties, additionalProperties: false };
}

function described(schema: Schema, doc: string | undefined): Schema {
  return doc ? { ...schema, description: doc } : schema;
}

function partSchema(part: Part): Schema {
  if (part.width === 1) return { type: 'boolean' };
  return part.show === 'hex' ? hex : exact;
}

function fieldSchema(field: NamedField): Schema {
  switch (field.kind) {
    case 'enum':
      return {
        type: 'object',
        properties: { value: count, name: { enum: Object.keys(field.values) } },
        required: ['value'],
      };
    case 'flags':
      return mask(Object.keys(field.bits));
    case 'features':
      return mask();
    case 'pad':
    case 'bytes':
      return hexBytes;
    case 'text':
    case 'uuid':
    case 'mac':
      return { type: 'string' };
    case 'array':
      return { type: 'array', items: { $ref: `#/$defs/${note(field.of, new Map())}` } };
    case 'group':
      return { $ref: `#/$defs/${note(field.of, new Map())}` };
    case 'table':
      return { type: 'object', additionalProperties: field.show === 'hex' ? hex : count };
    case 'config':
      return {
        type: 'object',
        properties: { bytes: hexBytes, fields: { type: 'object', description: 'the fields of the device type' } },
        required: ['bytes'],
      };
    case 'i64':
      return signed;
    case 'word':
      return hex;
    default:
      return field.show === 'hex' ? hex : count;
  }
}

function mask(names?: readonly string[]): Schema {
  return {
    type: 'object',
    properties: {
      value: hex,
      names: { type: 'array', items: names ? { enum: names } : { type: 'string' } },
      unknown: hex,
    },
    required: ['value', 'names'],
  };
}
