/**
 * Writing a pseudo-header from its object form. Everything is made to fit the 65532 bytes a pseudo-header may have:
 * what does not fit is shortened in a way a reader can tell.
 */
import type { FdIdentity } from '../decode/frame.ts';
import { channels, deviceSources, dialects, fdKinds } from '../decode/frame.ts';
import type { FixedHeader, PseudoHeader } from './pseudo-header.ts';
import {
  accesses,
  directions,
  fdEntryLength,
  fdFieldAt,
  fdValid,
  fixedLength,
  frameKinds,
  headerFlag,
  maxPseudoHeaderLength,
  putU64,
  tlvType,
  writeFixed,
} from './pseudo-header.ts';

/** At most this many fd entries are stored; SCM_RIGHTS carries no more (SCM_MAX_FD). */
const maxFds = 253;
/** Bytes of an fd's name that are kept. */
const maxNameLength = 1024;
/** Arrival pieces that are kept; a sum below the length on the wire tells that there were more. */
const maxSegments = 1024;

const low32 = (value: bigint): number => Number(value & 0xffff_ffffn);
const high32 = (value: bigint): number => Number((value >> 32n) & 0xffff_ffffn);
const utf8 = new TextEncoder();

/**
 * Writes a pseudo-header at a byte offset of the view and returns its length, a multiple of 4 and at most 65532.
 * The view must have room for it (a RangeError otherwise); the wire bytes follow directly.
 */
export function writePseudoHeader(view: DataView, at: number, header: PseudoHeader): number {
  const fds = header.fds.slice(0, maxFds);
  let end = at + fixedLength;
  for (const fd of fds) {
    writeFdEntry(view, end, fd);
    end += fdEntryLength;
  }
  end = writeTlvs(view, at, end, header);
  writeFixed(view, at, fixedHeaderOf(header, end - at, fds.length));
  return end - at;
}

/** The fixed part of an object form, for `writeFixed`. */
function fixedHeaderOf(header: PseudoHeader, length: number, fdEntries: number): FixedHeader {
  const { context } = header;
  const features = context.features ?? 0n;
  const protocolFeatures = context.protocolFeatures ?? 0n;
  const captureId = header.captureId ?? 0n;
  return {
    kind: frameKinds.indexOf(header.kind),
    channel: channels.indexOf(header.channel),
    direction: directions.indexOf(header.dir),
    length,
    fdEntries,
    flags: flagsOf(header),
    fdCount: header.fdCount ?? header.fds.length,
    device: context.device ?? 0,
    session: header.session,
    epoch: header.epoch,
    n: header.n,
    answers: header.answers ?? 0,
    captureIdLow: low32(captureId),
    captureIdHigh: high32(captureId),
    streamOffset: header.offset,
    receivedLow: low32(header.receivedNs),
    receivedHigh: high32(header.receivedNs),
    sentLow: low32(header.sentNs),
    sentHigh: high32(header.sentNs),
    featuresLow: low32(features),
    featuresHigh: high32(features),
    protocolFeaturesLow: low32(protocolFeatures),
    protocolFeaturesHigh: high32(protocolFeatures),
    wireLength: header.wireLength,
    fragmentOffset: header.fragmentOffset ?? 0,
    frontEnd: Math.max(0, dialects.indexOf(context.frontEnd)),
    backEnd: Math.max(0, dialects.indexOf(context.backEnd)),
    deviceFrom: deviceSources.indexOf(context.deviceFrom),
  };
}

function flagsOf(header: PseudoHeader): number {
  const { context } = header;
  let flags = 0;
  if (header.reply) flags |= headerFlag.reply;
  if (context.bigEndian) flags |= headerFlag.bigEndian;
  if (context.features !== undefined) flags |= headerFlag.features;
  if (context.protocolFeatures !== undefined) flags |= headerFlag.protocolFeatures;
  if (header.carried) flags |= headerFlag.carried;
  if (header.snapped) flags |= headerFlag.snapped;
  if (header.ctrunc) flags |= headerFlag.ctrunc;
  if (header.fragmentOffset !== undefined) flags |= headerFlag.continuation;
  if (header.sentBytes !== undefined) flags |= header.sentBytes.length > 0 ? headerFlag.altered : headerFlag.dropped;
  if (header.injected) flags |= headerFlag.injected;
  if (header.masked) flags |= headerFlag.masked;
  return flags;
}

