/**
 * What a block needs to be understood: its section's byte order and interfaces. `frameOf` turns a packet block into a
 * record as it stands in the file; a message in several records is joined by `join.ts`.
 */
import type { Frame } from '../decode/frame.ts';
import { blockType, linkTypeUpperPdu } from './pcapng/blocks.ts';
import type { Block, Interface, Packet } from './pcapng/parse.ts';
import { notCaptured, packetTime, readInterface, readPacket, readPacketId, readTimestamp } from './pcapng/parse.ts';
import { pduTags } from './pseudo-header.ts';
import { readPseudoHeader } from './pseudo-header-read.ts';

/** A record as it stands in the file: possibly only a part of its message. */
export interface Piece extends Frame {
  /** These bytes continue an earlier record of the same `n`, at this byte offset of the message. */
  fragmentOffset?: number;
  /** The bytes were shortened on purpose: no continuation follows. */
  snapped?: boolean;
}

/** Interfaces kept of one section; a file that describes more is hostile, the rest goes without a pair. */
const maxInterfaces = 65_536;

/** An interface and the pair it belongs to. */
export interface NamedInterface extends Interface {
  pair: string;
}

/** Where a record is in the memory of its block: pseudo-header and bytes. */
export interface RecordPlace {
  start: number;
  end: number;
  from: NamedInterface;
}

const noInterface: NamedInterface = {
  linkType: linkTypeUpperPdu,
  name: '',
  pair: '',
  nsPerUnit: 1n,
  unitsPerNs: 1n,
  offsetNs: 0n,
};

/** One section of a file: byte order and the interfaces described so far. */
export class Section {
  /** File position of its header. */
  readonly position: number;
  readonly littleEndian: boolean;
  readonly interfaces: NamedInterface[] = [];
  /** File position up to which interface descriptions are taken note of, so that reading again changes nothing. */
  #describedTo = 0;

  constructor(position: number, littleEndian: boolean) {
    this.position = position;
    this.littleEndian = littleEndian;
  }

  /** Takes note of an interface description block at a file position. */
  describe(bytes: Uint8Array, view: DataView, block: Block, position: number): void {
    if (position < this.#describedTo || this.interfaces.length >= maxInterfaces) return;
    this.#describedTo = position + 1;
    const found = readInterface(bytes, view, block);
    this.interfaces.push({ ...found, pair: pairOf(found.name) });
  }

  /**
   * Takes no further descriptions: for reading from a place in the middle, where the number of interfaces described
   * before is not known. A record without an interface that is known has no pair, rather than a wrong one.
   */
  freeze(): void {
    this.#describedTo = Number.POSITIVE_INFINITY;
  }

  /** Where the record of a packet block is; undefined where it is not one of vhuscope's. */
  placeOf(view: DataView, block: Block): RecordPlace | undefined {
    if (block.type !== blockType.enhancedPacket) return undefined;
    const packet = readPacket(view, block);
    if (packet === undefined) return undefined;
    const from = this.interfaces[packet.interfaceId] ?? noInterface;
    if (from.linkType !== linkTypeUpperPdu) return undefined;
    const start = headerStart(view, packet);
    return start === undefined ? undefined : { start, end: packet.dataEnd, from };
  }

  /** The record in a packet block; undefined where it is not one of vhuscope's. */
  frameOf(bytes: Uint8Array, view: DataView, block: Block): Piece | undefined {
    const place = this.placeOf(view, block);
    if (place === undefined) return undefined;
    const { start, end, from } = place;
    const { header, length } = readPseudoHeader(view, start, end);
    const piece = header as Piece;
    piece.pair = from.pair;
    piece.wallNs = packetTime(readTimestamp(view, block), from);
    piece.bytes = bytes.subarray(start + length, end);
    if (piece.newer !== undefined) piece.wireLength = piece.bytes.length + notCaptured(view, block);
    if (piece.n === 0 && piece.damage) piece.n = readPacketId(bytes, view, block);
    return piece;
  }
}

/** The pair in an interface's name `pair/channel`; a pair's name may itself contain a slash. */
export function pairOf(interfaceName: string): string {
  const slash = interfaceName.lastIndexOf('/');
  return slash < 0 ? interfaceName : interfaceName.slice(0, slash);
}

const tagView = new DataView(pduTags.buffer);
const tagWords = [0, 4, 8, 12].map(at => tagView.getUint32(at)) as [number, number, number, number];

/** Tag that names a packet's dissector, and the mark behind the last tag. */
const dissectorNameTag = 12;
const endOfTags = 0;

/** Where the pseudo-header begins; undefined where the packet's tags do not name vhuscope. */
function headerStart(view: DataView, packet: Packet): number | undefined {
  const { dataStart: at, dataEnd } = packet;
  if (
    dataEnd - at >= 16 &&
    view.getUint32(at) === tagWords[0] &&
    view.getUint32(at + 4) === tagWords[1] &&
    view.getUint32(at + 8) === tagWords[2] &&
    view.getUint32(at + 12) === tagWords[3]
  )
    return at + 16;
  return headerStartAmongTags(view, packet);
}

/** Like `headerStart`, where a tool has added tags of its own. */
function headerStartAmongTags(view: DataView, packet: Packet): number | undefined {
  let ours = false;
  for (let at = packet.dataStart; at + 4 <= packet.dataEnd; ) {
    const tag = view.getUint16(at);
    const length = view.getUint16(at + 2);
    if (tag === endOfTags) return ours ? Math.min(at + 4 + length, packet.dataEnd) : undefined;
    if (at + 4 + length > packet.dataEnd) return undefined;
    if (tag === dissectorNameTag)
      ours = length === 8 && view.getUint32(at + 4) === tagWords[1] && view.getUint32(at + 8) === tagWords[2];
    at += 4 + length;
  }
  return undefined;
}
