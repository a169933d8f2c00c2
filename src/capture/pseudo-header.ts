/**
 * The bytes vhuscope puts in front of a message in the capture file: the exported-PDU tags that name the dissector,
 * and the pseudo-header, version 1. This file is the one place that defines the layout; `docs/capture-format.md`
 * tells it in prose and a test holds the two equal.
 *
 * All numbers are little-endian. Two ways in from one layout: `writeFixed` here stores plain numbers and allocates
 * nothing (the relay's path); `pseudo-header-write.ts` and
 * `pseudo-header-read.ts` take and give the object form.
 */
import type { Frame, FrameKind } from '../decode/frame.ts';

/** The version this file writes. Readers take every version: bytes 0 to 5 keep their meaning for ever. */
export const pseudoHeaderVersion = 1;

/** Bytes of the fixed part, before the fd entries. */
export const fixedLength = 104;

/** Bytes of one fd entry. */
export const fdEntryLength = 48;

/** The length field has 16 bits and lengths are multiples of 4, so no pseudo-header is longer than this. */
export const maxPseudoHeaderLength = 65532;

/** Byte offsets of the fixed part's fields. */
export const fieldAt = {
  version: 0,
  kind: 1,
  channel: 2,
  direction: 3,
  length: 4,
  fdEntries: 6,
  flags: 8,
  fdCount: 12,
  device: 14,
  session: 16,
  epoch: 20,
  n: 24,
  answers: 32,
  captureId: 40,
  streamOffset: 48,
  received: 56,
  sent: 64,
  features: 72,
  protocolFeatures: 80,
  wireLength: 88,
  fragmentOffset: 92,
  frontEnd: 96,
  backEnd: 97,
  deviceFrom: 98,
  reserved: 99,
} as const;

/** Byte offsets within one fd entry. */
export const fdFieldAt = {
  kind: 0,
  access: 1,
  valid: 2,
  seals: 4,
  size: 8,
  dev: 16,
  inode: 24,
  id: 32,
  pageSize: 40,
  object: 44,
} as const;

/** Bits of an fd entry's `valid` field: which of its numbers are known. */
export const fdValid = { size: 1, devInode: 2, id: 4, seals: 8, pageSize: 16 } as const;

/** Bits of the `flags` field. */
export const headerFlag = {
  reply: 1 << 0,
  bigEndian: 1 << 1,
  features: 1 << 2,
  protocolFeatures: 1 << 3,
  carried: 1 << 4,
  snapped: 1 << 5,
  ctrunc: 1 << 6,
  continuation: 1 << 7,
  altered: 1 << 8,
  injected: 1 << 9,
  dropped: 1 << 10,
  masked: 1 << 11,
} as const;

/** Types of the optional values (TLVs) behind the fd entries. */
export const tlvType = {
  fdName: 1,
  seg: 2,
  fdAt: 3,
  heldNs: 4,
  sentBytes: 5,
  sameIdAs: 6,
  sentLength: 7,
  sentFds: 8,
} as const;

/** Kinds of record by their number; 0 is not used. */
export const frameKinds: readonly (FrameKind | undefined)[] = [undefined, 'message', 'raw', 'event', 'finding'];

/** Directions by their number; 0 stands for none. */
export const directions = [undefined, 'front-to-back', 'back-to-front'] as const;

/** Access modes of an fd entry by their number; 0 stands for not known. */
export const accesses = [undefined, 'r', 'w', 'rw'] as const;

/**
 * The exported-PDU tags at the head of every packet (link type 252), big-endian: tag 12 "dissector name", 8 bytes
 * `vhuscope`, then the end tag. Wireshark hands what follows to the dissector of that name.
 */
export const pduTags: Uint8Array = Uint8Array.of(
  ...[0x00, 0x0c, 0x00, 0x08],
  ...[0x76, 0x68, 0x75, 0x73, 0x63, 0x6f, 0x70, 0x65],
  ...[0x00, 0x00, 0x00, 0x00],
);

