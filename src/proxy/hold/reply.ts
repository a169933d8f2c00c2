/** Replies in a peer's name. Pure. */
import { composed } from '../../decode/edit.ts';
import { headerSize, isReply, protocolVersion, replyFlag } from '../../decode/header.ts';
import { NotPossible } from '../tamper/tamper.ts';
import type { Passage } from './plan.ts';

/** Whether a text is one of the words that stand for a reply, and not a transcript line. */
export function isReplyWord(text: string): boolean {
  return /^(empty|ok|error|\d+|0x[0-9a-f]+)$/i.test(text.trim());
}

/**
 * The reply that a word or a transcript line stands for: `ok` and `error` acknowledge, `empty` has no payload, a number
 * is a u64 payload.
 *
 * @throws NotPossible for a message that is itself a reply, SyntaxProblem or EncodeError for a line
 */
export function replyTo({ bytes, envelope }: Passage, written: string): Uint8Array {
  const { context, channel, dir } = envelope;
  const littleEndian = context.bigEndian !== true;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (isReply(channel, dir, view.getUint32(4, littleEndian))) throw new NotPossible('it is a reply, nobody answers it');
  const word = written.trim().toLowerCase();
  if (!isReplyWord(word)) return composed({ line: written }, context).bytes;
  const payload = word === 'empty' ? undefined : word === 'ok' ? 0n : word === 'error' ? 1n : BigInt(word);
  const reply = new Uint8Array(headerSize + (payload === undefined ? 0 : 8));
  const out = new DataView(reply.buffer);
  out.setUint32(0, view.getUint32(0, littleEndian), littleEndian);
  out.setUint32(4, channel === 'gpu' ? replyFlag : protocolVersion | replyFlag, littleEndian);
  out.setUint32(8, reply.length - headerSize, littleEndian);
  if (payload !== undefined) out.setBigUint64(headerSize, BigInt.asUintN(64, payload), littleEndian);
  return reply;
}
