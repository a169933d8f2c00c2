/** One record as the packet that stands in the file: tags, pseudo-header, wire bytes. */
import type { Frame } from '../decode/frame.ts';
import { maxCapturedLength, packetFlag } from './pcapng/blocks.ts';
import type { PacketHead } from './pcapng/build.ts';
import { maxPseudoHeaderLength, pduTags } from './pseudo-header.ts';
import { writePseudoHeader } from './pseudo-header-write.ts';
import type { Piece } from './section.ts';

/** `epb_flags` of a direction, on every channel; 0 where there is none. */
function packetFlags(dir: Frame['dir']): number {
  if (dir === undefined) return 0;
  return dir === 'front-to-back' ? packetFlag.outbound : packetFlag.inbound;
}

/** A packet and what stands around it, ready for the writer. */
export interface PacketOfFrame {
  head: PacketHead;
  packet: Uint8Array;
}

const scratch = new DataView(new ArrayBuffer(maxPseudoHeaderLength));

/**
 * The packets of a record, for writers that hold frames; the relay makes its packets itself. There is more than one
 * where the message is longer than a packet may be: the others continue the first.
 */
export function packetsOf(piece: Piece, interfaceId: number): PacketOfFrame[] {
  const first = packetOf(piece, interfaceId, piece.bytes);
  const made = [first.made];
  for (let at = first.length; at < piece.bytes.length; ) {
    const rest: Piece = { ...piece, fds: [], fdCount: 0, fragmentOffset: (piece.fragmentOffset ?? 0) + at };
    const next = packetOf(rest, interfaceId, piece.bytes.subarray(at));
    made.push(next.made);
    at += next.length;
  }
  return made;
}

function packetOf(piece: Piece, interfaceId: number, bytes: Uint8Array): { made: PacketOfFrame; length: number } {
  const headerLength = writePseudoHeader(scratch, 0, piece);
  const bytesAt = pduTags.length + headerLength;
  const length = Math.min(bytes.length, maxCapturedLength - bytesAt);
  const packet = new Uint8Array(bytesAt + length);
  packet.set(pduTags);
  packet.set(new Uint8Array(scratch.buffer, 0, headerLength), pduTags.length);
  packet.set(bytes.subarray(0, length), bytesAt);
  const head: PacketHead = {
    interfaceId,
    wallLow: Number(piece.wallNs & 0xffff_ffffn),
    wallHigh: Number((piece.wallNs >> 32n) & 0xffff_ffffn),
    originalLength: Math.max(packet.length, bytesAt + piece.wireLength - (piece.fragmentOffset ?? 0)),
    flags: packetFlags(piece.dir),
    nLow: piece.n >>> 0,
    nHigh: (piece.n / 0x1_0000_0000) >>> 0,
  };
  return { made: { head, packet }, length };
}
