/**
 * Who cannot go on while a message is held: a peer that has sent a request and waits for its reply. QEMU does that with
 * its global lock, so guest and monitor stand still with it.
 */
import { messageSpec } from '../../decode/catalog.ts';
import { answering } from '../../decode/exchange.ts';
import type { Channel, Context } from '../../decode/frame.ts';
import { type Header, headerSize, isReply, needReplyFlag, readHeader } from '../../decode/header.ts';
import type { Side } from '../../decode/side.ts';
import { monotonicNs } from '../../sys/clock.ts';
import { Memory } from '../../sys/libc.ts';
import { peekBytes } from '../../sys/transfer.ts';
import type { Parcel } from './parcel.ts';
import { contextOf, type DeskSession } from './seen.ts';

/** A peer that waits. */
export interface Standstill {
  readonly side: Side;
  /** The request that has no reply yet. */
  readonly request: string;
  /** Monotonic nanoseconds: it has waited since then, or longer. */
  readonly since: number;
}

/** A message that is held, and the sockets it travels between. */
export interface Stopped {
  readonly session: DeskSession;
  readonly channel: Channel;
  readonly parcel: Parcel;
  /** The socket it came from, in which everything behind it waits. */
  readonly from: number;
  /** When the last message of the other direction came, monotonic nanoseconds. */
  readonly otherWayNs: number;
  /** Monotonic nanoseconds since when it is held. */
  readonly since: number;
}

/** Bytes behind a held message that are looked at. */
const mostSeen = 4096;
const seen = new Memory(mostSeen);

/**
 * Who waits because of a held message, as far as the messages say; undefined where nobody is known to. What stands
 * behind it in the sender's socket is looked at without being read: a front-end often goes on for some messages before
 * it waits.
 */
export function standstillBy({ session, channel, parcel, from, otherWayNs, since }: Stopped): Standstill | undefined {
  const forth = parcel.direction === 1;
  const [sender, receiver]: Side[] = forth ? ['front-end', 'back-end'] : ['back-end', 'front-end'];
  const context = contextOf(session, parcel.direction);
  const dir = forth ? 'front-to-back' : 'back-to-front';
  const head = readHeader(parcel.bytes, 0, context.bigEndian);
  if (head === undefined) return undefined;
  if (isReply(channel, dir, head.flags)) {
    // Who has sent something since then does not stand still for this.
    if (otherWayNs > since) return undefined;
    return { side: receiver as Side, request: nameOf(channel, head.id, context), since: otherWayNs };
  }
  const own = awaited(channel, head, context);
  if (own !== undefined) return { side: sender as Side, request: own, since: parcel.receivedNs };
  const request = awaitedBehind(from, channel, dir, context);
  return request === undefined ? undefined : { side: sender as Side, request, since: monotonicNs() };
}

const factsOf = (context: Context, size: number) => ({ context, size, fdCount: 0, first: 0, assumed: false });

function nameOf(channel: Channel, id: number, context: Context): string {
  return messageSpec(channel, id, factsOf(context, 0))?.name ?? `UNKNOWN(${id})`;
}

/** The name of a request whose sender waits for a reply. */
function awaited(channel: Channel, { id, flags, size }: Header, context: Context): string | undefined {
  const facts = factsOf(context, size);
  const needReply = channel !== 'gpu' && (flags & needReplyFlag) !== 0;
  const how = answering(messageSpec(channel, id, facts), needReply, facts);
  return how === 'own' || how === 'ack' ? nameOf(channel, id, context) : undefined;
}

/** The first request in a socket's buffer whose sender waits for a reply. */
function awaitedBehind(
  fd: number,
  channel: Channel,
  dir: 'front-to-back' | 'back-to-front',
  context: Context,
): string | undefined {
  const there = peekBytes(fd, seen.address, mostSeen);
  for (let at = 0; at + headerSize <= there; ) {
    const head = readHeader(seen.bytes, at, context.bigEndian);
    if (head === undefined) return undefined;
    const request = isReply(channel, dir, head.flags) ? undefined : awaited(channel, head, context);
    if (request !== undefined) return request;
    at += headerSize + head.size;
  }
  return undefined;
}
