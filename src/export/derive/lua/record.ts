/** The pseudo-header as tables for the dissector: where its fields lie and how they are called. */

import {
  accesses,
  directions,
  fdEntryLength,
  fdFieldAt,
  fdValid,
  fieldAt,
  fixedLength,
  frameKinds,
  headerFlag,
  pseudoHeaderVersion,
  tlvType,
} from '../../../capture/pseudo-header.ts';
import { channels, deviceSources, dialects, fdKinds } from '../../../decode/frame.ts';
import { bitsOfSize, type FilterField, FilterFields } from './filter-field.ts';
import type { LuaValue } from './literal.ts';

/** A field of the fixed part or of an fd entry, at a byte offset. */
interface Placed {
  readonly at: number;
  readonly size: 1 | 2 | 4 | 8;
  readonly id: string;
  readonly hex?: true;
  readonly values?: ReadonlyMap<number, string>;
  readonly doc?: string;
  /** Shown only where it is not zero, or where that flag is set. */
  readonly unless?: 'zero' | number;
}

function numbered(names: readonly (string | undefined)[]): ReadonlyMap<number, string> {
  return new Map(names.flatMap((name, number) => (name === undefined ? [] : [[number, name] as const])));
}

const fixed: readonly Placed[] = [
  { at: fieldAt.version, size: 1, id: 'version', doc: 'version of the pseudo-header' },
  { at: fieldAt.kind, size: 1, id: 'kind', values: numbered(frameKinds) },
  { at: fieldAt.channel, size: 1, id: 'channel', values: numbered(channels), doc: 'the socket it crossed' },
  { at: fieldAt.direction, size: 1, id: 'dir', values: numbered(directions), unless: 'zero', doc: 'who sent it' },
  { at: fieldAt.length, size: 2, id: 'header_length', doc: 'bytes of the pseudo-header' },
  { at: fieldAt.session, size: 4, id: 'session' },
  { at: fieldAt.epoch, size: 4, id: 'epoch', doc: 'connection within the session' },
  { at: fieldAt.n, size: 8, id: 'n', doc: 'number of the record in the recording' },
  { at: fieldAt.answers, size: 8, id: 'answers', unless: 'zero', doc: 'number of the record with the request' },
  { at: fieldAt.captureId, size: 8, id: 'capture', hex: true, doc: 'the recording' },
  { at: fieldAt.wireLength, size: 4, id: 'wire_length', doc: 'bytes on the wire, header included' },
  { at: fieldAt.streamOffset, size: 8, id: 'offset', doc: 'position in the byte stream of its direction' },
  {
    at: fieldAt.fragmentOffset,
    size: 4,
    id: 'fragment_offset',
    unless: headerFlag.continuation,
    doc: 'position in the message',
  },
  { at: fieldAt.received, size: 8, id: 'received_ns', doc: 'monotonic, header complete' },
  { at: fieldAt.sent, size: 8, id: 'sent_ns', unless: 'zero', doc: 'monotonic, last byte passed on' },
  { at: fieldAt.device, size: 2, id: 'device', unless: 'zero', doc: 'virtio device id' },
  {
    ...{ at: fieldAt.deviceFrom, size: 1, id: 'device_from', values: numbered(deviceSources), unless: 'zero' },
    doc: 'how the device type is known',
  },
  { at: fieldAt.frontEnd, size: 1, id: 'front_end', values: numbered(dialects), unless: 'zero' },
  { at: fieldAt.backEnd, size: 1, id: 'back_end', values: numbered(dialects), unless: 'zero' },
  { at: fieldAt.features, size: 8, id: 'features', hex: true, unless: headerFlag.features, doc: 'acknowledged before' },
  {
    at: fieldAt.protocolFeatures,
    size: 8,
    id: 'protocol_features',
    hex: true,
    unless: headerFlag.protocolFeatures,
    doc: 'acknowledged before',
  },
  { at: fieldAt.fdCount, size: 2, id: 'fd_count', doc: 'descriptors that arrived' },
];

