/**
 * A pure pcapng parser over a slice of bytes, for either byte order. It never throws and copies nothing: a block that
 * is not whole yet says how many bytes it needs, one that cannot be says why; what is not understood stays a block.
 */
import type { PcapngOption } from './blocks.ts';
import { blockOverhead, blockType, byteOrderMagic, optionCode, packetHeadLength, padded } from './blocks.ts';

/** A whole block within the slice. */
export interface Block {
  kind: 'block';
  type: number;
  /** Byte order of the block's section. */
  littleEndian: boolean;
  /** Offsets of the block's first byte and of the byte behind it. */
  start: number;
  end: number;
}

/** The slice ends within a block: so many bytes from its start on are needed to go on. */
export interface NeedMore {
  kind: 'more';
  need: number;
  /** Type and length, once known. */
  type?: number;
}

/** No block can be here. */
export interface BadBlock {
  kind: 'bad';
  message: string;
}

/** What stands at an offset of a slice. */
export type BlockRead = Block | NeedMore | BadBlock;

/**
 * Reads the block at `at`. `end` limits the slice, `littleEndian` is the order of the current section; a section
 * header brings its own. A block counts when its whole length is there and the lengths at both ends agree.
 */
export function readBlock(view: DataView, at: number, end: number, littleEndian: boolean): BlockRead {
  const available = end - at;
  if (available < 8) return { kind: 'more', need: 8 };
  const type = view.getUint32(at, littleEndian);
  let order = littleEndian;
  // The section header's type reads the same in both orders; its magic number tells which one it is.
  if (type === blockType.sectionHeader) {
    if (available < 12) return { kind: 'more', need: 12, type };
    const sectionOrder = sectionByteOrder(view, at);
    if (sectionOrder === undefined) return { kind: 'bad', message: 'section header without its byte order mark' };
    order = sectionOrder;
  }
  const length = view.getUint32(at + 4, order);
  if (length < leastLength(type) || length % 4 !== 0)
    return { kind: 'bad', message: `block of type ${type} with the impossible length ${length}` };
  if (available < length) return { kind: 'more', need: length, type };
  const trailing = view.getUint32(at + length - 4, order);
  if (trailing !== length)
    return {
      kind: 'bad',
      message: `block of type ${type} whose lengths disagree: ${length} before, ${trailing} behind`,
    };
  return { kind: 'block', type, littleEndian: order, start: at, end: at + length };
}

/** Byte order of the section header at `at` (12 bytes must be there): true little-endian, undefined not a header. */
function sectionByteOrder(view: DataView, at: number): boolean | undefined {
  if (view.getUint32(at + 8, true) === byteOrderMagic) return true;
  if (view.getUint32(at + 8, false) === byteOrderMagic) return false;
  return undefined;
}

function leastLength(type: number): number {
  if (type === blockType.sectionHeader) return 16 + blockOverhead;
  if (type === blockType.enhancedPacket) return packetHeadLength + 4;
  if (type === blockType.interfaceDescription) return 8 + blockOverhead;
  return blockOverhead;
}

/** An interface as its section describes it. */
export interface Interface {
  linkType: number;
  /** `pair/channel`; empty where it has none. */
  name: string;
  /** Nanoseconds of one timestamp unit; below 1 ns as a fraction `unitsPerNs`. */
  nsPerUnit: bigint;
  unitsPerNs: bigint;
  /** Nanoseconds to add to every timestamp. */
  offsetNs: bigint;
}

/** Bytes of an interface's name that are kept. */
const maxInterfaceNameLength = 1024;
const fromUtf8 = new TextDecoder();

/** Reads an interface description block. */
export function readInterface(bytes: Uint8Array, view: DataView, block: Block): Interface {
  const found: Interface = {
    linkType: view.getUint16(block.start + 8, block.littleEndian),
    name: '',
    nsPerUnit: 1000n,
    unitsPerNs: 1n,
    offsetNs: 0n,
  };
  for (const { code, value } of readOptions(bytes, view, block, block.start + 16)) {
    if (code === optionCode.interface.name) found.name = fromUtf8.decode(value.subarray(0, maxInterfaceNameLength));
    else if (code === optionCode.interface.tsResol && value.length >= 1) setResolution(found, value[0] as number);
    else if (code === optionCode.interface.tsOffset && value.length >= 8) {
      const seconds = new DataView(value.buffer, value.byteOffset).getBigInt64(0, block.littleEndian);
      found.offsetNs = seconds * 1_000_000_000n;
    }
  }
  return found;
}

