/** Explains a word of the protocol: a message, field, feature bit, device, rule, diagnosis, or a printed error. Pure. */

import { callPath } from '../call-paths.ts';
import { messagesOf } from '../catalog.ts';
import { rules } from '../check/rules/index.ts';
import { diagnoses } from '../diagnose/diagnoses/index.ts';
import type { Channel } from '../frame.ts';
import { meaning } from '../meaning.ts';
import type { FdRule, MessageSpec, ReplyRule } from '../message-spec.ts';
import { phases } from '../phase.ts';
import type { Cond, Field, Struct } from '../schema.ts';
import { type DeviceSpec, devices } from '../spec/devices/index.ts';
import { type FeatureBit, protocolFeatures } from '../spec/protocol-features.ts';
import { transportFeatures } from '../spec/transport-features.ts';
import { errorLines } from './error-lines.ts';

/** One thing explained. */
export interface Explanation {
  /** What kind of thing it is: `message`, `protocol feature`, … */
  readonly kind: string;
  readonly title: string;
  /** Lines of text. */
  readonly lines: readonly string[];
  /** A filter that finds it in a capture, where there is one. */
  readonly filter?: string;
  /** The rule or diagnosis it is. */
  readonly rule?: string;
  readonly diagnosis?: string;
}

const channelWords: { readonly [channel in Channel]: string } = {
  main: 'request of the front-end, main connection',
  'backend-req': 'request of the back-end, on its own channel',
  gpu: 'request of the back-end, on the gpu channel',
};

/** Everything the words may mean; empty where nothing is known. */
export function explain(words: string): Explanation[] {
  const text = words.trim();
  const found = [
    ...errors(text),
    ...messages(text),
    ...features(text),
    ...fields(text),
    ...deviceTypes(text),
    ...ruleEntries(text),
    ...diagnosisEntries(text),
  ];
  return found;
}

const plainName = (text: string) => text.toUpperCase().replace(/^VHOST_USER_(PROTOCOL_F_)?|^VIRTIO_F_|^VHOST_F_/, '');

function errors(text: string): Explanation[] {
  return errorLines.flatMap(line => {
    const caught = text.match(line.pattern);
    if (!caught) return [];
    return [
      {
        kind: `error of ${line.by}`,
        title: caught[0],
        lines: [`means: ${line.means(caught)}`, `look at: ${line.look}`],
        ...(line.wire && { filter: line.wire(caught) }),
      },
    ];
  });
}

function messages(text: string): Explanation[] {
  const name = plainName(text);
  const number = /^\d+$/.test(text) ? Number(text) : undefined;
  return (Object.entries(messagesOf) as [Channel, readonly MessageSpec[]][]).flatMap(([channel, specs]) =>
    specs
      .filter(spec => spec.id === number || spec.name === name || spec.aliases?.includes(name))
      .map(spec => messageExplanation(channel, spec)),
  );
}

function messageExplanation(channel: Channel, spec: MessageSpec): Explanation {
  const layouts: readonly { payload: Struct; doc?: string }[] =
    'list' in spec.payload ? [{ payload: spec.payload as Struct }] : (spec.payload as readonly { payload: Struct }[]);
  return {
    kind: channelWords[channel],
    title: `${spec.name}(${spec.id})`,
    lines: [
      spec.doc,
      ...(spec.private
        ? [`not in the specification: ${spec.private}`]
        : [`specification: ${spec.spec}; in QEMU since ${spec.since}`]),
      ...(spec.aliases?.length ? [`also called ${spec.aliases.join(', ')}`] : []),
      ...(spec.requires ? [`needs ${condition(spec.requires)}`] : []),
      ...layouts.flatMap(({ payload, doc }) => [
        `payload${doc ? ` (${doc})` : ''}: ${payload.list.length === 0 ? 'none' : payload.name}`,
        ...payload.list.filter(field => field.kind !== 'pad').map(field => `  ${fieldLine(field.name, field)}`),
      ]),
      ...(spec.fds ? [`descriptors: ${descriptors(spec.fds)}`] : []),
      `answer: ${answer(spec.reply)}`,
      ...(channel === 'main' ? sentThrough(spec.name) : []),
    ],
    filter: spec.name,
  };
}

