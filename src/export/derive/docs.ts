/** The declarations as a document: tables of messages, layouts, features and devices. */
import { messagesOf, variantsOf } from '../../decode/catalog.ts';
import { fixedSize } from '../../decode/decode.ts';
import { channels } from '../../decode/frame.ts';
import { meaning } from '../../decode/meaning.ts';
import type { FdRule, MessageSpec } from '../../decode/message-spec.ts';
import type { Cond, Field, NamedField, Struct } from '../../decode/schema.ts';
import type { DeviceSpec, VringNames } from '../../decode/spec/devices/device.ts';
import { devices } from '../../decode/spec/devices/index.ts';
import {
  type FeatureBit,
  gpuProtocolFeatures,
  otherMeanings,
  protocolFeatures,
} from '../../decode/spec/protocol-features.ts';
import { transportFeatures } from '../../decode/spec/transport-features.ts';

const titles = {
  main: 'Requests of the front-end (channel `main`)',
  'backend-req': 'Requests of the back-end (channel `backend-req`)',
  gpu: 'vhost-user-gpu: requests of the back-end (channel `gpu`)',
} as const;

/** Text of docs/protocol.md. */
export function protocolDocs(): string {
  return [
    '# The protocol as vhuscope reads it',
    'Written by `npm run generate` from `src/decode/spec`; do not edit. Sizes and offsets are in bytes, offsets of layouts count from where the payload begins, after the 12 bytes of the header. All integers are in the byte order of the host the peers run on. The *name by meaning* is the one filters and the Wireshark dissector use, wherever a field occurs.',
    ...channels.flatMap(channel => [
      `## ${titles[channel]}`,
      messages(messagesOf[channel].filter(one => !one.private)),
    ]),
    '## Private and pre-standard messages',
    'Numbers that peers use or used outside the specification. Where several messages share a number, *meant when* tells which one is taken; the message of the specification otherwise.',
    privateMessages(),
    '## Layouts',
    ...layouts().flatMap(layout => [`### ${layout.name}`, fields(layout)]),
    '## Protocol features',
    features(protocolFeatures),
    'Bits that also mean something else:',
    table(
      ['bit', 'name', 'with', 'since', 'meaning'],
      otherMeanings.map(one => [one.bit, one.name, one.dialect, one.since, one.doc]),
    ),
    '## Protocol features of vhost-user-gpu',
    features(gpuProtocolFeatures),
    '## Virtio features of any device',
    features(transportFeatures),
    '## Devices',
    ...devices.toSorted((a, b) => a.id - b.id).flatMap(device),
    '',
  ].join('\n\n');
}

function messages(specs: readonly MessageSpec[]): string {
  return table(
    ['number', 'name', 'payload', 'descriptors', 'answer', 'requires', 'QEMU', 'what it does'],
    specs.map(spec => [
      spec.id,
      code([spec.name, ...(spec.aliases ?? [])].join('`, `')),
      payloads(spec, false),
      descriptors(spec.fds),
      answer(spec),
      spec.requires ? condition(spec.requires) : '',
      spec.since,
      spec.doc,
    ]),
  );
}

function privateMessages(): string {
  const specs = channels.flatMap(channel => messagesOf[channel].map(spec => ({ channel, spec })));
  return table(
    ['channel', 'number', 'name', 'payload', 'answer', 'meant when', 'whose', 'what it does'],
    specs
      .filter(({ spec }) => spec.private)
      .map(({ channel, spec }) => [
        channel,
        spec.id,
        code(spec.name),
        payloads(spec, false),
        answer(spec),
        spec.meant ? condition(spec.meant) : 'always',
        spec.private !== undefined && spec.since.startsWith(spec.private)
          ? spec.since
          : `${spec.private}: ${spec.since}`,
        spec.doc,
      ]),
  );
}

function payloads(spec: MessageSpec, reply: boolean): string {
  const shown = variantsOf(spec, reply).map(({ payload, doc, when }) => {
    const name = payload.list.length === 0 ? 'none' : `[${payload.name}](#${anchor(payload.name)}), ${sizeOf(payload)}`;
    const why = [doc, when && condition(when)].filter(part => part !== undefined).join(': ');
    return why === '' ? name : `${name} (${why})`;
  });
  return [...new Set(shown)].join('; ');
}

function answer(spec: MessageSpec): string {
  const { when } = spec.reply;
  if (when === 'never') return 'never';
  if (when === 'ack') return spec.reply.shapes.length > 1 ? `if asked for: ${payloads(spec, true)}` : 'if asked for';
  return `${when === 'always' ? 'always' : `if ${condition(when)}`}: ${payloads(spec, true)}`;
}

function descriptors(rule: FdRule | undefined): string {
  if (!rule) return '';
  const { count, role } = rule;
  const shown = {
    none: () => '0',
    exactly: () => String(count[1]),
    per: () => `1 for each of \`${count[1]}\``,
    unless: () => `1, unless \`${count[1]}\``,
    if: () => `1, if \`${count[1]}\` is not 0`,
    when: () => `${count[2]}, if ${condition(count[1] as Cond)}`,
    'up-to': () => `up to ${count[1]}`,
  }[count[0]]();
  return role === undefined ? shown : `${shown} (${role})`;
}

/** A condition in words. */
function condition(cond: Cond): string {
  switch (cond[0]) {
    case 'feature':
    case 'protocol':
      return code(cond[1]);
    case 'size':
      return cond[2] === undefined ? `${cond[1]} bytes` : `${cond[1]} to ${cond[2]} bytes`;
    case 'starts':
      return `it starts with 0x${cond[1].toString(16)}`;
    case 'stride':
      return `${cond[1]} bytes and ${cond[2]} for each entry`;
    case 'dialect':
      return cond[1];
    case 'fds':
      return cond[1] === 1 ? '1 descriptor' : `${cond[1]} descriptors`;
    case 'not':
      return `not ${condition(cond[1])}`;
    case 'all':
      return cond[1].map(condition).join(' and ');
    case 'any':
      return cond[1].length === 0 ? 'never: nothing tells it apart' : cond[1].map(condition).join(' or ');
  }
}

