/** The fields tshark must show of a record's pseudo-header and of what is no message, worked out from the record as read. */
import { accesses, directions, frameKinds } from '../../src/capture/pseudo-header.ts';
import type { Piece } from '../../src/capture/section.ts';
import { channels, deviceSources, dialects, type FdIdentity, fdKinds } from '../../src/decode/frame.ts';
import { plain } from '../../src/decode/plain.ts';
import type { Expected } from './expected-fields.ts';

type Value = Expected[1];
type Add = (name: string, value: Value | undefined) => void;

/** Shown values by field name, in order; fields about the form of the record alone are left out. */
export function expectedRecord(piece: Piece): Map<string, Value[]> {
  const found = new Map<string, Value[]>();
  const add: Add = (name, value) => {
    if (value === undefined) return;
    found.set(`vhuscope.${name}`, [...(found.get(`vhuscope.${name}`) ?? []), value]);
  };
  const { context } = piece;
  add('kind', frameKinds.indexOf(piece.kind));
  add('channel', channels.indexOf(piece.channel));
  add('dir', piece.dir && directions.indexOf(piece.dir));
  add('session', piece.session);
  add('epoch', piece.epoch);
  add('n', piece.n);
  add('answers', piece.answers);
  add('capture', piece.captureId);
  add('wire_length', piece.wireLength);
  add('offset', piece.offset);
  add('fragment_offset', piece.fragmentOffset);
  add('received_ns', piece.receivedNs);
  add('sent_ns', piece.sentNs === 0n ? undefined : piece.sentNs);
  add('device', context.device);
  add('device_from', context.deviceFrom && deviceSources.indexOf(context.deviceFrom));
  add('front_end', context.frontEnd && dialects.indexOf(context.frontEnd));
  add('back_end', context.backEnd && dialects.indexOf(context.backEnd));
  add('features', context.features);
  add('protocol_features', context.protocolFeatures);
  add('fd_count', piece.fdCount ?? piece.fds.length);
  for (const fd of piece.fds) addFd(fd, add);
  add('fd_at', piece.fdAt);
  add('held_ns', piece.heldNs);
  for (const part of piece.seg ?? []) add('seg', part);
  add('sent_length', piece.sentLength);
  if (piece.sentBytes && piece.sentBytes.length > 0) add('sent_bytes', hex(piece.sentBytes));
  add('damage', piece.damage);
  if (piece.kind === 'raw' && piece.bytes.length > 0) add('raw', hex(piece.bytes));
  if (piece.kind === 'message' && piece.fragmentOffset !== undefined && piece.bytes.length > 0) {
    add('fragment', hex(piece.bytes));
  }
  if (piece.kind === 'event' || piece.kind === 'finding') addEvent(piece, add);
  return found;
}

const hex = (bytes: Uint8Array): { hex: string } => ({ hex: Buffer.from(bytes).toString('hex') });

function addFd(fd: FdIdentity, add: Add): void {
  add('fd.kind', fdKinds.indexOf(fd.kind));
  add('fd.access', fd.access && accesses.indexOf(fd.access));
  add('fd.size', fd.size);
  add('fd.dev', fd.dev);
  add('fd.inode', fd.inode);
  add('fd.id', fd.id);
  add('fd.seals', fd.seals);
  add('fd.page_size', fd.pageSize);
  add('fd.object', fd.object);
  add('fd.name', fd.name === undefined ? undefined : { utf8: fd.name });
  add('fd.same_id_as', fd.sameIdAs);
}

/** The key by which an event or finding is called. */
const name: { readonly [kind: string]: string } = { event: 'event', finding: 'rule' };

function addEvent(piece: Piece, add: Add): void {
  const text = Buffer.from(piece.bytes).toString();
  const leaves = leavesOf(text);
  if (!leaves) {
    if (piece.bytes.length > 0) add('raw', hex(piece.bytes));
    return;
  }
  for (const [path, value] of leaves) {
    if (path === name[piece.kind]) add(piece.kind, plain(String(value)));
    else add('event.value', plain(`${path}=${value}`));
  }
}

/** The values of a JSON text with their paths; undefined where it is none. */
function leavesOf(text: string): [path: string, value: unknown][] | undefined {
  const collect = (value: unknown, path: string): [string, unknown][] => {
    if (Array.isArray(value)) return value.flatMap((entry, i) => collect(entry, `${path}[${i}]`));
    if (typeof value !== 'object' || value === null) return [[path, value]];
    return Object.entries(value).flatMap(([key, entry]) => collect(entry, path === '' ? key : `${path}.${key}`));
  };
  try {
    return collect(JSON.parse(text), '');
  } catch {
    return undefined;
  }
}
