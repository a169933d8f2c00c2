/** The keys of a record that filters can ask for. A new one is an entry here. */
import { messageByName } from '../catalog.ts';
import { channels, deviceSources, type FdIdentity, fdKinds } from '../frame.ts';
import { phases } from '../phase.ts';
import { deviceById } from '../spec/devices/index.ts';
import { type FilterValue, maybe, nothingThere, type Selector } from './selector.ts';
import type { Head, Subject } from './subject.ts';

/** `request`, `reply`, `event`, `finding` or `raw`, as the records of `--json` have it. */
function typeOf(head: Head): string {
  if (head.kind !== 'message') return head.kind;
  return head.reply ? 'reply' : 'request';
}

const fd = (
  name: string,
  kind: Selector['kind'],
  doc: string,
  of: (fd: FdIdentity) => FilterValue | undefined,
): Selector => ({
  name: `fd.${name}`,
  kind,
  doc,
  values: ({ frame }) => frame.fds.flatMap(one => maybe(of(one))),
});

const aside = (name: string, doc: string, of: (subject: Subject) => boolean): Selector => ({
  name,
  kind: 'switch',
  doc,
  values: subject => [of(subject)],
});

const text = (name: string, doc: string, key: string): Selector => ({
  name,
  kind: 'text',
  doc,
  values: ({ body }) => {
    const value = body?.[key];
    return typeof value === 'string' ? [value] : nothingThere;
  },
});