/** Every layout of a message once, and those within them, by name. */
function layouts(): Struct[] {
  const found = new Map<string, Struct>();
  const add = (struct: Struct): void => {
    if (struct.list.length === 0 || found.has(struct.name)) return;
    found.set(struct.name, struct);
    for (const field of struct.list) if (field.kind === 'array' || field.kind === 'group') add(field.of);
  };
  for (const channel of channels) {
    for (const spec of messagesOf[channel]) {
      for (const { payload } of [...variantsOf(spec, false), ...variantsOf(spec, true)]) add(payload);
    }
  }
  return [...found.values()].sort((a, b) => a.name.localeCompare(b.name, 'en'));
}

function fields(struct: Struct): string {
  let offset: number | undefined = 0;
  const rows: Cell[][] = [];
  for (const field of struct.list) {
    const size = wholeSize(field);
    const at = offset ?? '';
    if (field.kind === 'word') {
      for (const [name, part] of Object.entries(field.parts)) {
        const bits = part.width === 1 ? `bit ${part.from}` : `bits ${part.from} to ${part.from + part.width - 1}`;
        rows.push([
          at,
          size ?? '',
          code(name),
          `${bits} of ${field.size * 8}`,
          code(meaning(struct, { ...part, name })),
          part.doc ?? '',
        ]);
      }
    } else {
      const named = field.kind === 'pad' ? '' : code(meaning(struct, field));
      const when = field.when ? `only with ${condition(field.when)}: ` : '';
      rows.push([at, size ?? 'varies', code(field.name), kindOf(field), named, when + (field.doc ?? '')]);
    }
    // Of two fields that exclude each other the second begins where the first did.
    if (field.when?.[0] !== 'not') offset = offset === undefined || size === undefined ? undefined : offset + size;
  }
  return table(['offset', 'size', 'field', 'kind', 'name by meaning', 'meaning'], rows);
}

function kindOf(field: Field): string {
  switch (field.kind) {
    case 'enum':
      return Object.entries(field.values)
        .map(([name, value]) => `${value} ${name}`)
        .join(', ');
    case 'flags':
      return Object.entries(field.bits)
        .map(([name, bit]) => `bit ${bit} ${name}`)
        .join(', ');
    case 'features':
      return `${field.of} feature mask`;
    case 'pad':
      return field.loose ? 'padding, may hold garbage' : 'padding, zero';
    case 'array':
      return `${field.of.name}, as many as \`${field.count}\``;
    case 'group':
      return field.of.name;
    case 'table':
      return `${field.count} of u64`;
    case 'bytes':
      return `${field.secret ? 'secret ' : ''}bytes${field.length === 'rest' ? ', all that is left' : ''}`;
    case 'config':
      return 'bytes of the configuration space';
    default:
      return field.kind;
  }
}

function wholeSize(field: NamedField): number | undefined {
  if (field.kind === 'group') return structSize(field.of);
  if (field.kind === 'array' && typeof field.count === 'number') {
    const each = structSize(field.of);
    return each === undefined ? undefined : each * field.count;
  }
  return fixedSize(field);
}

function structSize(struct: Struct): number | undefined {
  let size = 0;
  for (const field of struct.list) {
    const own = wholeSize(field);
    if (own === undefined) return undefined;
    if (field.when?.[0] !== 'not') size += own;
  }
  return size;
}

function sizeOf(struct: Struct): string {
  const size = structSize(struct);
  return size === undefined ? 'varies' : String(size);
}

function features(bits: { readonly [name: string]: FeatureBit }): string {
  const rows = Object.entries(bits).map(([name, { bit, aliases, since, needs, doc }]) => [
    bit,
    code([name, ...(aliases ?? [])].join('`, `')),
    since ?? '',
    (needs ?? []).map(code).join(', '),
    doc,
  ]);
  const columns = ['bit', 'name', 'QEMU', 'needs', 'meaning'];
  const used = columns.map((_, i) => rows.some(row => row[i] !== ''));
  return table(
    columns.filter((_, i) => used[i]),
    rows.map(row => row.filter((_, i) => used[i])),
  );
}

function device(spec: DeviceSpec): string[] {
  const names = [spec.name, ...(spec.aliases ?? [])].map(code).join(', ');
  const parts = [`### ${spec.id} ${spec.title}`, `Name: ${names}. Rings: ${rings(spec.vrings)}.`];
  if (Object.keys(spec.features).length > 0) parts.push(features(spec.features));
  if (spec.config) parts.push(fields(spec.config));
  return parts;
}

function rings({ fixed, each, first = 0 }: VringNames): string {
  const names = fixed.map(ring => (typeof ring === 'string' ? ring : `${ring.name} (with ${ring.with})`));
  const repeated = each ? [0, 1].flatMap(n => each.map(name => `${name} ${n + first}`)).concat('…') : [];
  return [...names, ...repeated].join(', ') || 'not known';
}

type Cell = string | number;

function table(columns: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const line = (cells: readonly Cell[]) => `| ${cells.map(cell => String(cell).replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(columns), line(columns.map(() => '---')), ...rows.map(line)].join('\n');
}

function code(text: string): string {
  return `\`${text}\``;
}

function anchor(title: string): string {
  return title
    .toLowerCase()
    .replace(/[^a-z0-9 -]/g, '')
    .replaceAll(' ', '-');
}
