/** Everything that happens only in a migration: dirty log, descriptors in flight, device state, postcopy. */
import type { Payload } from '../decode.ts';
import type { Frame } from '../frame.ts';
import { type Area, big, type CarriedFd, fdOf, known, number } from './area.ts';

/** A stretch of shared memory: the dirty log or the inflight region. Sizes and offsets in bytes. */
export interface SharedArea {
  readonly n: number;
  readonly size: bigint;
  readonly offset: bigint;
  readonly fd?: CarriedFd;
}

/** The inflight region, with the geometry it was made for. */
export interface Inflight extends SharedArea {
  readonly queues: number;
  readonly queueSize: number;
}

/** How far postcopy has come on the destination. */
export type PostcopyPhase = 'none' | 'advised' | 'listening' | 'ended';

/** What moves the postcopy phase on. */
export const postcopyTransitions: { readonly [phase in PostcopyPhase]: { readonly [event: string]: PostcopyPhase } } = {
  none: { POSTCOPY_ADVISE: 'advised' },
  advised: { POSTCOPY_LISTEN: 'listening', POSTCOPY_END: 'ended' },
  listening: { POSTCOPY_END: 'ended' },
  ended: { POSTCOPY_ADVISE: 'advised' },
};

/** How far the transfer of the back-end's internal state has come. */
export type TransferPhase = 'none' | 'asked' | 'running' | 'refused' | 'checked';

/** What moves the transfer on; the answer to SET_DEVICE_STATE_FD decides whether it runs. */
export const transferTransitions: { readonly [phase in TransferPhase]: { readonly [event: string]: TransferPhase } } = {
  none: { SET_DEVICE_STATE_FD: 'asked' },
  asked: { accepted: 'running', refused: 'refused' },
  running: { CHECK_DEVICE_STATE: 'checked' },
  refused: { SET_DEVICE_STATE_FD: 'asked' },
  checked: { SET_DEVICE_STATE_FD: 'asked' },
};

/** A transfer of device state. */
export interface Transfer {
  readonly phase: TransferPhase;
  readonly direction?: 'save' | 'load';
  readonly n?: number;
  /** What CHECK_DEVICE_STATE was answered: 0 is success. */
  readonly result?: number;
}

/** The migration side of a session. */
export interface Migration {
  readonly log?: SharedArea;
  /** LOG_ALL is acknowledged: writes to guest memory are logged. */
  readonly logging: boolean;
  readonly inflight?: Inflight;
  readonly postcopy: PostcopyPhase;
  /** Record of an answered postcopy memory table, until the front-end has acknowledged it with an empty one. */
  readonly tableAnsweredAt?: number;
  readonly transfer: Transfer;
}

/** No migration. */
export const noMigration: Migration = { logging: false, postcopy: 'none', transfer: { phase: 'none' } };

const logAll = 1n << 26n;

function inflightOf(payload: Payload, frame: Frame): Inflight {
  const fd = fdOf(frame);
  return {
    n: frame.n,
    size: big(payload.mmap_size),
    offset: big(payload.mmap_offset),
    queues: number(payload.num_queues),
    queueSize: number(payload.queue_size),
    ...(fd && { fd }),
  };
}

const postcopy = (event: string) => ({
  request: (now: Migration): Migration => ({
    ...now,
    postcopy: postcopyTransitions[now.postcopy][event] ?? now.postcopy,
  }),
});

const transferred = (now: Migration, event: string, more: Partial<Transfer> = {}): Migration => {
  const phase = transferTransitions[now.transfer.phase][event] ?? now.transfer.phase;
  return { ...now, transfer: { ...now.transfer, ...more, phase } };
};

/** How messages change it. */
export const migration: Area<Migration> = {
  SET_LOG_BASE: {
    request: (now, payload, frame) => {
      const fd = fdOf(frame);
      const log = { n: frame.n, size: big(payload.size), offset: big(payload.offset), ...(fd && { fd }) };
      return { ...now, log };
    },
  },
  SET_FEATURES: {
    request: (now, { features }) => (known(features) ? { ...now, logging: (BigInt(features) & logAll) !== 0n } : now),
  },
  SET_MEM_TABLE: {
    request: ({ tableAnsweredAt: _, ...now }) => now,
    reply: (now, _, { n }) => (now.postcopy === 'listening' ? { ...now, tableAnsweredAt: n } : now),
  },
  GET_INFLIGHT_FD: { reply: (now, payload, frame) => ({ ...now, inflight: inflightOf(payload, frame) }) },
  SET_INFLIGHT_FD: { request: (now, payload, frame) => ({ ...now, inflight: inflightOf(payload, frame) }) },
  POSTCOPY_ADVISE: postcopy('POSTCOPY_ADVISE'),
  POSTCOPY_LISTEN: postcopy('POSTCOPY_LISTEN'),
  POSTCOPY_END: postcopy('POSTCOPY_END'),
  SET_DEVICE_STATE_FD: {
    request: (now, payload, { n }) =>
      transferred(now, 'SET_DEVICE_STATE_FD', { n, direction: number(payload.direction) === 0 ? 'save' : 'load' }),
    reply: (now, payload) => transferred(now, number(payload.error) === 0 ? 'accepted' : 'refused'),
  },
  CHECK_DEVICE_STATE: {
    reply: (now, payload) => transferred(now, 'CHECK_DEVICE_STATE', { result: number(payload.result) }),
  },
};
