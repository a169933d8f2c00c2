/**
 * Builders for pcapng blocks, little-endian. Pure: fields in, the bytes of one whole block out. `wrapPacket` is the
 * recorder's path: it writes into a buffer it is given and allocates nothing.
 */
import type { PcapngOption } from './blocks.ts';
import {
  blockOverhead,
  blockType,
  byteOrderMagic,
  linkTypeUpperPdu,
  maxCapturedLength,
  optionCode,
  packetHeadLength,
  padded,
} from './blocks.ts';

const utf8 = new TextEncoder();

/** Bytes of the options `wrapPacket` adds: flags, packet id and the end. */
const wrapOptionsLength = 8 + 12 + 4;

/** An option with UTF-8 text. Texts of 65535 bytes and more are cut: the length has 16 bits. */
export function textOption(code: number, text: string): PcapngOption {
  return { code, value: utf8.encode(text).subarray(0, 0xffff) };
}

/** An option with a 32-bit number. */
export function u32Option(code: number, value: number): PcapngOption {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value, true);
  return { code, value: bytes };
}

/** An option with a 64-bit number. */
export function u64Option(code: number, value: bigint): PcapngOption {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, value, true);
  return { code, value: bytes };
}

/** Any block from its type and the bytes between its two lengths, padded with zeroes to a multiple of 4. */
export function block(type: number, body: Uint8Array): Uint8Array {
  const length = padded(body.length) + blockOverhead;
  const bytes = new Uint8Array(length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, type, true);
  view.setUint32(4, length, true);
  bytes.set(body, 8);
  view.setUint32(length - 4, length, true);
  return bytes;
}

/** The bytes of a block's options, with the end mark; nothing at all when there are none. */
export function options(list: readonly PcapngOption[]): Uint8Array {
  if (list.length === 0) return new Uint8Array(0);
  const bytes = new Uint8Array(list.reduce((sum, option) => sum + 4 + padded(option.value.length), 4));
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const { code, value } of list) {
    view.setUint16(at, code, true);
    view.setUint16(at + 2, value.length, true);
    bytes.set(value, at + 4);
    at += 4 + padded(value.length);
  }
  return bytes;
}

function bodyWith(fixedLength: number, fill: (view: DataView) => void, list: readonly PcapngOption[]): Uint8Array {
  const tail = options(list);
  const body = new Uint8Array(fixedLength + tail.length);
  fill(new DataView(body.buffer));
  body.set(tail, fixedLength);
  return body;
}

/** What a section says about where it was recorded. */
export interface SectionFields {
  /** Machine, such as `x86_64`. */
  hardware?: string;
  /** Operating system and kernel. */
  os?: string;
  /** Program and version that writes it. */
  userAppl?: string;
  comment?: string;
}

/** A section header block. Its length stays open (-1): a growing file cannot know it. */
export function sectionHeader(fields: SectionFields = {}): Uint8Array {
  const list = Object.entries(optionCode.section).flatMap(([key, code]) => {
    const text = fields[key as keyof SectionFields];
    return text === undefined ? [] : [textOption(code, text)];
  });
  if (fields.comment !== undefined) list.push(textOption(optionCode.comment, fields.comment));
  const fill = (view: DataView): void => {
    view.setUint32(0, byteOrderMagic, true);
    view.setUint16(4, 1, true);
    view.setBigInt64(8, -1n, true);
  };
  return block(blockType.sectionHeader, bodyWith(16, fill, list));
}

/** One interface: a pair's channel, named `pair/channel`. */
export interface InterfaceFields {
  name: string;
  description?: string;
  /** Default 252, upper PDU. */
  linkType?: number;
}

/** An interface description block; its timestamps are nanoseconds. */
export function interfaceDescription(fields: InterfaceFields): Uint8Array {
  const list = [textOption(optionCode.interface.name, fields.name)];
  if (fields.description !== undefined) list.push(textOption(optionCode.interface.description, fields.description));
  list.push({ code: optionCode.interface.tsResol, value: Uint8Array.of(9) });
  const fill = (view: DataView): void => {
    view.setUint16(0, fields.linkType ?? linkTypeUpperPdu, true);
    view.setUint32(4, maxCapturedLength, true);
  };
  return block(blockType.interfaceDescription, bodyWith(8, fill, list));
}

/** One packet, as an object. */
export interface PacketFields {
  /** Number of the interface within the section, from 0. */
  interfaceId: number;
  /** Time in the interface's units (nanoseconds in our files) since 1970. */
  timestamp: bigint;
  /** Captured bytes, at most 262144. */
  data: Uint8Array;
  /** Length in bytes before anything was shortened; default the length of `data`. */
  originalLength?: number;
  options?: readonly PcapngOption[];
}

