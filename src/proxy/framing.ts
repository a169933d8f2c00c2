/** What is to be done with a message, decided from its header alone. Pure. */
import { headerSize, protocolVersion } from '../decode/header.ts';

/** Messages up to this many payload bytes are gathered and sent on in one piece. */
const largestGathered = 65_536;

/** The largest payload that is taken for a message on the gpu channel; a scanout of 8192 × 4320 has 142 MB. */
const largestStreamed = 256 * 1024 * 1024;

/** The gpu channel by its number in the capture file; main is 0 and backend-req 1. */
const gpuChannel = 2;

/** `gather`: wait for all of it. `stream`: send on as it arrives. Otherwise why these bytes cannot be a message. */
export type Judgement = 'gather' | 'stream' | RawReason;

/** Why a direction forwards bytes without knowing messages any more. */
export type RawReason = 'insane-size' | 'wrong-version' | 'descriptor-flood' | 'internal-error';

/** Judges a header. `channel` is the number of the channel in the capture file. */
export function judge(channel: number, flags: number, size: number): Judgement {
  if (channel === gpuChannel) {
    if (size > largestStreamed) return 'insane-size';
    return size > largestGathered ? 'stream' : 'gather';
  }
  // The order matters for people: garbage mostly fails both ways, and its size tells more.
  if (size > largestGathered) return 'insane-size';
  return (flags & 3) === protocolVersion ? 'gather' : 'wrong-version';
}

/**
 * Whether the lengths in which a message arrived are the plain case: everything at once, or header and payload each
 * in one piece.
 */
export function isPlain(pieces: readonly number[]): boolean {
  return pieces.length < 2 || (pieces.length === 2 && pieces[0] === headerSize);
}