/** The functions through which QEMU sends a message, by device model and phase, each way once. */
function sentThrough(name: string): string[] {
  const ways = new Map<string, Set<string>>();
  for (const device of ['fs', 'blk', 'net', 'gpu', 'vsock']) {
    for (const phase of phases) {
      const path = callPath(name, phase, device)?.join(' > ');
      if (path !== undefined) ways.set(path, (ways.get(path) ?? new Set()).add(device === 'vsock' ? 'others' : device));
    }
  }
  const lines = [...ways].map(
    ([path, models]) => `  ${path}${models.size === 5 ? '' : ` (${[...models].join(', ')})`}`,
  );
  return lines.length === 0 ? [] : ['sent by QEMU through:', ...lines];
}

function fieldLine(name: string, field: Field): string {
  if (field.kind === 'word')
    return Object.entries(field.parts)
      .map(([part, { doc }]) => `${part}: ${doc ?? ''}`)
      .join('; ');
  if (field.kind === 'enum') return `${name}: ${field.doc ?? ''} (${Object.keys(field.values).join(', ')})`;
  if (field.kind === 'flags') return `${name}: ${field.doc ?? ''} (${Object.keys(field.bits).join(', ')})`;
  return `${name}: ${field.doc ?? field.kind}`;
}

function descriptors({ count, kinds, role }: FdRule): string {
  const words: { readonly [kind in (typeof count)[0]]: string } = {
    none: 'none',
    exactly: `${count[1]}`,
    per: `one for each of ${count[1]}`,
    unless: `one, unless ${count[1]} is set`,
    if: `one, if ${count[1]} is not 0`,
    when: count[0] === 'when' ? `${count[2]} with ${condition(count[1])}` : '',
    'up-to': `at most ${count[1]}`,
  };
  return [words[count[0]], kinds?.join(' or '), role && `for ${role}`].filter(Boolean).join(', ');
}

function answer({ when, shapes }: ReplyRule): string {
  if (when === 'never') return 'none';
  if (when === 'ack') return 'an acknowledgement, if need_reply is set (REPLY_ACK)';
  const what = shapes.map(
    ({ payload, doc }) => `${payload.list.length === 0 ? 'no payload' : payload.name}${doc ? ` (${doc})` : ''}`,
  );
  return `${when === 'always' ? 'always' : `with ${condition(when)}`}: ${what.join(', or ')}`;
}

/** A condition in words. */
function condition(cond: Cond): string {
  switch (cond[0]) {
    case 'feature':
    case 'protocol':
      return cond[1];
    case 'not':
      return `not ${condition(cond[1])}`;
    case 'all':
      return cond[1].map(condition).join(' and ');
    case 'any':
      return cond[1].map(condition).join(' or ');
    default:
      return cond.join(' ');
  }
}

function features(text: string): Explanation[] {
  const ofDevice = /^VIRTIO_([A-Z0-9]+)_F_/.exec(text.toUpperCase())?.[1]?.toLowerCase();
  const name = plainName(text).replace(/^VIRTIO_[A-Z0-9]+_F_/, '');
  const number = Number(/^BIT (\d+)$/.exec(name)?.[1] ?? -1);
  const tables: (readonly [kind: string, bits: { readonly [name: string]: FeatureBit }, filter: string])[] = [
    ['protocol feature', protocolFeatures, 'protocol_features'],
    ['virtio feature', transportFeatures, 'features'],
    ...devices.map(
      device => [`feature of ${device.name} devices`, device.features, `features.${device.name}`] as const,
    ),
  ];
  const meant = ofDevice === undefined ? tables : tables.filter(([, , filter]) => filter === `features.${ofDevice}`);
  return meant.flatMap(([kind, bits, filter]) =>
    Object.entries(bits)
      .filter(
        ([own, bit]) =>
          own === name ||
          bit.bit === number ||
          bit.aliases?.includes(text.toUpperCase()) ||
          bit.aliases?.includes(name),
      )
      .map(([own, bit]) => ({
        kind,
        title: `${own}, bit ${bit.bit}`,
        lines: [
          bit.doc,
          ...(bit.since ? [`in QEMU since ${bit.since}`] : []),
          ...(bit.needs?.length ? [`needs ${bit.needs.join(' and ')}`] : []),
        ],
        filter: `${filter}.${own.toLowerCase()}`,
      })),
  );
}

