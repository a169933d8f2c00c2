/** Holds the messages of a capture against those of a trace: same messages, same bytes, same descriptors, in order. */

import { kindOf } from '../../src/import/strace/descriptors.ts';
import type { Conversation as CapturedConversation, CapturedMessage } from './capture.ts';
import type { ChannelName, Conversation, Side } from './conversation.ts';
import type { TracedMessage } from './strace.ts';

/**
 * The differences between what was captured and what one peer sent or received, as sentences; none when they agree.
 * @param where names channel and direction in the sentences
 */
export function compareMessages(
  where: string,
  captured: readonly CapturedMessage[],
  traced: readonly TracedMessage[],
): string[] {
  const differences: string[] = [];
  for (let at = 0; at < Math.max(captured.length, traced.length); at++) {
    const ours = captured[at];
    const theirs = traced[at];
    const message = `${where}, message ${at + 1}`;
    if (!theirs) differences.push(`${message} (n ${ours?.n}, id ${ours?.id}) is in the capture, but not in the trace`);
    else if (!ours) differences.push(`${message} (id ${theirs.id}, size ${theirs.size}) is missing in the capture`);
    else differences.push(...compareMessage(`${message} (n ${ours.n}, id ${ours.id})`, ours, theirs));
    if (differences.length >= 5) return [...differences, `${where}: comparison given up`];
  }
  return differences;
}

function compareMessage(message: string, ours: CapturedMessage, theirs: TracedMessage): string[] {
  const differences: string[] = [];
  if (ours.id !== theirs.id) differences.push(`${message}: the trace has id ${theirs.id}`);
  if (ours.size !== theirs.size) differences.push(`${message}: size ${ours.size}, in the trace ${theirs.size}`);
  if (ours.raw.length !== 12 + ours.size && !ours.shortened)
    differences.push(`${message}: ${ours.raw.length} bytes of ${12 + ours.size} captured, and not marked as shortened`);
  for (const piece of theirs.pieces) {
    const shown = ours.raw.subarray(piece.at, piece.at + piece.bytes.length);
    const differs = shown.findIndex((byte, at) => byte !== piece.bytes[at]);
    if (differs >= 0) {
      const place = piece.at + differs;
      differences.push(`${message}: byte ${place} is ${ours.raw[place]}, in the trace ${piece.bytes[differs]}`);
      break;
    }
  }
  const kinds = theirs.fds.map(kindOf);
  if (ours.fds.length !== kinds.length)
    differences.push(`${message}: ${ours.fds.length} descriptors, in the trace ${kinds.length}`);
  else if (kinds.some((kind, at) => kind !== 'unknown' && kind !== ours.fds[at]?.kind))
    differences.push(`${message}: descriptors ${ours.fds.map(fd => fd.kind)}, in the trace ${kinds}`);
  return differences;
}

/** What a comparison may overlook, since no relay can know better. */
export interface Allowance {
  /** A peer that closed or died may leave this many messages unread that the other had already sent. */
  unread?: number;
  /**
   * So many messages a peer may have sent last that the relay left unread, because the other peer was gone by then: it
   * keeps them unread so that the sender's end is what it would be without a relay, and tells their bytes at the close.
   */
  undelivered?: number;
}

/** Everything in which a capture differs from what one peer saw, over all its connections and channels. */
export function compareConversations(
  captured: readonly CapturedConversation[],
  traced: readonly Conversation[],
  side: Side,
  allow: Allowance = {},
): string[] {
  const differences: string[] = [];
  if (captured.length !== traced.length)
    differences.push(`${captured.length} connections in the capture, ${traced.length} in the trace of the ${side}`);
  for (const [at, theirs] of traced.entries()) {
    const ours = captured[at];
    if (!ours) continue;
    const names = new Set([...Object.keys(ours), ...Object.keys(theirs)] as ChannelName[]);
    for (const name of names) {
      const channel = theirs[name];
      const record = ours[name] ?? { 'front-to-back': [], 'back-to-front': [] };
      const [outward, inward] =
        side === 'front-end'
          ? (['front-to-back', 'back-to-front'] as const)
          : (['back-to-front', 'front-to-back'] as const);
      const where = `connection ${at + 1}, ${name}, ${side}`;
      const sent = channel?.sent ?? [];
      const undelivered = Math.max(0, sent.length - record[outward].length);
      const taken = undelivered <= (allow.undelivered ?? 0) ? sent.slice(0, record[outward].length) : sent;
      differences.push(...compareMessages(`${where} sent`, record[outward], taken));
      const received = channel?.received ?? [];
      const unread = Math.max(0, record[inward].length - received.length);
      const read = unread <= (allow.unread ?? 0) ? record[inward].slice(0, received.length) : record[inward];
      differences.push(...compareMessages(`${where} received`, read, received));
    }
  }
  return differences;
}

/** A front-end's trace in the form of a capture, to hold it against the back-end's trace. */
export function asCaptured(traced: Conversation): CapturedConversation {
  const messages = (list: readonly TracedMessage[]): CapturedMessage[] =>
    list.map((message, at) => {
      const raw = Buffer.alloc(12 + message.size);
      for (const piece of message.pieces) piece.bytes.copy(raw, piece.at);
      const { id, size, fds } = message;
      return { n: at + 1, id, size, raw, shortened: false, fds: fds.map(fd => ({ kind: kindOf(fd) })) };
    });
  return Object.fromEntries(
    Object.entries(traced).map(([name, channel]) => [
      name,
      { 'front-to-back': messages(channel.sent), 'back-to-front': messages(channel.received) },
    ]),
  );
}
