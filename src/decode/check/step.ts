/** What rules ask of a message in its session. */
import type { Region } from '../session/memory.ts';
import type { Vring } from '../session/vring.ts';
import { protocolFeatures } from '../spec/protocol-features.ts';
import { transportFeatures } from '../spec/transport-features.ts';
import type { Step } from './rule.ts';

/** Whether the message asks something, or just tells it. */
export const isRequest = ({ message }: Step): boolean => !message.reply;

/** Whether a virtio feature was acknowledged before the message. */
export function hasFeature({ before }: Step, name: keyof typeof transportFeatures): boolean {
  return (((before.negotiation.virtio.accepted ?? 0n) >> BigInt(transportFeatures[name].bit)) & 1n) === 1n;
}

/** Whether a protocol feature was acknowledged before the message. */
export function hasProtocol({ before }: Step, name: keyof typeof protocolFeatures): boolean {
  return (((before.negotiation.protocol.accepted ?? 0n) >> BigInt(protocolFeatures[name].bit)) & 1n) === 1n;
}

/** The ring a message names, as it was before the message. */
export function ringOf({ before, message }: Step): Vring | undefined {
  return before.vrings.byIndex.get(Number(message.payload.index ?? -1));
}

/** The ring a message names, as it is after it. */
export function ringAfter({ after, message }: Step): Vring | undefined {
  return after.vrings.byIndex.get(Number(message.payload.index ?? -1));
}

/** Rings that are started, before the message. */
export function startedRings({ before }: Step): Vring[] {
  return [...before.vrings.byIndex.values()].filter(ring => ring.running === 'started');
}

/** The messages that describe memory regions. */
export const describing = ['SET_MEM_TABLE', 'ADD_MEM_REG'] as const;

/** The memory regions a message brought. */
export function brought({ after, frame, message }: Step): readonly Region[] {
  return message.reply ? [] : after.memory.regions.filter(region => region.n === frame.n);
}