/** Writes one fd entry (48 bytes); its name and `sameIdAs` are TLVs. */
function writeFdEntry(view: DataView, at: number, fd: FdIdentity): void {
  const hasInode = fd.dev !== undefined && fd.inode !== undefined;
  let valid = 0;
  if (fd.size !== undefined) valid |= fdValid.size;
  if (hasInode) valid |= fdValid.devInode;
  if (fd.id !== undefined) valid |= fdValid.id;
  if (fd.seals !== undefined) valid |= fdValid.seals;
  if (fd.pageSize !== undefined) valid |= fdValid.pageSize;
  view.setUint8(at + fdFieldAt.kind, fdKinds.indexOf(fd.kind));
  view.setUint8(at + fdFieldAt.access, accesses.indexOf(fd.access));
  view.setUint16(at + fdFieldAt.valid, valid, true);
  view.setUint32(at + fdFieldAt.seals, fd.seals ?? 0, true);
  putU64(view, at + fdFieldAt.size, fd.size ?? 0);
  putU64(view, at + fdFieldAt.dev, hasInode ? (fd.dev as number) : 0);
  putU64(view, at + fdFieldAt.inode, hasInode ? (fd.inode as number) : 0);
  putU64(view, at + fdFieldAt.id, fd.id ?? 0);
  view.setUint32(at + fdFieldAt.pageSize, fd.pageSize ?? 0, true);
  view.setUint32(at + fdFieldAt.object, fd.object ?? 0, true);
}

/** Writes the TLVs that apply, the telling ones first, and returns where they end. */
function writeTlvs(view: DataView, start: number, at: number, header: PseudoHeader): number {
  let end = at;
  const room = (): number => start + maxPseudoHeaderLength - end - 4;
  const open = (type: number, length: number): number => {
    view.setUint16(end, type, true);
    view.setUint16(end + 2, length, true);
    const value = end + 4;
    end = value + ((length + 3) & ~3);
    for (let pad = value + length; pad < end; pad++) view.setUint8(pad, 0);
    return value;
  };
  const putBytes = (at: number, bytes: Uint8Array): void =>
    new Uint8Array(view.buffer, view.byteOffset + at, bytes.length).set(bytes);

  if (header.fdAt !== undefined) view.setUint32(open(tlvType.fdAt, 4), header.fdAt, true);
  if (header.heldNs !== undefined) view.setBigUint64(open(tlvType.heldNs, 8), header.heldNs, true);
  if (header.seg !== undefined) {
    const seg = header.seg.slice(0, maxSegments);
    const value = open(tlvType.seg, seg.length * 4);
    seg.forEach((length, i) => {
      view.setUint32(value + i * 4, length, true);
    });
  }
  for (const [i, fd] of header.fds.slice(0, maxFds).entries()) {
    if (fd.sameIdAs === undefined) continue;
    const value = open(tlvType.sameIdAs, 8);
    view.setUint32(value, i, true);
    view.setUint32(value + 4, fd.sameIdAs, true);
  }
  if (header.sentFds !== undefined) {
    const fds = header.sentFds.slice(0, maxFds);
    const value = open(tlvType.sentFds, fds.length * fdEntryLength);
    for (const [i, fd] of fds.entries()) writeFdEntry(view, value + i * fdEntryLength, fd);
  }
  for (const [i, fd] of header.fds.slice(0, maxFds).entries()) {
    if (fd.name === undefined) continue;
    const name = shortened(utf8.encode(fd.name));
    if (name.length + 2 > room()) break;
    const value = open(tlvType.fdName, name.length + 2);
    view.setUint16(value, i, true);
    putBytes(value + 2, name);
  }
  if (header.sentBytes !== undefined && header.sentBytes.length > 0) {
    const kept = header.sentBytes.subarray(0, Math.max(0, room() - 8));
    const whole = header.sentLength ?? header.sentBytes.length;
    if (kept.length < whole) view.setUint32(open(tlvType.sentLength, 4), whole, true);
    putBytes(open(tlvType.sentBytes, kept.length), kept);
  }
  return end;
}

/** A name cut to what is kept, at a character's boundary, with an ellipsis to show for it. */
function shortened(name: Uint8Array): Uint8Array {
  if (name.length <= maxNameLength) return name;
  let cut = maxNameLength - 3;
  while (cut > 0 && ((name[cut] as number) & 0xc0) === 0x80) cut--;
  const kept = name.slice(0, cut + 3);
  kept.set([0xe2, 0x80, 0xa6], cut);
  return kept;
}
