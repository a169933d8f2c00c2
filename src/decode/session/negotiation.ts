/** Which features were offered and accepted, who owns the session, and the limits the back-end told. */
import type { U64 } from '../schema.ts';
import { type Area, known } from './area.ts';

/** One feature mask as both sides see it; `undefined` while nothing was said. */
export interface Mask {
  /** What the back-end offered last. */
  readonly offered?: bigint;
  /** Record that said so. */
  readonly offeredAt?: number;
  /** What the front-end acknowledged last. */
  readonly accepted?: bigint;
  readonly acceptedAt?: number;
}

/** What has been negotiated on a connection. */
export interface Negotiation {
  readonly virtio: Mask;
  readonly protocol: Mask;
  /** Record of the SET_OWNER in force. */
  readonly owner?: number;
  /** Queues (for net: queue pairs) the back-end supports. */
  readonly queueNum?: U64;
  /** Memory regions the back-end can hold. */
  readonly memorySlots?: U64;
  readonly mtu?: U64;
  /** Virtio device status: what the front-end set, or the back-end answered, last. */
  readonly status?: U64;
}

/** Nothing negotiated. */
export const noNegotiation: Negotiation = { virtio: {}, protocol: {} };

const offer = (mask: Mask, value: U64, n: number): Mask => ({ ...mask, offered: BigInt(value), offeredAt: n });
const accept = (mask: Mask, value: U64, n: number): Mask => ({ ...mask, accepted: BigInt(value), acceptedAt: n });

/** How messages change it. */
export const negotiation: Area<Negotiation> = {
  GET_FEATURES: {
    reply: (now, { features }, { n }) => (known(features) ? { ...now, virtio: offer(now.virtio, features, n) } : now),
  },
  SET_FEATURES: {
    request: (now, { features }, { n }) =>
      known(features) ? { ...now, virtio: accept(now.virtio, features, n) } : now,
  },
  GET_PROTOCOL_FEATURES: {
    reply: (now, { protocol_features }, { n }) =>
      known(protocol_features) ? { ...now, protocol: offer(now.protocol, protocol_features, n) } : now,
  },
  SET_PROTOCOL_FEATURES: {
    request: (now, { protocol_features }, { n }) =>
      known(protocol_features) ? { ...now, protocol: accept(now.protocol, protocol_features, n) } : now,
  },
  SET_OWNER: { request: (now, _, { n }) => ({ ...now, owner: n }) },
  RESET_OWNER: { request: ({ owner: _, ...now }) => now },
  GET_QUEUE_NUM: {
    reply: (now, { queue_num }) => (known(queue_num) ? { ...now, queueNum: queue_num } : now),
  },
  GET_MAX_MEM_SLOTS: {
    reply: (now, { max_mem_slots }) => (known(max_mem_slots) ? { ...now, memorySlots: max_mem_slots } : now),
  },
  NET_SET_MTU: { request: (now, { mtu }) => (known(mtu) ? { ...now, mtu } : now) },
  SET_STATUS: { request: (now, { status }) => (known(status) ? { ...now, status } : now) },
  GET_STATUS: { reply: (now, { status }) => (known(status) ? { ...now, status } : now) },
};
