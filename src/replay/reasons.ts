/**
 * Differences that follow from what a replay is: other processes with other addresses, no guest behind the rings, and
 * what was adapted. A table, so that each has its reason; what is not in it is a finding.
 */
import type { Message } from '../decode/message.ts';
import type { Difference } from './compare.ts';

/** What must be known to explain a difference. */
export interface Circumstances {
  /** The message that came. */
  message: Message;
  /** Bits of the virtio and protocol features could not be agreed on this time; a state to be loaded was not there. */
  withheld: { virtio: boolean; protocol: boolean; state: boolean };
  /** The reply is one to a request that was adapted. */
  adapted: boolean;
}

interface Reason {
  readonly message?: RegExp;
  readonly path: RegExp;
  readonly because: string;
  readonly when?: (circumstances: Circumstances) => boolean;
}

const reasons: readonly Reason[] = [
  {
    path: /\.(user_address|descriptor|used|available|log|iova)$/,
    because: 'addresses are those of the process that says them',
  },
  {
    message: /^(SET_LOG_BASE|SET_MEM_TABLE|ADD_MEM_REG|REM_MEM_REG)$/,
    path: /\.mmap_offset$/,
    because: 'offsets are those of the process that says them',
  },
  {
    message: /^GET_VRING_BASE|^SET_VRING_BASE$/,
    path: /^payload\.(num|last_avail|avail_wrap|last_used|used_wrap)$/,
    because: 'no buffers went through the rings',
  },
  {
    message: /^(GET|SET)_STATUS$/,
    path: /^payload\.status/,
    because: 'the status follows from features that were not agreed on',
    when: ({ withheld }) => withheld.virtio,
  },
  {
    message: /^SET_FEATURES$/,
    path: /^payload\.features/,
    because: 'features that are not on offer cannot be accepted',
    when: ({ withheld }) => withheld.virtio,
  },
  {
    message: /^SET_PROTOCOL_FEATURES$/,
    path: /^payload\.protocol_features/,
    because: 'features that are not on offer cannot be accepted',
    when: ({ withheld }) => withheld.protocol,
  },
  {
    path: /^flags\.need_reply$/,
    because: 'REPLY_ACK was not agreed on',
    when: ({ withheld }) => withheld.protocol,
  },
  {
    message: /^CHECK_DEVICE_STATE$/,
    path: /^payload\.result$/,
    because: 'the state itself is not in the capture',
    when: ({ withheld }) => withheld.state,
  },
  {
    path: /./,
    because: 'it answers a message that was adapted',
    when: ({ adapted, message }) => adapted && message.reply,
  },
];

/** The difference with its reason, where it has one. */
export function explained(difference: Difference, circumstances: Circumstances): Difference {
  const reason = reasons.find(
    ({ message, path, when }) =>
      (message === undefined || message.test(circumstances.message.name)) &&
      path.test(difference.path) &&
      (when === undefined || when(circumstances)),
  );
  return reason ? { ...difference, because: reason.because } : difference;
}

/** Whether the front-end accepts fewer protocol features than it did then: more may be different for that. */
export function acceptsLess(then: Message, now: Message): boolean {
  if (now.name !== 'SET_PROTOCOL_FEATURES') return false;
  const [before, after] = [then, now].map(({ payload }) => BigInt((payload.protocol_features as number | bigint) ?? 0));
  return ((before as bigint) & ~(after as bigint)) !== 0n;
}
