/** What passed descriptors are used for, and until when, read from the declaration of the messages. Pure. */
import { candidates } from './catalog.ts';
import type { Channel } from './frame.ts';
import { headerSize } from './header.ts';

const setVringKick = 12;
const setVringCall = 13;
const getVringBase = 11;
const getVringBaseSkipDrain = 45;

/**
 * The use that the descriptors of a message serve until another message for the same use replaces them: a message of
 * which the last one counts is one use, one that counts per ring is one use for each. Undefined for everything else.
 */
export function useOf(channel: Channel, id: number, reply: boolean, ring: number): string | undefined {
  if (reply) return undefined;
  const retain = candidates(channel, id)[0]?.retain;
  if (retain === 'last') return `${channel}:${id}`;
  return retain !== undefined && retain[0] === 'per' ? `${channel}:${id}:${ring}` : undefined;
}

/** The messages whose uses of a ring a request ends: stopping a ring ends its kick and call descriptors. */
export function usesEndedBy(channel: Channel, id: number): readonly number[] {
  return channel === 'main' && (id === getVringBase || id === getVringBaseSkipDrain) ? ringStopped : none;
}

const ringStopped = [setVringKick, setVringCall] as const;
const none: readonly number[] = [];

/** The ring a message is about: the low byte of its payload's first word, 64 bits wide for descriptors of rings. */
export function ringOf(message: Uint8Array, size: number, littleEndian: boolean): number {
  if (size < 8) return 0;
  return message[littleEndian ? headerSize : headerSize + 7] as number;
}
