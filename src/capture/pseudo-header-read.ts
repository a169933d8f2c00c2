/**
 * Reading a pseudo-header into its object form. Reading is total: whatever is damaged, missing or newer becomes a
 * value with `damage`, never an exception, and memory is bounded by the bytes given.
 */
import type { Direction, FdIdentity } from '../decode/frame.ts';
import { channels, fdKinds } from '../decode/frame.ts';
import type { PseudoHeader } from './pseudo-header.ts';
import {
  accesses,
  directions,
  fdEntryLength,
  fdFieldAt,
  fdValid,
  fieldAt,
  fixedLength,
  frameKinds,
  getU64,
  headerFlag,
  pseudoHeaderVersion,
  tlvType,
} from './pseudo-header.ts';
import { recurring } from './recurring.ts';

/** A pseudo-header as read, and where the wire bytes begin. */
export interface PseudoHeaderRead {
  header: PseudoHeader;
  /** Bytes the pseudo-header takes; never more than were given. */
  length: number;
}

const fromUtf8 = new TextDecoder();

/**
 * Reads a pseudo-header between two byte offsets of the view. Never throws: a record too short or contradictory gives
 * what can be told, with `damage`; of a version newer than this reader's only kind, channel, direction and length.
 */
export function readPseudoHeader(view: DataView, at: number, end: number): PseudoHeaderRead {
  const given = end - at;
  if (given < fieldAt.length + 2) {
    const kept = Math.max(0, given);
    return { header: unreadable(`pseudo-header cut after ${kept} bytes`), length: kept };
  }
  const version = view.getUint8(at + fieldAt.version);
  const length = view.getUint16(at + fieldAt.length, true);
  const usable = Math.min(length, given);
  if (version !== pseudoHeaderVersion) {
    const what = version === 0 ? 'is not valid' : `is newer than ${pseudoHeaderVersion}, the newest this reader knows`;
    const damage = `pseudo-header version ${version} ${what}${version === 0 ? '' : ': update vhuscope'}`;
    const header = { ...named(view, at), ...unknownRest(), damage, ...(version > 0 && { newer: version }) };
    return { header, length: usable };
  }
  if (length < fixedLength || given < fixedLength) {
    const why = length < fixedLength ? `its length is ${length}` : `${given} of its ${length} bytes are there`;
    return {
      header: { ...named(view, at), ...unknownRest(), damage: `pseudo-header damaged: ${why}` },
      length: usable,
    };
  }
  const header = readFixed(view, at);
  const entries = view.getUint16(at + fieldAt.fdEntries, true);
  const whole = fixedLength + entries * fdEntryLength;
  for (let entry = fixedLength; entry < whole && entry + fdEntryLength <= usable; entry += fdEntryLength)
    header.fds.push(readFdEntry(view, at + entry));
  const fdCount = view.getUint16(at + fieldAt.fdCount, true);
  if (fdCount > 0 && fdCount !== header.fds.length) header.fdCount = fdCount;
  if (length > given) header.damage = `pseudo-header damaged: ${given} of its ${length} bytes are there`;
  else if (whole > length)
    header.damage = `pseudo-header damaged: ${entries} fd entries do not fit its ${length} bytes`;
  if (whole < usable) readTlvs(view, at + whole, at + usable, header);
  return { header, length: usable };
}

/** What stands for a record of which nothing can be told but why. */
export function unreadable(damage: string): PseudoHeader {
  return { n: 0, kind: 'raw', channel: 'main', ...unknownRest(), damage };
}

/** Kind, channel and direction: the bytes whose meaning no version changes. */
function named(view: DataView, at: number): Pick<PseudoHeader, 'n' | 'kind' | 'channel' | 'dir'> {
  const dir: Direction | undefined = directions[view.getUint8(at + fieldAt.direction)];
  const kind = frameKinds[view.getUint8(at + fieldAt.kind)] ?? 'raw';
  const channel = channels[view.getUint8(at + fieldAt.channel)] ?? 'main';
  return dir === undefined ? { n: 0, kind, channel } : { n: 0, kind, channel, dir };
}

function unknownRest(): Omit<PseudoHeader, 'n' | 'kind' | 'channel' | 'dir'> {
  return { session: 0, epoch: 0, receivedNs: 0n, sentNs: 0n, wireLength: 0, offset: 0, fds: [], context: {} };
}

