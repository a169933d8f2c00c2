/**
 * What a request is answered with: pure functions of the peer's traits and the session after the request. Whether it
 * is answered at all follows from the declaration of the message (see `isAnswered`).
 */
import type { Facts } from '../decode/condition.ts';
import type { Payload } from '../decode/decode.ts';
import { answering } from '../decode/exchange.ts';
import type { MessageSpec } from '../decode/message-spec.ts';
import type { Session } from '../decode/session/session.ts';
import { type Made, maskOf } from './requests.ts';
import type { BackEndTraits, FrontEndTraits, Oddity } from './traits.ts';

/** A reply, and the requests that must be sent and answered before it. */
export interface Answer extends Made {
  readonly first?: readonly { readonly message: string; readonly payload: Payload }[];
  /** In which way it is written wrongly. */
  readonly oddity?: Oddity;
}

/** What a back-end knows when it answers. */
export interface BackEndView {
  readonly traits: BackEndTraits;
  /** After the request. */
  readonly session: Session;
  /** How far it has come in a ring. */
  position(ring: number): number;
}

type Answers<View> = { readonly [message: string]: (view: View, request: Payload) => Answer };

/**
 * Whether a request gets a reply: by its declaration, or because it asks for an acknowledgement and those were
 * negotiated (or the answering side gives them anyway). Between POSTCOPY_LISTEN and POSTCOPY_END a memory table is
 * answered with the addresses of the back-end; the empty one that acknowledges this answer is not.
 */
export function isAnswered(
  spec: MessageSpec | undefined,
  needReply: boolean,
  acknowledges: boolean,
  facts: Facts,
  { migration }: Session,
): boolean {
  const answer = answering(spec, needReply, facts);
  if (answer === 'own') return true;
  if (spec?.name === 'SET_MEM_TABLE' && migration.postcopy === 'listening') return facts.fdCount > 0;
  return answer !== 'never' && acknowledges;
}

/** Where the simulated back-end says that it has mapped memory for postcopy; it maps nothing. */
const postcopyBase = 0x7e00_0000_0000;

const result = (value: number): Answer => ({ payload: { result: value } });

/** Bytes libvhost-user would reserve: for each queue a header of 16 bytes and 16 a descriptor, rounded up to 64. */
function inflightSize(queues: number, queueSize: number): number {
  return queues * Math.ceil((16 + 16 * queueSize) / 64) * 64;
}

function stopped({ position }: BackEndView, { index }: Payload): Answer {
  return { payload: { index: index ?? 0, num: position(Number(index ?? 0)) } };
}

/** Replies of the back-end on the main channel; a request that is not named here is acknowledged. */
export const backEndAnswers: Answers<BackEndView> = {
  GET_FEATURES: ({ traits }) => ({
    payload: { features: maskOf('virtio', traits.offers.virtio, traits.device) },
  }),
  SET_FEATURES: ({ traits }, { features }) => {
    const beyond = BigInt((features as number | bigint) ?? 0) & ~maskOf('virtio', traits.offers.virtio, traits.device);
    return result(beyond === 0n ? 0 : traits.habits.refusal);
  },
  GET_PROTOCOL_FEATURES: ({ traits }) => ({
    payload: { protocol_features: maskOf('protocol', traits.offers.protocol) },
  }),
  GET_QUEUE_NUM: ({ traits }) => ({ payload: { queue_num: traits.queues } }),
  GET_MAX_MEM_SLOTS: ({ traits }) => ({ payload: { max_mem_slots: traits.memorySlots } }),
  GET_STATUS: ({ session }) => ({ payload: { status: session.negotiation.status ?? 0 } }),
  GET_VRING_BASE: stopped,
  GET_VRING_BASE_SKIP_DRAIN: stopped,
  GET_CONFIG: ({ traits }, { offset, size, flags }) => {
    const from = Number(offset ?? 0);
    const to = from + Number(size ?? 0);
    // An empty payload refuses.
    if (to > traits.config.length) return { payload: {} };
    return { payload: { offset: from, flags: flags ?? 0, config: traits.config.slice(from, to) } };
  },
  SET_LOG_BASE: ({ traits, session }) => {
    const { size = 0n, offset = 0n } = session.migration.log ?? {};
    if (traits.habits.log === 'nothing') return { payload: {} };
    return { payload: traits.habits.log === 'echo' ? { size, offset } : { size } };
  },
  GET_INFLIGHT_FD: (_, { num_queues, queue_size }) => {
    const bytes = inflightSize(Number(num_queues), Number(queue_size));
    return {
      payload: { mmap_size: bytes, num_queues: num_queues ?? 0, queue_size: queue_size ?? 0 },
      ...(bytes > 0 && { fds: [{ memory: 'inflight', bytes }] }),
    };
  },
  GET_SHARED_OBJECT: () => ({ payload: {}, fds: [{ memory: 'object', bytes: 0x1000 }] }),
  SET_DEVICE_STATE_FD: () => ({ payload: { error: 0, nofd: true } }),
  GET_SHMEM_CONFIG: () => ({ payload: { nregions: 1, memory_sizes: [0x10_0000] } }),
  CREATE_CRYPTO_SESSION: (_, request) => ({ payload: { ...request, session_id: 1 } }),
  SET_MEM_TABLE: ({ session }, { regions }) => {
    if (session.migration.postcopy !== 'listening') return result(0);
    const own = (regions as Payload[]).map(region => ({ ...region, user_address: postcopyBase }));
    return { payload: { regions: own } };
  },
  POSTCOPY_ADVISE: () => ({ payload: {}, fds: [{ userfault: 'postcopy' }] }),
};

/** Replies of the front-end on the other channels; a request that is not named here is acknowledged. */
export const frontEndAnswers: Answers<{ readonly traits: FrontEndTraits }> = {
  // The missing entry is sent over the main channel before the miss is acknowledged, as QEMU does.
  BACKEND_IOTLB_MSG: ({ traits: { memory } }, { iova }) => {
    const page = Number(iova ?? 0) - (Number(iova ?? 0) % 0x1000);
    const update = { type: 'UPDATE', iova: page, size: 0x1000, permissions: 'RW' };
    const user_address = memory.userAddress - memory.guestAddress + page;
    return { ...result(0), first: [{ message: 'IOTLB_MSG', payload: { ...update, user_address } }] };
  },
  BACKEND_SHARED_OBJECT_LOOKUP: () => ({ ...result(0), fds: [{ memory: 'object', bytes: 0x1000 }] }),
  GPU_GET_PROTOCOL_FEATURES: () => ({ payload: { features: ['EDID', 'DMABUF2'] } }),
  GPU_GET_DISPLAY_INFO: () => ({
    payload: { type: 0x1101, pmodes: [{ width: 1024, height: 768, enabled: 1 }] },
  }),
  GPU_GET_EDID: () => ({ payload: { type: 0x1104, size: 128 } }),
  GPU_DMABUF_UPDATE: () => ({ payload: {} }),
};
