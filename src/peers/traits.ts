/**
 * What kind of peer is simulated, as data: what it offers or accepts, how much it has, and in which of the ways that
 * real implementations differ it behaves.
 */
import type { Payload } from '../decode/decode.ts';
import type { Dialect } from '../decode/frame.ts';
import type { Personality } from './personality.ts';
import type { FdSpec } from './script.ts';

/** A simulated front-end. */
export interface FrontEndTraits {
  /** The implementation whose habits it has. */
  readonly dialect: Dialect;
  /** Virtio device id. */
  readonly device: number;
  /** What it acknowledges of the features on offer, by name or bit number. */
  readonly accepts: Offer;
  /** Messages that it wants acknowledged once REPLY_ACK is negotiated; `all` for those of rust-vmm. */
  readonly needReply: readonly string[] | 'all';
  readonly memory: GuestMemoryTraits;
  /** Descriptors in a ring; a power of two, at most 128. */
  readonly ringSize: number;
}

/** The memory of the simulated guest: one region. */
export interface GuestMemoryTraits {
  readonly guestAddress: number;
  readonly bytes: number;
  /** Where the front-end pretends to have mapped it. */
  readonly userAddress: number;
}

/** A simulated back-end. */
export interface BackEndTraits {
  readonly dialect: Dialect;
  readonly device: number;
  readonly offers: Offer;
  /** Answer to GET_QUEUE_NUM. */
  readonly queues: number;
  /** Answer to GET_MAX_MEM_SLOTS. */
  readonly memorySlots: number;
  /** The device configuration space. */
  readonly config: Uint8Array;
  /** What happens to buffers in the rings. */
  readonly personality: Personality;
  readonly habits: ReplyHabits;
  /** Messages that it answers in a way of its own. */
  readonly oddities?: { readonly [message: string]: Oddity };
}

/** How an answer differs from the usual one. */
export interface Oddity {
  readonly payload?: Payload;
  readonly fds?: readonly FdSpec[];
  /** The number in the header. */
  readonly id?: number;
  /** The whole flags word. */
  readonly flags?: number;
  /** Cuts the payload to that many bytes, or fills it up with zeros. */
  readonly length?: number;
  /** Sends the answer in pieces of these many bytes, the rest last. */
  readonly pieces?: readonly number[];
}

/** Masks by the names of their bits, or by bit numbers. */
export interface Offer {
  readonly virtio: readonly (string | number)[];
  readonly protocol: readonly (string | number)[];
}

/** In which ways back-ends answer differently. */
export interface ReplyHabits {
  /** What SET_LOG_BASE is answered with, when it carries a descriptor. */
  readonly log: 'size' | 'nothing' | 'echo';
  /** Replies are built from the request, so that need_reply comes back in them. */
  readonly echoNeedReply: boolean;
  /** Acknowledges also where REPLY_ACK was not negotiated. */
  readonly alwaysAcknowledges: boolean;
  /** What an acknowledgement says when the request was refused. */
  readonly refusal: number;
  /** Header and payload are written separately. */
  readonly twoWrites: boolean;
}

/** How the known implementations answer. */
export const replyHabits = {
  'libvhost-user': { log: 'size', echoNeedReply: true, alwaysAcknowledges: true, refusal: 0, twoWrites: true },
  dpdk: { log: 'nothing', echoNeedReply: false, alwaysAcknowledges: true, refusal: 1, twoWrites: false },
  'rust-vmm': { log: 'echo', echoNeedReply: false, alwaysAcknowledges: false, refusal: 1, twoWrites: false },
} as const satisfies { readonly [dialect in Dialect]?: ReplyHabits };

/** Messages for which QEMU wants an acknowledgement. */
const qemuNeedReply = [
  'SET_MEM_TABLE',
  'ADD_MEM_REG',
  'REM_MEM_REG',
  'SET_BACKEND_REQ_FD',
  'NET_SET_MTU',
  'SET_CONFIG',
  'IOTLB_MSG',
  'POSTCOPY_LISTEN',
  'POSTCOPY_END',
] as const;
/** The same since QEMU 10.2. */
export const recentQemuNeedReply = [
  ...qemuNeedReply,
  'SET_VRING_ENABLE',
  'SET_VRING_KICK',
  'SET_VRING_CALL',
  'SET_VRING_ERR',
] as const;

const everyProtocolFeature = Array.from({ length: 24 }, (_, bit) => bit);

/** Virtio device ids of the devices that are simulated. */
export const deviceIds = { net: 1, blk: 2, gpu: 16, fs: 26 } as const;

