/**
 * What was recorded of one message or event, before anything is read into its bytes.
 *
 * A frame is the hand-over between the folders: the relay makes frames, the capture stores them, the decoder
 * understands them. It decodes alone: `context` carries what was known about the session when it was recorded.
 */

/** The socket a frame crossed: the main connection, or one of the two sockets that are passed over it. */
export type Channel = 'main' | 'backend-req' | 'gpu';

/** Who sent it. */
export type Direction = 'front-to-back' | 'back-to-front';

/**
 * What a frame holds: one message of the protocol, bytes that could not be framed, something vhuscope itself tells
 * (connected, closed, lost, note, …), or the result of a rule.
 */
export type FrameKind = 'message' | 'raw' | 'event' | 'finding';

/** What a passed file descriptor turned out to be. */
export type FdKind =
  | 'memfd'
  | 'hugetlb'
  | 'file'
  | 'eventfd'
  | 'socket'
  | 'pipe'
  | 'userfaultfd'
  | 'device'
  | 'dmabuf'
  | 'unknown';

/** The identity of one passed file descriptor, as far as it could be learnt without disturbing anybody. */
export interface FdIdentity {
  kind: FdKind;
  /** Object size in bytes, where it has one. */
  size?: number;
  /** Device and inode number of a file, `major:minor` packed as st_dev. */
  dev?: number;
  inode?: number;
  /** Number of an eventfd (`eventfd-id`), inode of a socket or pipe. */
  id?: number;
  /** File seals of a memfd (F_SEAL_* bits). */
  seals?: number;
  /** Bytes of one huge page, for memory on hugetlbfs. */
  pageSize?: number;
  access?: 'r' | 'w' | 'rw';
  /** memfd name, path or device node, as the kernel shows it. */
  name?: string;
  /** The same integer while it is provably the same kernel object within a recording. */
  object?: number;
  /** An earlier object with the same kernel id that is not provably the same object. */
  sameIdAs?: number;
}

/** How a device type is known: the user said so, or a peer's command line, the socket's name, the messages. */
export type DeviceSource = 'option' | 'command-line' | 'socket-name' | 'messages';

/** What must be known besides the bytes to decode them. Everything is optional: decoding is total without it. */
export interface Context {
  /** Acknowledged virtio features (SET_FEATURES), once seen. */
  readonly features?: bigint;
  /** Acknowledged protocol features (SET_PROTOCOL_FEATURES), once seen. */
  readonly protocolFeatures?: bigint;
  /** Virtio device id (1 net, 2 block, … 26 fs). */
  readonly device?: number;
  /** How that is known, where the capture tells. */
  readonly deviceFrom?: DeviceSource;
  /** Implementation behind each side, where known. */
  readonly frontEnd?: Dialect;
  readonly backEnd?: Dialect;
  /** The peers' byte order; little endian when absent. */
  readonly bigEndian?: boolean;
}

/** Implementations whose bytes differ from the specification somewhere. */
export type Dialect =
  | 'qemu'
  | 'libvhost-user'
  | 'qemu-storage-daemon'
  | 'dpdk'
  | 'spdk'
  | 'rust-vmm'
  | 'crosvm'
  | 'cloud-hypervisor'
  | 'uml'
  | 'vpp'
  | 'passt'
  | 'vhuscope';

/** One recorded message, run of raw bytes, event or finding. */
export interface Frame {
  /** Number in the recording, from 1, given by the relay; readers never count. */
  n: number;
  kind: FrameKind;
  /** Random number of the recording `n` counts in, where known: the same in every file that holds the record. */
  captureId?: bigint;
  /** Name of the configured pair. */
  pair: string;
  channel: Channel;
  /** Absent on events that no side caused. */
  dir?: Direction | undefined;
  session: number;
  epoch: number;
  /** Wall clock time of receipt, nanoseconds since 1970. */
  wallNs: bigint;
  /** Monotonic: header complete. */
  receivedNs: bigint;
  /** Monotonic: last byte accepted by the other peer's socket; 0n when it was not sent. */
  sentNs: bigint;
  /** How long a person or a rule held it back. */
  heldNs?: bigint;
  /** Message only: it answers another message (the reply flag; on the gpu channel the direction). */
  reply?: boolean | undefined;
  /** On a reply: the request's number. */
  answers?: number | undefined;
  /** Wire bytes as received: 12-byte header and payload, possibly shortened. For events: UTF-8 JSON. */
  bytes: Uint8Array;
  /** Length on the wire in bytes, header included. */
  wireLength: number;
  /** Position of the first byte in this direction's byte stream. */
  offset: number;
  /** Descriptors that arrived with it, in wire order. */
  fds: FdIdentity[];
  /** How many descriptors arrived, where more than are described in `fds`. */
  fdCount?: number | undefined;
  /** Byte lengths as they arrived, where not header and payload in one or two plain pieces. */
  seg?: number[];
  /** Byte offset within the message at which the descriptors arrived, where not 0. */
  fdAt?: number;
  /** The kernel dropped descriptors (MSG_CTRUNC). */
  ctrunc?: boolean;
  /** Repeated at the head of a rotated file: folded, never counted or timed. */
  carried?: boolean;
  /** The bytes sent on, where a person or a rule changed them; empty when it was dropped. */
  sentBytes?: Uint8Array;
  /** Length in bytes of what was sent on, where `sentBytes` holds only its beginning. */
  sentLength?: number;
  /** Descriptors sent on, in order, where they were changed on purpose. */
  sentFds?: FdIdentity[];
  /** Made by vhuscope, not received. */
  injected?: boolean;
  /** Secret bytes (crypto keys) in `bytes` were overwritten with zeroes when it was recorded. */
  masked?: boolean;
  /** What the capture could not tell of this record, because it is damaged or newer than this reader. */
  damage?: string;
  /**
   * The version of the format it is written in, where that is newer than this reader: kind, channel, direction, time
   * and bytes are as they are, the rest is not known.
   */
  newer?: number;
  context: Context;
}

/** Channels by their number in the capture file. */
export const channels: readonly Channel[] = ['main', 'backend-req', 'gpu'];

/** Kinds of descriptor by their number in the capture file. */
export const fdKinds: readonly FdKind[] = [
  'unknown',
  'memfd',
  'hugetlb',
  'file',
  'eventfd',
  'socket',
  'pipe',
  'userfaultfd',
  'device',
  'dmabuf',
];

/** Ways to know a device type by their number in the capture file; 0 stands for not told. */
export const deviceSources: readonly (DeviceSource | undefined)[] = [
  undefined,
  'option',
  'command-line',
  'socket-name',
  'messages',
];

/** Dialects by their number in the capture file; 0 stands for not known. */
export const dialects: readonly (Dialect | undefined)[] = [
  undefined,
  'qemu',
  'libvhost-user',
  'qemu-storage-daemon',
  'dpdk',
  'spdk',
  'rust-vmm',
  'crosvm',
  'cloud-hypervisor',
  'uml',
  'vpp',
  'passt',
  'vhuscope',
];