/** Fields that every record may have, whatever its payload. */
export const recordFields: readonly Selector[] = [
  { name: 'n', kind: 'number', doc: 'number of the record', values: ({ frame }) => [frame.n] },
  { name: 'pair', kind: 'text', doc: 'the configured pair', values: ({ frame }) => [frame.pair] },
  {
    name: 'device',
    kind: 'text',
    doc: 'device type, where it is known: net, blk, fs, …',
    values: ({ frame: { context } }) =>
      context.device === undefined ? nothingThere : [deviceById(context.device)?.name ?? String(context.device)],
  },
  {
    name: 'device_from',
    kind: 'text',
    doc: 'how the device type is known: option, command-line, socket-name or messages',
    names: deviceSources.filter(source => source !== undefined),
    values: ({ frame: { context } }) => (context.deviceFrom === undefined ? nothingThere : [context.deviceFrom]),
  },
  {
    name: 'session',
    kind: 'number',
    doc: 'connection of the pair among those at one time',
    values: ({ frame }) => [frame.session],
  },
  {
    name: 'epoch',
    kind: 'number',
    doc: 'connection of the session, one after the other',
    values: ({ frame }) => [frame.epoch],
  },
  {
    name: 't',
    kind: 'number',
    unit: 'time',
    bare: 1e9,
    doc: 'time since the first record, seconds without a unit',
    values: ({ facts }) => [facts.sinceFirstNs],
  },
  {
    name: 'channel',
    kind: 'text',
    doc: channels.join(', '),
    values: ({ channel }) => [channel],
    fromHead: ({ channel }) => [channel],
  },
  {
    name: 'dir',
    kind: 'text',
    doc: 'front-to-back, back-to-front',
    values: ({ dir }) => maybe(dir),
    fromHead: ({ dir }) => maybe(dir),
  },
  {
    name: 'type',
    kind: 'text',
    doc: 'request, reply, event, finding, raw',
    values: subject => [typeOf(subject)],
    fromHead: head => [typeOf(head)],
  },
  {
    name: 'id',
    kind: 'number',
    doc: 'message number',
    values: ({ id }) => maybe(id),
    fromHead: ({ id }) => maybe(id),
  },
  {
    name: 'name',
    kind: 'text',
    doc: 'name of the message or event',
    textOf: name => messageByName(name)?.spec.name ?? name,
    values: subject => [subject.name],
  },
  {
    name: 'size',
    kind: 'number',
    unit: 'size',
    doc: 'payload bytes',
    values: ({ frame }) => [Math.max(0, frame.wireLength - 12)],
  },
  {
    name: 'captured',
    kind: 'number',
    unit: 'size',
    doc: 'payload bytes that were kept, where fewer',
    values: ({ frame: { bytes, wireLength } }) =>
      bytes.length < wireLength ? [Math.max(0, bytes.length - 12)] : nothingThere,
  },
  {
    name: 'offset',
    kind: 'number',
    unit: 'size',
    doc: 'place of the first byte in the stream of its direction',
    values: ({ frame }) => [frame.offset],
  },
  {
    name: 'flags.version',
    kind: 'number',
    doc: 'protocol version in the header',
    values: ({ message }) => maybe(message?.version),
  },
  { name: 'flags.reply', kind: 'switch', doc: 'it is a reply', values: ({ message }) => maybe(message?.reply) },
  {
    name: 'flags.need_reply',
    kind: 'switch',
    doc: 'an acknowledgement is wanted',
    values: ({ message }) => maybe(message?.needReply),
  },
  {
    name: 'flags.reserved',
    kind: 'number',
    doc: 'header flags without a meaning',
    values: ({ message }) => maybe(message?.reserved),
  },
  {
    name: 'fds',
    kind: 'number',
    doc: 'descriptors that arrived',
    values: ({ frame }) => [frame.fdCount ?? frame.fds.length],
  },
  { ...fd('kind', 'text', fdKinds.join(', '), one => one.kind), names: fdKinds },
  { ...fd('size', 'number', 'bytes of what a descriptor refers to', one => one.size), unit: 'size' },
  fd('object', 'number', 'the same number while it is the same kernel object', one => one.object),
  fd('inode', 'number', 'inode number', one => one.inode),
  fd('id', 'number', 'number of an eventfd, inode of a socket or pipe', one => one.id),
  fd('name', 'text', 'name of a memfd, path of a file', one => one.name),
  fd('access', 'text', 'r, w, rw', one => one.access),
  {
    name: 'answers',
    kind: 'number',
    doc: 'on a reply: number of the request',
    values: ({ frame }) => maybe(frame.answers),
  },
  {
    name: 'latency',
    kind: 'number',
    unit: 'time',
    doc: 'on a reply: time from the sending of the request to its receipt',
    values: ({ facts }) => maybe(facts.latencyNs),
  },
  {
    name: 'latency_ns',
    kind: 'number',
    unit: 'time',
    bare: 1,
    doc: 'the same, nanoseconds without a unit',
    values: ({ facts }) => maybe(facts.latencyNs),
  },
  {
    name: 'phase',
    kind: 'text',
    doc: `what a message is part of: ${phases.join(', ')}`,
    values: ({ facts }) => maybe(facts.phase),
  },
  {
    name: 'path',
    kind: 'text',
    doc: 'functions of QEMU that send it',
    values: ({ facts }) => facts.path ?? nothingThere,
  },
  {
    name: 'held',
    kind: 'number',
    unit: 'time',
    doc: 'how long a person or a rule held it',
    values: ({ frame }) => maybe(frame.heldNs),
  },
  {
    name: 'problems',
    kind: 'number',
    doc: 'places where the bytes are not as declared',
    values: ({ message }) => maybe(message?.problems.length),
  },
  aside(
    'problem',
    'its bytes are not as declared',
    ({ message, frame }) => (message?.problems.length ?? 0) > 0 || frame.damage !== undefined,
  ),
  aside('assumed', 'what the context did not tell was assumed', ({ message }) => message?.assumed === true),
  aside('carried', 'repeated at the head of a rotated file', ({ frame }) => frame.carried === true),
  aside('ctrunc', 'the kernel dropped descriptors', ({ frame }) => frame.ctrunc === true),
  aside('altered', 'changed by a person or a rule', ({ frame }) => frame.sentBytes !== undefined),
  aside('dropped', 'not sent on', ({ frame }) => frame.sentBytes?.length === 0),
  aside('injected', 'made by vhuscope', ({ frame }) => frame.injected === true),
  aside('masked', 'keys in it were overwritten', ({ frame }) => frame.masked === true),
  aside('cut', 'fewer bytes were kept than there were', ({ frame }) => frame.bytes.length < frame.wireLength),
  text('rule', 'of a finding: the rule', 'rule'),
  text('severity', 'of a finding: error, warning, note', 'severity'),
  {
    name: 'bytes',
    kind: 'bytes',
    doc: 'the whole message in hexadecimal digits',
    values: ({ frame }) => [frame.bytes],
  },
];