const fdFields: readonly Placed[] = [
  { at: fdFieldAt.kind, size: 1, id: 'fd.kind', values: numbered(fdKinds) },
  { at: fdFieldAt.access, size: 1, id: 'fd.access', values: numbered(accesses), unless: 'zero' },
  { at: fdFieldAt.size, size: 8, id: 'fd.size', unless: fdValid.size, doc: 'bytes' },
  { at: fdFieldAt.dev, size: 8, id: 'fd.dev', unless: fdValid.devInode, doc: 'device number' },
  { at: fdFieldAt.inode, size: 8, id: 'fd.inode', unless: fdValid.devInode },
  { at: fdFieldAt.id, size: 8, id: 'fd.id', unless: fdValid.id, doc: 'number of an eventfd, inode of a socket' },
  { at: fdFieldAt.seals, size: 4, id: 'fd.seals', hex: true, unless: fdValid.seals },
  { at: fdFieldAt.pageSize, size: 4, id: 'fd.page_size', unless: fdValid.pageSize, doc: 'bytes of a huge page' },
  { at: fdFieldAt.object, size: 4, id: 'fd.object', unless: 'zero', doc: 'the same for the same kernel object' },
];

const flagLabels: { readonly [name in keyof typeof headerFlag]: string } = {
  reply: 'reply',
  bigEndian: 'big_endian',
  features: 'features_known',
  protocolFeatures: 'protocol_features_known',
  carried: 'carried',
  snapped: 'snapped',
  ctrunc: 'ctrunc',
  continuation: 'continuation',
  altered: 'altered',
  injected: 'injected',
  dropped: 'dropped',
  masked: 'masked',
};

const others: readonly FilterField[] = [
  { id: 'flags', type: 'uint', bits: 32, hex: true, label: 'flags' },
  { id: 'fd.name', type: 'text', label: 'name', doc: 'As the kernel shows it' },
  { id: 'fd.same_id_as', type: 'uint', bits: 32, label: 'same_id_as', doc: 'Earlier object with the same kernel id' },
  { id: 'seg', type: 'uint', bits: 32, label: 'seg', doc: 'Bytes of a piece, as it arrived' },
  { id: 'fd_at', type: 'uint', bits: 32, label: 'fd_at', doc: 'Offset at which the descriptors arrived' },
  { id: 'held_ns', type: 'uint', bits: 64, label: 'held_ns', doc: 'How long it was held back' },
  { id: 'sent_bytes', type: 'bytes', label: 'sent_bytes', doc: 'What was sent on instead' },
  { id: 'sent_length', type: 'uint', bits: 32, label: 'sent_length', doc: 'Bytes sent on, where not all are kept' },
  { id: 'damage', type: 'text', label: 'damage', doc: 'What the record could not tell' },
  { id: 'raw', type: 'bytes', label: 'raw', doc: 'Bytes that were not framed' },
  { id: 'fragment', type: 'bytes', label: 'fragment', doc: 'A later part of a long message' },
  { id: 'event', type: 'text', label: 'event', doc: 'Name of what happened' },
  { id: 'finding', type: 'text', label: 'rule', doc: 'Rule that was found broken' },
  { id: 'event.value', type: 'text', label: 'value', doc: 'A detail of what happened, as path=value' },
];

/** The fields of the pseudo-header's dissector, and its layout. */
export function recordTables(): { fields: FilterFields; layout: LuaValue } {
  const fields = new FilterFields();
  const rows = (placed: readonly Placed[]): LuaValue =>
    placed.map(({ at, size, id, hex, values, doc, unless }) => {
      const label = id.slice(id.indexOf('.') + 1);
      fields.add({
        id,
        type: 'uint',
        bits: bitsOfSize[size],
        label,
        ...(hex && { hex }),
        ...(values && { values }),
        ...(doc && { doc }),
      });
      return { at, size, id, ...(values && { values }), ...(unless === 'zero' ? { nonzero: true } : { flag: unless }) };
    });
  const layout = {
    version: pseudoHeaderVersion,
    fixed_length: fixedLength,
    fd_entry_length: fdEntryLength,
    at: { ...fieldAt },
    fixed: rows(fixed),
    fd: rows(fdFields),
    fd_valid_at: fdFieldAt.valid,
    fd_size_at: fdFieldAt.size,
    flag: { ...headerFlag },
    flags: Object.entries(headerFlag).map(([name, mask]) => {
      const label = flagLabels[name as keyof typeof headerFlag];
      fields.add({ id: `flags.${label}`, type: 'bool', bits: 32, mask, label });
      return { id: `flags.${label}`, name: label, mask };
    }),
    tlv: { ...tlvType },
    kinds: numbered(frameKinds),
    channels: numbered(channels),
    dialects: numbered(dialects),
  };
  for (const field of others) fields.add(field);
  return { fields, layout };
}
