/** The two sides of a feature mask that a message carries: what was offered, and what of it was acknowledged. */
import type { Frame } from '../decode/frame.ts';
import { decodeFrame, type Message } from '../decode/message.ts';
import type { TellingMask } from './questions.ts';
import type { Survey } from './survey.ts';
import type { Trace } from './trace.ts';

/** Rows behind an offer in which its acknowledgement is looked for; a front-end sends it soon, or in another message. */
const mostAhead = 4096;

/** Messages with such a mask, and the field it stands in. */
const kinds = [
  { of: 'virtio', field: 'features', offer: 'GET_FEATURES', acknowledgement: 'SET_FEATURES' },
  {
    of: 'protocol',
    field: 'protocol_features',
    offer: 'GET_PROTOCOL_FEATURES',
    acknowledgement: 'SET_PROTOCOL_FEATURES',
  },
] as const;

/** The mask of a message, as both sides see it; undefined where it carries none. */
export function maskOf(trace: Trace, { states }: Survey, at: number, message: Message): TellingMask | undefined {
  const frame = trace.frame(at);
  if (frame.channel !== 'main') return undefined;
  for (const { of, field, offer, acknowledgement } of kinds) {
    const value = maskIn(message, field);
    if (value === undefined) continue;
    if (message.name === offer && frame.reply)
      return { of, field, offered: value, accepted: acknowledgedLater(trace, at, frame, acknowledgement, field) };
    if (message.name === acknowledgement && !frame.reply)
      return { of, field, offered: states.at(at)?.connection?.state.negotiation[of].offered, accepted: value };
  }
  return undefined;
}

function maskIn({ payload }: Message, field: string): bigint | undefined {
  const value = payload[field];
  return typeof value === 'number' || typeof value === 'bigint' ? BigInt(value) : undefined;
}

/** What the front-end took of an offer, by the next message that says so before the back-end offers anew. */
function acknowledgedLater(trace: Trace, at: number, offer: Frame, name: string, field: string): bigint | undefined {
  const end = Math.min(trace.length, at + mostAhead);
  for (let row = at + 1; row < end; row++) {
    const frame = trace.frame(row);
    if (frame.kind !== 'message' || frame.channel !== 'main' || !sameConnection(frame, offer)) continue;
    const message = decodeFrame(frame);
    if (message.name === name && !frame.reply) return maskIn(message, field);
  }
  return undefined;
}

function sameConnection(a: Frame, b: Frame): boolean {
  return a.pair === b.pair && a.session === b.session && a.epoch === b.epoch;
}