/** An enhanced packet block with any options. */
export function enhancedPacket(packet: PacketFields): Uint8Array {
  const { data } = packet;
  const dataEnd = 20 + padded(data.length);
  const tail = options(packet.options ?? []);
  const body = new Uint8Array(dataEnd + tail.length);
  const view = new DataView(body.buffer);
  view.setUint32(0, packet.interfaceId, true);
  view.setUint32(4, Number(packet.timestamp >> 32n), true);
  view.setUint32(8, Number(packet.timestamp & 0xffff_ffffn), true);
  view.setUint32(12, data.length, true);
  view.setUint32(16, packet.originalLength ?? data.length, true);
  body.set(data, 20);
  body.set(tail, dataEnd);
  return block(blockType.enhancedPacket, body);
}

/** What the recorder knows about a packet besides its bytes. */
export interface PacketHead {
  interfaceId: number;
  /** Wall clock nanoseconds since 1970, low and high 32 bits. */
  wallLow: number;
  wallHigh: number;
  /** Length of the packet in bytes before anything was shortened. */
  originalLength: number;
  /** Bits of `packetFlag`. */
  flags: number;
  /** The record's number `n`, low and high 32 bits. */
  nLow: number;
  nHigh: number;
}

/** Bytes `wrapPacket` needs for a packet of so many bytes. */
export function wrappedLength(packetLength: number): number {
  return packetHeadLength + padded(packetLength) + wrapOptionsLength + 4;
}

/**
 * Writes an enhanced packet block around `length` packet bytes at `from` of `source` and returns the block's length.
 * `bytes` and `view` are the same memory. It must have `wrappedLength(length)` bytes from `at` on.
 */
export function wrapPacket(
  bytes: Uint8Array,
  view: DataView,
  at: number,
  head: PacketHead,
  source: Uint8Array,
  from: number,
  length: number,
): number {
  const blockLength = wrappedLength(length);
  view.setUint32(at, blockType.enhancedPacket, true);
  view.setUint32(at + 4, blockLength, true);
  view.setUint32(at + 8, head.interfaceId, true);
  view.setUint32(at + 12, head.wallHigh, true);
  view.setUint32(at + 16, head.wallLow, true);
  view.setUint32(at + 20, length, true);
  view.setUint32(at + 24, head.originalLength, true);
  const data = at + packetHeadLength;
  bytes.set(source.subarray(from, from + length), data);
  let tail = data + length;
  for (const end = data + padded(length); tail < end; tail++) bytes[tail] = 0;
  view.setUint32(tail, optionCode.packet.flags | (4 << 16), true);
  view.setUint32(tail + 4, head.flags, true);
  view.setUint32(tail + 8, optionCode.packet.packetId | (8 << 16), true);
  view.setUint32(tail + 12, head.nLow, true);
  view.setUint32(tail + 16, head.nHigh, true);
  view.setUint32(tail + 20, optionCode.endOfOptions, true);
  view.setUint32(tail + 24, blockLength, true);
  return blockLength;
}

/** Counts at the end of a recording. */
export interface StatisticsFields {
  interfaceId: number;
  /** Time of the count, and of the first and last packet, in nanoseconds since 1970. */
  timestamp: bigint;
  startTime?: bigint;
  endTime?: bigint;
  /** Packets that reached the recorder, and packets that were lost. */
  received?: bigint;
  dropped?: bigint;
}

/** An interface statistics block. */
export function interfaceStatistics(fields: StatisticsFields): Uint8Array {
  const list: PcapngOption[] = [];
  // Times in options have their high half first, like every pcapng timestamp; counts are plain 64-bit numbers.
  const halvesSwapped = (time: bigint): bigint => ((time & 0xffff_ffffn) << 32n) | (time >> 32n);
  const { startTime, endTime, received, dropped } = optionCode.statistics;
  if (fields.startTime !== undefined) list.push(u64Option(startTime, halvesSwapped(fields.startTime)));
  if (fields.endTime !== undefined) list.push(u64Option(endTime, halvesSwapped(fields.endTime)));
  if (fields.received !== undefined) list.push(u64Option(received, fields.received));
  if (fields.dropped !== undefined) list.push(u64Option(dropped, fields.dropped));
  const fill = (view: DataView): void => {
    view.setUint32(0, fields.interfaceId, true);
    view.setUint32(4, Number(fields.timestamp >> 32n), true);
    view.setUint32(8, Number(fields.timestamp & 0xffff_ffffn), true);
  };
  return block(blockType.interfaceStatistics, bodyWith(12, fill, list));
}