function fields(text: string): Explanation[] {
  const wanted = text.toLowerCase().replace(/^vhost_user\./, '');
  const users = new Map<string, { field: Field; messages: Set<string> }>();
  for (const spec of Object.values(messagesOf).flat()) {
    const layouts =
      'list' in spec.payload
        ? [spec.payload as Struct]
        : (spec.payload as readonly { payload: Struct }[]).map(one => one.payload);
    for (const struct of layouts) collect(struct, spec.name);
  }
  function collect(struct: Struct, message: string): void {
    for (const field of struct.list) {
      if (field.kind === 'array' || field.kind === 'group') collect(field.of, message);
      else if (field.kind === 'word') {
        for (const [name, part] of Object.entries(field.parts))
          note(meaning(struct, { ...part, name }), name, { ...field, ...part } as Field, message);
      } else note(meaning(struct, field), field.name, field, message);
    }
  }
  function note(id: string, name: string, field: Field, message: string): void {
    if (field.kind === 'pad' || (id !== wanted && name !== wanted)) return;
    const known = users.get(id) ?? { field, messages: new Set<string>() };
    known.messages.add(message);
    users.set(id, known);
  }
  return [...users].map(([id, { field, messages: names }]) => ({
    kind: 'field',
    title: id,
    lines: [field.doc ?? '', `in ${[...names].join(', ')}`].filter(line => line !== ''),
    filter: id,
  }));
}

function ringNames({ vrings: { fixed, each = [] } }: DeviceSpec): string[] {
  const named = fixed.map(ring => (typeof ring === 'string' ? ring : `${ring.name} (with ${ring.with})`));
  return [...named, ...each.map(name => `${name} 0, 1, …`)];
}

function deviceTypes(text: string): Explanation[] {
  const wanted = text.toLowerCase().replace(/^vhost-user-|^virtio-/, '');
  return devices
    .filter(device => device.name === wanted || device.aliases?.includes(wanted))
    .map(device => ({
      kind: 'device type',
      title: `${device.name}, virtio id ${device.id}`,
      filter: `device == ${device.name}`,
      lines: [
        device.title,
        `rings: ${ringNames(device).join(', ') || 'not declared'}`,
        `features: ${
          Object.entries(device.features)
            .map(([name, { bit }]) => `${name}(${bit})`)
            .join(' ') || 'none of its own'
        }`,
        ...(device.config
          ? [
              'configuration:',
              ...device.config.list
                .filter(field => field.kind !== 'pad')
                .map(field => `  ${fieldLine(field.name, field)}`),
            ]
          : []),
      ],
    }));
}

function ruleEntries(text: string): Explanation[] {
  return rules
    .filter(rule => rule.id === text.toUpperCase() || rule.name === text.toLowerCase())
    .map(rule => ({
      kind: `rule, ${rule.severity}`,
      title: `${rule.id} ${rule.name}`,
      rule: rule.id,
      lines: [
        `fires when ${rule.condition}`,
        `remedy: ${rule.remedy}`,
        ...(rule.offenders ? [`known to do it: ${rule.offenders}`] : []),
        `specification: ${rule.spec} (${rule.confidence})`,
      ],
    }));
}

function diagnosisEntries(text: string): Explanation[] {
  return diagnoses
    .filter(one => one.id === text.toLowerCase())
    .map(one => ({
      kind: 'diagnosis',
      title: one.title,
      diagnosis: one.id,
      lines: [`means: ${one.meaning}`, `do: ${one.remedy}`, `confirm: ${one.confirm}`],
    }));
}
