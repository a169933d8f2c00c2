/**
 * What a request says where the script does not: from the peer's traits and what has been negotiated. Pure.
 *
 * A message that is not named here has no descriptors and zeros in the fields that the script leaves out.
 */
import type { Payload } from '../decode/decode.ts';
import { featureBits } from '../decode/features.ts';
import type { Session } from '../decode/session/session.ts';
import { type VringLayout, vringParts } from '../sys/vring.ts';
import type { FdSpec } from './script.ts';
import type { FrontEndTraits } from './traits.ts';

/** A payload and its descriptors. */
export interface Made {
  readonly payload: Payload;
  readonly fds?: readonly FdSpec[];
}

/** What a front-end knows when it makes a request. */
export interface FrontEndView {
  readonly traits: FrontEndTraits;
  readonly session: Session;
  /** How far the device has come in a ring, as the front-end sees it. */
  position(ring: number): number;
}

type Fill<View> = { readonly [message: string]: (view: View, given: Payload) => Made };

const one = (fd: FdSpec) => [fd];

/** A mask from names or numbers of bits. */
export function maskOf(of: 'virtio' | 'protocol', bits: readonly (string | number)[], device?: number): bigint {
  const known = featureBits(of, device);
  return bits.reduce<bigint>((mask, entry) => {
    const bit = typeof entry === 'number' ? entry : known.findIndex(named => named?.name === entry);
    if (bit < 0) throw new Error(`no ${of} feature is called ${entry}`);
    return mask | (1n << BigInt(bit));
  }, 0n);
}

/** What is acknowledged: what is accepted of what is on offer, and the bits the script adds. */
function accepted({ traits, session }: FrontEndView, of: 'virtio' | 'protocol', added: unknown): bigint {
  const offered = session.negotiation[of].offered ?? 0n;
  const more = Array.isArray(added) ? maskOf(of, added, traits.device) : 0n;
  return (maskOf(of, traits.accepts[of], traits.device) & offered) | more;
}

/** Guest physical address of the first byte of a ring of the simulated front-end. */
function ringAt(traits: FrontEndTraits, ring: number): number {
  return traits.memory.guestAddress + 0x1000 + ring * vringParts.total;
}

/** The ring as the front-end has laid it out, in guest physical addresses. */
export function ringLayout(traits: FrontEndTraits, ring: number): VringLayout {
  const start = BigInt(ringAt(traits, ring));
  return {
    num: traits.ringSize,
    descriptor: start + BigInt(vringParts.descriptor),
    available: start + BigInt(vringParts.available),
    used: start + BigInt(vringParts.used),
  };
}

function ringAddresses(view: FrontEndView, given: Payload): Made {
  const { memory } = view.traits;
  const guest = ringLayout(view.traits, Number(given.index ?? 0));
  const behindIommu = ((view.session.negotiation.virtio.accepted ?? 0n) >> 33n) & 1n;
  const user = behindIommu === 1n ? 0n : BigInt(memory.userAddress - memory.guestAddress);
  return {
    payload: {
      descriptor: guest.descriptor + user,
      available: guest.available + user,
      used: guest.used + user,
      log: guest.used,
    },
  };
}

function region({ traits: { memory } }: FrontEndView): Payload {
  return {
    guest_address: memory.guestAddress,
    size: memory.bytes,
    user_address: memory.userAddress,
    mmap_offset: 0,
  };
}

/** The descriptor of the guest's memory. */
function guestMemoryFd({ memory }: FrontEndTraits): FdSpec {
  return { memory: 'guest memory', bytes: memory.bytes };
}

const ringEvent = (what: string) => (_: FrontEndView, given: Payload) => ({
  payload: {},
  ...(given.nofd !== true && { fds: one({ event: `${what} ${Number(given.index ?? 0)}` }) }),
});

/** Requests of the front-end. */
export const frontEndRequests: Fill<FrontEndView> = {
  SET_FEATURES: (view, { features }) => ({ payload: { features: accepted(view, 'virtio', features) } }),
  SET_PROTOCOL_FEATURES: (view, { protocol_features }) => ({
    payload: { protocol_features: accepted(view, 'protocol', protocol_features) },
  }),
  SET_MEM_TABLE: view => ({ payload: { regions: [region(view)] }, fds: one(guestMemoryFd(view.traits)) }),
  ADD_MEM_REG: view => ({ payload: { region: region(view) }, fds: one(guestMemoryFd(view.traits)) }),
  REM_MEM_REG: view => ({ payload: { region: region(view) } }),
  SET_VRING_NUM: view => ({ payload: { num: view.traits.ringSize } }),
  SET_VRING_BASE: (view, given) => ({ payload: { num: view.position(Number(given.index ?? 0)) } }),
  SET_VRING_ADDR: ringAddresses,
  SET_VRING_KICK: ringEvent('kick'),
  SET_VRING_CALL: ringEvent('call'),
  SET_VRING_ERR: ringEvent('err'),
  SET_VRING_ENABLE: () => ({ payload: { num: 1 } }),
  SET_BACKEND_REQ_FD: () => ({ payload: {}, fds: one({ channel: 'backend-req' }) }),
  GPU_SET_SOCKET: () => ({ payload: {}, fds: one({ channel: 'gpu' }) }),
  // One bit for each page of 4 KiB, rounded up to whole pages of log.
  SET_LOG_BASE: () => ({ payload: { size: 0x1000, offset: 0 }, fds: one({ memory: 'log', bytes: 0x1000 }) }),
  SET_LOG_FD: () => ({ payload: {}, fds: one({ event: 'log' }) }),
  GET_CONFIG: () => ({ payload: { offset: 0, size: 60 } }),
  GET_INFLIGHT_FD: ({ traits }) => ({ payload: { num_queues: 1, queue_size: traits.ringSize } }),
  SET_INFLIGHT_FD: ({ session: { migration } }) => {
    const { inflight } = migration;
    if (!inflight?.fd) return { payload: {} };
    const { n, at } = inflight.fd;
    return {
      payload: {
        mmap_size: inflight.size,
        mmap_offset: inflight.offset,
        num_queues: inflight.queues,
        queue_size: inflight.queueSize,
      },
      fds: one({ record: n, at }),
    };
  },
  SET_DEVICE_STATE_FD: (_, { direction }) => ({
    payload: { direction: 'SAVE', phase: 'STOPPED' },
    fds: one({ pipe: 'state', end: direction === 'LOAD' ? 'read' : 'write' }),
  }),
};

/** Requests of the back-end, on both of its channels. */
export const backEndRequests: Fill<unknown> = {
  BACKEND_IOTLB_MSG: () => ({ payload: { type: 'MISS', permissions: 'RW' } }),
  BACKEND_VRING_HOST_NOTIFIER_MSG: (_, { nofd }) => ({
    payload: { size: 0x1000 },
    ...(nofd !== true && { fds: one({ memory: 'doorbell', bytes: 0x1000 }) }),
  }),
  BACKEND_SHMEM_MAP: () => ({ payload: { len: 0x1000, flags: ['RW'] }, fds: one({ memory: 'shared', bytes: 0x1000 }) }),
  BACKEND_SHMEM_UNMAP: () => ({ payload: { len: 0x1000 } }),
  GPU_DMABUF_SCANOUT: () => ({ payload: {}, fds: one({ memory: 'pixels', bytes: 0x1000 }) }),
  GPU_DMABUF_SCANOUT2: () => ({ payload: {}, fds: one({ memory: 'pixels', bytes: 0x1000 }) }),
};