/** `if_tsresol`: a negative power of ten, or of two where the highest bit is set. */
function setResolution(found: Interface, resolution: number): void {
  const exponent = BigInt(resolution & 0x7f);
  const unitsPerSecond = resolution & 0x80 ? 2n ** exponent : 10n ** exponent;
  const divisor = greatestCommonDivisor(1_000_000_000n, unitsPerSecond);
  found.nsPerUnit = 1_000_000_000n / divisor;
  found.unitsPerNs = unitsPerSecond / divisor;
}

function greatestCommonDivisor(a: bigint, b: bigint): bigint {
  return b === 0n ? a : greatestCommonDivisor(b, a % b);
}

/** Where an enhanced packet block has its parts. */
export interface Packet {
  interfaceId: number;
  /** Offsets of the captured bytes in the slice. */
  dataStart: number;
  dataEnd: number;
  originalLength: number;
}

/** Reads an enhanced packet block; undefined where its captured length does not fit the block. */
export function readPacket(view: DataView, block: Block): Packet | undefined {
  const { start, littleEndian } = block;
  const captured = view.getUint32(start + 20, littleEndian);
  const dataStart = start + packetHeadLength;
  if (captured > block.end - 4 - dataStart) return undefined;
  return {
    interfaceId: view.getUint32(start + 8, littleEndian),
    dataStart,
    dataEnd: dataStart + captured,
    originalLength: view.getUint32(start + 24, littleEndian),
  };
}

/** Bytes of an enhanced packet block's packet that were not kept. */
export function notCaptured(view: DataView, { start, littleEndian }: Block): number {
  return Math.max(0, view.getUint32(start + 24, littleEndian) - view.getUint32(start + 20, littleEndian));
}

const halves = new DataView(new ArrayBuffer(8));

/** An enhanced packet block's time, in units of its interface; see `packetTime`. */
export function readTimestamp(view: DataView, block: Block): bigint {
  // Joining the halves in memory makes one big integer instead of four.
  halves.setUint32(0, view.getUint32(block.start + 12, block.littleEndian));
  halves.setUint32(4, view.getUint32(block.start + 16, block.littleEndian));
  return halves.getBigUint64(0);
}

/** A packet's time in nanoseconds since 1970. */
export function packetTime(timestamp: bigint, from: Interface): bigint {
  if (from.nsPerUnit === 1n && from.unitsPerNs === 1n && from.offsetNs === 0n) return timestamp;
  return (timestamp * from.nsPerUnit) / from.unitsPerNs + from.offsetNs;
}

/** The options of an enhanced packet block. */
export function packetOptions(bytes: Uint8Array, view: DataView, block: Block): PcapngOption[] {
  const captured = view.getUint32(block.start + 20, block.littleEndian);
  return readOptions(bytes, view, block, block.start + packetHeadLength + padded(captured));
}

/** The options from an offset of a block on, in order; reading stops at the end mark or where one does not fit. */
export function readOptions(bytes: Uint8Array, view: DataView, block: Block, from: number): PcapngOption[] {
  const found: PcapngOption[] = [];
  const end = block.end - 4;
  for (let at = Math.max(from, block.start); at + 4 <= end; ) {
    const code = view.getUint16(at, block.littleEndian);
    const length = view.getUint16(at + 2, block.littleEndian);
    if (code === optionCode.endOfOptions || at + 4 + length > end) break;
    found.push({ code, value: bytes.subarray(at + 4, at + 4 + length) });
    at += 4 + padded(length);
  }
  return found;
}

/** What an interface statistics block says of losses: a total since the section's beginning. */
export interface Statistics {
  interfaceId: number;
  dropped: number;
}

/** Reads an interface statistics block; what is missing counts as 0. */
export function readStatistics(bytes: Uint8Array, view: DataView, block: Block): Statistics {
  if (block.end - block.start < 24) return { interfaceId: 0, dropped: 0 };
  const interfaceId = view.getUint32(block.start + 8, block.littleEndian);
  const found = readOptions(bytes, view, block, block.start + 20);
  return { interfaceId, dropped: u64Of(found, optionCode.statistics.dropped, block) };
}

/** Packets lost on a packet's interface since the packet before it (`epb_dropcount`), 0 where it does not say. */
export function readDropCount(bytes: Uint8Array, view: DataView, block: Block): number {
  return u64Of(packetOptions(bytes, view, block), optionCode.packet.dropCount, block);
}

/** A packet's number (`epb_packetid`), 0 where it has none. */
export function readPacketId(bytes: Uint8Array, view: DataView, block: Block): number {
  return u64Of(packetOptions(bytes, view, block), optionCode.packet.packetId, block);
}

function u64Of(list: readonly PcapngOption[], code: number, block: Block): number {
  const value = list.find(option => option.code === code)?.value;
  if (value === undefined || value.length < 8) return 0;
  return Number(new DataView(value.buffer, value.byteOffset).getBigUint64(0, block.littleEndian));
}