/** The fixed part as plain numbers; 64-bit values that can exceed 2^53 are split into low and high 32 bits. */
export interface FixedHeader {
  /** Index into `frameKinds`. */
  kind: number;
  /** Index into `channels`. */
  channel: number;
  /** Index into `directions`. */
  direction: number;
  /** Length of the whole pseudo-header: fixed part, fd entries and TLVs. */
  length: number;
  /** fd entries stored. */
  fdEntries: number;
  /** Bits of `headerFlag`. */
  flags: number;
  /** Descriptors that arrived. */
  fdCount: number;
  /** Virtio device id, 0 unknown. */
  device: number;
  session: number;
  epoch: number;
  n: number;
  /** The request's `n`, 0 none. */
  answers: number;
  captureIdLow: number;
  captureIdHigh: number;
  /** Position of the message's first byte in its direction's byte stream. */
  streamOffset: number;
  /** Monotonic nanoseconds at which the header was complete. */
  receivedLow: number;
  receivedHigh: number;
  /** Monotonic nanoseconds at which the other socket had taken the last byte, 0 not sent. */
  sentLow: number;
  sentHigh: number;
  featuresLow: number;
  featuresHigh: number;
  protocolFeaturesLow: number;
  protocolFeaturesHigh: number;
  /** Length of the message on the wire, header included. */
  wireLength: number;
  /** Offset of these bytes within the message, 0 unless a continuation. */
  fragmentOffset: number;
  /** Indices into `dialects`. */
  frontEnd: number;
  backEnd: number;
  /** Index into `deviceSources`. */
  deviceFrom: number;
}

/** A frame without what pcapng itself says (pair, wall clock) and without its bytes. */
export interface PseudoHeader extends Omit<Frame, 'pair' | 'wallNs' | 'bytes'> {
  /** These bytes continue an earlier record of the same `n`, at this byte offset of the message. */
  fragmentOffset?: number;
  /** The bytes were shortened on purpose (snap length, pressure): no continuation follows. */
  snapped?: boolean;
}

/** Stores a whole number up to 2^53 - 1 as 64 bits. */
export function putU64(view: DataView, at: number, value: number): void {
  view.setUint32(at, value >>> 0, true);
  view.setUint32(at + 4, (value / 0x1_0000_0000) >>> 0, true);
}

/** Reads 64 bits as a number: exact up to 2^53 - 1, rounded above. */
export function getU64(view: DataView, at: number): number {
  return view.getUint32(at + 4, true) * 0x1_0000_0000 + view.getUint32(at, true);
}

/** Writes the fixed part (104 bytes) at a byte offset of the view. Allocates nothing. */
export function writeFixed(view: DataView, at: number, header: FixedHeader): void {
  view.setUint32(
    at,
    pseudoHeaderVersion | (header.kind << 8) | (header.channel << 16) | (header.direction << 24),
    true,
  );
  view.setUint32(at + fieldAt.length, header.length | (header.fdEntries << 16), true);
  view.setUint32(at + fieldAt.flags, header.flags, true);
  view.setUint32(at + fieldAt.fdCount, header.fdCount | (header.device << 16), true);
  view.setUint32(at + fieldAt.session, header.session, true);
  view.setUint32(at + fieldAt.epoch, header.epoch, true);
  putU64(view, at + fieldAt.n, header.n);
  putU64(view, at + fieldAt.answers, header.answers);
  view.setUint32(at + fieldAt.captureId, header.captureIdLow, true);
  view.setUint32(at + fieldAt.captureId + 4, header.captureIdHigh, true);
  putU64(view, at + fieldAt.streamOffset, header.streamOffset);
  view.setUint32(at + fieldAt.received, header.receivedLow, true);
  view.setUint32(at + fieldAt.received + 4, header.receivedHigh, true);
  view.setUint32(at + fieldAt.sent, header.sentLow, true);
  view.setUint32(at + fieldAt.sent + 4, header.sentHigh, true);
  view.setUint32(at + fieldAt.features, header.featuresLow, true);
  view.setUint32(at + fieldAt.features + 4, header.featuresHigh, true);
  view.setUint32(at + fieldAt.protocolFeatures, header.protocolFeaturesLow, true);
  view.setUint32(at + fieldAt.protocolFeatures + 4, header.protocolFeaturesHigh, true);
  view.setUint32(at + fieldAt.wireLength, header.wireLength, true);
  view.setUint32(at + fieldAt.fragmentOffset, header.fragmentOffset, true);
  view.setUint32(at + fieldAt.frontEnd, header.frontEnd | (header.backEnd << 8) | (header.deviceFrom << 16), true);
  view.setUint32(at + fieldAt.reserved + 1, 0, true);
}
