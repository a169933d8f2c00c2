/** What the engine says of a held message, as the decoder wants it. */
import type { HeldStatus } from '../../control/messages.ts';
import type { Context } from '../../decode/frame.ts';
import type { Envelope } from '../../decode/message.ts';

/** What was agreed on when it came. */
export function contextOf({ context }: HeldStatus): Context {
  const { features, protocol_features, device, front_end, back_end, big_endian } = context;
  return {
    ...(features !== undefined && { features: BigInt(features) }),
    ...(protocol_features !== undefined && { protocolFeatures: BigInt(protocol_features) }),
    ...(device !== undefined && { device }),
    ...(front_end !== undefined && { frontEnd: front_end }),
    ...(back_end !== undefined && { backEnd: back_end }),
    ...(big_endian !== undefined && { bigEndian: big_endian }),
  };
}

/** What must be known of it beside its bytes. */
export function envelopeOf(held: HeldStatus): Envelope {
  return { channel: held.channel, dir: held.direction, context: contextOf(held), fdCount: held.fds.length };
}