/** 2 MiB of guest memory from address 0. */
export const smallMemory: GuestMemoryTraits = { guestAddress: 0, bytes: 2 << 20, userAddress: 0x7f20_0000_0000 };

/** Features of the device type itself that the simulated peers know, by virtio device id. */
const deviceFeatures: { readonly [device: number]: readonly string[] } = { [deviceIds.blk]: ['BLK_SIZE', 'FLUSH'] };

/** A front-end with the habits of QEMU. */
export function qemuLike(changes: Partial<FrontEndTraits> = {}): FrontEndTraits {
  const { device = deviceIds.blk } = changes;
  return {
    dialect: 'qemu',
    device,
    // QEMU takes every protocol feature below its newest. LOG_ALL it takes only while it logs.
    accepts: {
      virtio: [...(deviceFeatures[device] ?? []), 'PROTOCOL_FEATURES', 'VERSION_1', 'ACCESS_PLATFORM'],
      protocol: everyProtocolFeature,
    },
    needReply: qemuNeedReply,
    memory: smallMemory,
    ringSize: 64,
    ...changes,
  };
}

/** A front-end with the habits of DPDK's virtio-user. */
export const virtioUserLike: FrontEndTraits = {
  ...qemuLike({ device: deviceIds.net }),
  dialect: 'dpdk',
  accepts: { virtio: ['PROTOCOL_FEATURES', 'VERSION_1'], protocol: ['MQ', 'REPLY_ACK', 'STATUS'] },
  needReply: ['SET_MEM_TABLE', 'SET_STATUS'],
};

/**
 * The front-end of the conformance peer. It takes the protocol features whose messages it tries, and none that would
 * change what the other messages look like; of a device type it takes nothing.
 */
export const conformanceFrontEnd: FrontEndTraits = {
  ...qemuLike({ device: 0 }),
  accepts: {
    virtio: ['PROTOCOL_FEATURES', 'VERSION_1'],
    protocol: [
      ...['MQ', 'LOG_SHMFD', 'RARP', 'REPLY_ACK', 'MTU', 'BACKEND_REQ', 'PAGEFAULT', 'CONFIG', 'BACKEND_SEND_FD'],
      ...['INFLIGHT_SHMFD', 'RESET_DEVICE', 'CONFIGURE_MEM_SLOTS', 'STATUS', 'SHARED_OBJECT', 'DEVICE_STATE', 'SHMEM'],
    ],
  },
};

/** A block device of 1 MiB that answers as libvhost-user does. */
export function blockBackEnd(changes: Partial<BackEndTraits> = {}): BackEndTraits {
  const { device = deviceIds.blk } = changes;
  const bytes = 1 << 20;
  return {
    dialect: 'libvhost-user',
    device,
    offers: {
      // Neither indirect descriptors nor event indices: the rings here do without.
      virtio: [...(deviceFeatures[device] ?? []), 'LOG_ALL', 'PROTOCOL_FEATURES', 'VERSION_1'],
      protocol: ['MQ', 'LOG_SHMFD', 'REPLY_ACK', 'BACKEND_REQ', 'CONFIG', 'BACKEND_SEND_FD', 'CONFIGURE_MEM_SLOTS'],
    },
    queues: 1,
    memorySlots: 32,
    config: blockConfig(bytes),
    personality: { kind: 'block', bytes },
    habits: replyHabits['libvhost-user'],
    ...changes,
  };
}

/** The 60 bytes of a block device's configuration: capacity in sectors of 512 bytes, block size, one queue. */
export function blockConfig(bytes: number): Uint8Array {
  const config = new Uint8Array(60);
  const view = new DataView(config.buffer);
  view.setUint32(0, bytes / 512, true);
  view.setUint32(20, 512, true);
  view.setUint16(34, 1, true);
  return config;
}

/** The back-end of the conformance peer: of no device type, with room for whatever a front-end wants. */
export const conformanceBackEnd: BackEndTraits = { ...blockBackEnd({ device: 0 }), queues: 8 };

/** The same with other offers: protocol features more, or fewer. */
export function offering(change: {
  readonly more?: readonly (string | number)[];
  readonly less?: readonly string[];
  readonly virtio?: readonly (string | number)[];
}): Pick<BackEndTraits, 'offers'> {
  const { virtio, protocol } = conformanceBackEnd.offers;
  const kept = protocol.filter(name => !change.less?.includes(String(name)));
  return { offers: { virtio: change.virtio ?? virtio, protocol: [...kept, ...(change.more ?? [])] } };
}
