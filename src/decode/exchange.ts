/** Which requests are answered, by their declaration, their flags and what was negotiated. */
import { type Facts, holds } from './condition.ts';
import type { MessageSpec } from './message-spec.ts';

/**
 * How a request is answered: by a reply of its `own`, by an acknowledgement (`ack`), or not at all. `maybe` is an
 * acknowledgement that was asked for although REPLY_ACK is not negotiated: some peers give it, some do not.
 */
export type Answering = 'own' | 'ack' | 'maybe' | 'never';

const replyAck = 1n << 3n;

/**
 * Tells how a request is answered. A message that has a reply of its own gets no acknowledgement besides.
 *
 * @param spec its declaration; of an unknown message only an acknowledgement can be expected
 */
export function answering(spec: MessageSpec | undefined, needReply: boolean, facts: Facts): Answering {
  const when = spec?.reply.when ?? 'ack';
  if (when === 'always') return 'own';
  if (when === 'never') return 'never';
  if (when !== 'ack' && holds(when, facts)) return 'own';
  if (!needReply) return 'never';
  const { protocolFeatures } = facts.context;
  return protocolFeatures === undefined || (protocolFeatures & replyAck) !== 0n ? 'ack' : 'maybe';
}
