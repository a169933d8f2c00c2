/**
 * The 12 bytes before every payload: request, flags, size, in the byte order of the host. Spec section "Header".
 */
import type { Channel, Direction } from './frame.ts';

/** Bytes of the header. */
export const headerSize = 12;

/** Version in bits 0 and 1 of the flags, on the main and back-end channels. */
export const protocolVersion = 1;
/** Flag of a reply. */
export const replyFlag = 0x4;
/** Flag of a request that wants an acknowledgement. */
export const needReplyFlag = 0x8;

/** A header, split. */
export interface Header {
  id: number;
  flags: number;
  /** Payload bytes. */
  size: number;
}

/** Reads a 32-bit word. */
export function readU32(bytes: Uint8Array, at: number, bigEndian = false): number {
  const a = bytes[at] as number;
  const b = bytes[at + 1] as number;
  const c = bytes[at + 2] as number;
  const d = bytes[at + 3] as number;
  return bigEndian ? ((a << 24) | (b << 16) | (c << 8) | d) >>> 0 : ((d << 24) | (c << 16) | (b << 8) | a) >>> 0;
}

/** Reads a header; `undefined` where fewer than 12 bytes are there. */
export function readHeader(bytes: Uint8Array, at = 0, bigEndian = false): Header | undefined {
  if (bytes.length - at < headerSize) return undefined;
  return {
    id: readU32(bytes, at, bigEndian),
    flags: readU32(bytes, at + 4, bigEndian),
    size: readU32(bytes, at + 8, bigEndian),
  };
}

/**
 * Whether a message is a reply. On the gpu channel the direction decides: the back-end asks, the front-end replies,
 * and flags of requests are known to be garbage.
 */
export function isReply(channel: Channel, dir: Direction | undefined, flags: number): boolean {
  return channel === 'gpu' ? dir === 'front-to-back' : (flags & replyFlag) !== 0;
}

/** The side that sends requests on a channel. */
export function requester(channel: Channel): Direction {
  return channel === 'main' ? 'front-to-back' : 'back-to-front';
}