function readFixed(view: DataView, at: number): PseudoHeader {
  const flags = view.getUint32(at + fieldAt.flags, true);
  const kind = frameKinds[view.getUint8(at + fieldAt.kind)];
  const channel = channels[view.getUint8(at + fieldAt.channel)];
  const dir = directions[view.getUint8(at + fieldAt.direction)];
  const answers = getU64(view, at + fieldAt.answers);
  // What records usually tell is named in every one of them, told or not: objects of one shape are read several times
  // as fast as objects of many.
  const header: PseudoHeader = {
    n: getU64(view, at + fieldAt.n),
    kind: kind ?? 'raw',
    captureId: recurring.captureId(view, at),
    channel: channel ?? 'main',
    dir,
    session: view.getUint32(at + fieldAt.session, true),
    epoch: view.getUint32(at + fieldAt.epoch, true),
    receivedNs: view.getBigUint64(at + fieldAt.received, true),
    sentNs: view.getBigUint64(at + fieldAt.sent, true),
    reply: flags & headerFlag.reply ? true : undefined,
    answers: answers > 0 ? answers : undefined,
    wireLength: view.getUint32(at + fieldAt.wireLength, true),
    offset: getU64(view, at + fieldAt.streamOffset),
    fds: [],
    fdCount: undefined,
    context: recurring.context(view, at, flags),
  };
  if (kind === undefined) header.damage = `record kind ${view.getUint8(at + fieldAt.kind)} is not known`;
  if (channel === undefined) header.damage = `channel ${view.getUint8(at + fieldAt.channel)} is not known`;
  if (flags & headerFlag.carried) header.carried = true;
  if (flags & headerFlag.snapped) header.snapped = true;
  if (flags & headerFlag.ctrunc) header.ctrunc = true;
  if (flags & headerFlag.continuation) header.fragmentOffset = view.getUint32(at + fieldAt.fragmentOffset, true);
  if (flags & headerFlag.dropped) header.sentBytes = new Uint8Array(0);
  if (flags & headerFlag.injected) header.injected = true;
  if (flags & headerFlag.masked) header.masked = true;
  return header;
}

function readFdEntry(view: DataView, at: number): FdIdentity {
  const valid = view.getUint16(at + fdFieldAt.valid, true);
  const fd: FdIdentity = { kind: fdKinds[view.getUint8(at + fdFieldAt.kind)] ?? 'unknown' };
  const access = accesses[view.getUint8(at + fdFieldAt.access)];
  const object = view.getUint32(at + fdFieldAt.object, true);
  if (valid & fdValid.size) fd.size = getU64(view, at + fdFieldAt.size);
  if (valid & fdValid.devInode) {
    fd.dev = getU64(view, at + fdFieldAt.dev);
    fd.inode = getU64(view, at + fdFieldAt.inode);
  }
  if (valid & fdValid.id) fd.id = getU64(view, at + fdFieldAt.id);
  if (valid & fdValid.seals) fd.seals = view.getUint32(at + fdFieldAt.seals, true);
  if (valid & fdValid.pageSize) fd.pageSize = view.getUint32(at + fdFieldAt.pageSize, true);
  if (access !== undefined) fd.access = access;
  if (object > 0) fd.object = object;
  return fd;
}

/** Reads the value of a TLV, `length` bytes from `at` on, into the header. */
type TlvReader = (header: PseudoHeader, view: DataView, at: number, length: number) => void;

const bytesOf = (view: DataView, at: number, length: number) =>
  new Uint8Array(view.buffer, view.byteOffset + at, length);

/** How each TLV is read: its least length in bytes, and what it does. Unknown types are skipped. */
const tlvReaders: Record<number, [least: number, read: TlvReader]> = {
  [tlvType.fdName]: [
    2,
    (header, view, at, length) => {
      const fd = header.fds[view.getUint16(at, true)];
      if (fd) fd.name = fromUtf8.decode(bytesOf(view, at + 2, length - 2));
    },
  ],
  [tlvType.seg]: [
    0,
    (header, view, at, length) => {
      header.seg = Array.from({ length: length >> 2 }, (_, i) => view.getUint32(at + i * 4, true));
    },
  ],
  [tlvType.fdAt]: [
    4,
    (header, view, at) => {
      header.fdAt = view.getUint32(at, true);
    },
  ],
  [tlvType.heldNs]: [
    8,
    (header, view, at) => {
      header.heldNs = view.getBigUint64(at, true);
    },
  ],
  [tlvType.sentBytes]: [
    0,
    (header, view, at, length) => {
      header.sentBytes = bytesOf(view, at, length);
    },
  ],
  [tlvType.sameIdAs]: [
    8,
    (header, view, at) => {
      const fd = header.fds[view.getUint16(at, true)];
      if (fd) fd.sameIdAs = view.getUint32(at + 4, true);
    },
  ],
  [tlvType.sentFds]: [
    0,
    (header, view, at, length) => {
      const entries = Array.from({ length: Math.floor(length / fdEntryLength) }, (_, i) => at + i * fdEntryLength);
      header.sentFds = entries.map(each => readFdEntry(view, each));
    },
  ],
  [tlvType.sentLength]: [
    4,
    (header, view, at) => {
      header.sentLength = view.getUint32(at, true);
    },
  ],
};

function readTlvs(view: DataView, start: number, end: number, header: PseudoHeader): void {
  for (let at = start; at < end; ) {
    const length = at + 4 <= end ? view.getUint16(at + 2, true) : 0;
    if (at + 4 + length > end) {
      header.damage ??= `pseudo-header damaged: a value of ${length} bytes runs over its end`;
      return;
    }
    const reader = tlvReaders[view.getUint16(at, true)];
    if (reader && length >= reader[0]) reader[1](header, view, at + 4, length);
    at += 4 + ((length + 3) & ~3);
  }
}
