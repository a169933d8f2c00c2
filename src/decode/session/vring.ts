/**
 * The life of a ring: whether it is started and whether it is enabled are independent of each other. Spec section
 * "Ring states". The tables below are the truth from which the docs' diagrams are drawn; what does not fit a table
 * (SET_FEATURES without PROTOCOL_FEATURES enables all rings, a reset stops them) is in this file too.
 */
import type { Payload } from '../decode.ts';
import type { Frame } from '../frame.ts';
import type { U64 } from '../schema.ts';
import { type Area, big, type CarriedFd, fdOf, known, number } from './area.ts';

/** Whether the back-end may process a ring's buffers once it is enabled. */
export type Running = 'stopped' | 'started';
/** Whether the front-end lets it. */
export type Switched = 'disabled' | 'enabled';

/** What starts and stops a ring. In-band kicks start it where no eventfd was given. */
export const runningTransitions: { readonly [state in Running]: { readonly [event: string]: Running } } = {
  stopped: { SET_VRING_KICK: 'started', VRING_KICK: 'started' },
  started: { GET_VRING_BASE: 'stopped', GET_VRING_BASE_SKIP_DRAIN: 'stopped', RESET_DEVICE: 'stopped' },
};

/** What enables and disables it. */
export const switchedTransitions: { readonly [state in Switched]: { readonly [event: string]: Switched } } = {
  disabled: { 'SET_VRING_ENABLE 1': 'enabled', 'SET_FEATURES without PROTOCOL_FEATURES': 'enabled' },
  enabled: { 'SET_VRING_ENABLE 0': 'disabled', RESET_DEVICE: 'disabled', RESET_OWNER: 'disabled' },
};

/** A notification path of a ring: a descriptor, or the word that there is none. */
export interface Notifier {
  /** Record that set it. */
  readonly n: number;
  readonly nofd: boolean;
  readonly fd?: CarriedFd;
}

/** Where the parts of a ring lie: addresses as sent, whose kind depends on the negotiated features. */
export interface VringAddress {
  readonly n: number;
  readonly descriptor: bigint;
  readonly used: bigint;
  readonly available: bigint;
  readonly log: bigint;
  /** Writes to the used ring are logged. */
  readonly logged: boolean;
}

/** A position in a ring as SET_VRING_BASE and GET_VRING_BASE carry it. */
export interface Base {
  readonly n: number;
  /** The whole word: for packed rings two positions with their wrap counters. */
  readonly word: number;
}

/** One ring. */
export interface Vring {
  readonly index: number;
  readonly running: Running;
  readonly switched: Switched;
  /** Descriptors. */
  readonly num?: number | undefined;
  readonly address?: VringAddress | undefined;
  /** Where the front-end told it to begin, and where the back-end said it had stopped. */
  readonly base?: Base | undefined;
  readonly stoppedAt?: Base | undefined;
  readonly kick?: Notifier | undefined;
  readonly call?: Notifier | undefined;
  readonly err?: Notifier | undefined;
  /** It was enabled at some time of this connection. */
  readonly everEnabled: boolean;
  /** Byte order, once told. */
  readonly bigEndian?: boolean | undefined;
  /** Record of the last RESET_DEVICE: what was set before it has to be set again. */
  readonly resetAt?: number | undefined;
  /** Record of the last change. */
  readonly changedAt: number;
}

/** The rings a connection has spoken of, by index. */
export interface Vrings {
  readonly byIndex: ReadonlyMap<number, Vring>;
  /** Rings are enabled without being told, because PROTOCOL_FEATURES was not acknowledged. */
  readonly enabledAtStart: boolean;
}

/** No ring. */
export const noVrings: Vrings = { byIndex: new Map(), enabledAtStart: false };

/** A session that speaks of more rings than this is damaged or hostile; later ones are not followed. */
const mostRings = 65536;

/** The state after an event, which stays the same where the table has no entry. */
function follow<S extends string>(
  table: { readonly [state in S]: { readonly [event: string]: S } },
  now: S,
  event: string,
): S {
  return table[now][event] ?? now;
}

/** A copy of a ring that is not shared yet: a change writes into it. */
type NewVring = { -readonly [K in keyof Vring]: Vring[K] };

function unused(index: number, { enabledAtStart }: Vrings): Vring {
  const switched = enabledAtStart ? 'enabled' : 'disabled';
  return { index, running: 'stopped', switched, everEnabled: enabledAtStart, changedAt: 0 };
}

/** Named one by one: rings change with every message of some captures, and a spread takes several times as long. */
function copyOf(ring: Vring, n: number): NewVring {
  return {
    index: ring.index,
    running: ring.running,
    switched: ring.switched,
    num: ring.num,
    address: ring.address,
    base: ring.base,
    stoppedAt: ring.stoppedAt,
    kick: ring.kick,
    call: ring.call,
    err: ring.err,
    everEnabled: ring.everEnabled,
    bigEndian: ring.bigEndian,
    resetAt: ring.resetAt,
    changedAt: n,
  };
}

function all(now: Vrings, n: number, change: (ring: NewVring) => void): Vrings {
  const byIndex = new Map<number, Vring>();
  for (const [index, ring] of now.byIndex) {
    const next = copyOf(ring, n);
    change(next);
    byIndex.set(index, next);
  }
  return { byIndex, enabledAtStart: now.enabledAtStart };
}

const ofRing =
  (change: (ring: NewVring, payload: Payload, frame: Frame) => void) =>
  (now: Vrings, payload: Payload, frame: Frame): Vrings => {
    if (!known(payload.index)) return now;
    const index = number(payload.index);
    const before = now.byIndex.get(index);
    if (before === undefined && now.byIndex.size >= mostRings) return now;
    const ring = copyOf(before ?? unused(index, now), frame.n);
    change(ring, payload, frame);
    // A loop copies in half the time that the constructor takes.
    const byIndex = new Map<number, Vring>();
    for (const [other, one] of now.byIndex) byIndex.set(other, one);
    byIndex.set(index, ring);
    return { byIndex, enabledAtStart: now.enabledAtStart };
  };

const notifier = (payload: Payload, frame: Frame): Notifier => {
  const fd = fdOf(frame);
  const nofd = payload.nofd === true;
  return fd === undefined ? { n: frame.n, nofd } : { n: frame.n, nofd, fd };
};

function run(ring: NewVring, event: string): void {
  ring.running = follow(runningTransitions, ring.running, event);
}

function switchTo(ring: NewVring, event: string): void {
  ring.switched = follow(switchedTransitions, ring.switched, event);
  ring.everEnabled ||= ring.switched === 'enabled';
}

/** The word of a base, whichever way it was decoded. */
export function baseWord(payload: Payload): number {
  if (known(payload.num)) return number(payload.num);
  const wrap = (value: unknown) => (value === true ? 1 : 0);
  const half = (index: U64, wrapped: number) => (Number(index) | (wrapped << 15)) & 0xffff;
  const avail = half(number(payload.last_avail), wrap(payload.avail_wrap));
  const used = half(number(payload.last_used), wrap(payload.used_wrap));
  return (avail | (used << 16)) >>> 0;
}

const stop = (event: string) => ({
  request: ofRing(ring => run(ring, event)),
  reply: ofRing((ring, payload, { n }) => {
    ring.stoppedAt = { n, word: baseWord(payload) };
  }),
});

const protocolFeaturesBit = 1n << 30n;

/** How messages change the rings. */
export const vrings: Area<Vrings> = {
  SET_VRING_NUM: {
    request: ofRing((ring, payload) => {
      ring.num = number(payload.num);
    }),
  },
  SET_VRING_BASE: {
    request: ofRing((ring, payload, { n }) => {
      ring.base = { n, word: baseWord(payload) };
    }),
  },
  SET_VRING_ADDR: {
    request: ofRing((ring, payload, { n }) => {
      ring.address = {
        n,
        descriptor: big(payload.descriptor),
        used: big(payload.used),
        available: big(payload.available),
        log: big(payload.log),
        logged: (number(payload.flags) & 1) === 1,
      };
    }),
  },
  SET_VRING_KICK: {
    request: ofRing((ring, payload, frame) => {
      ring.kick = notifier(payload, frame);
      run(ring, 'SET_VRING_KICK');
    }),
  },
  SET_VRING_CALL: {
    request: ofRing((ring, payload, frame) => {
      ring.call = notifier(payload, frame);
    }),
  },
  SET_VRING_ERR: {
    request: ofRing((ring, payload, frame) => {
      ring.err = notifier(payload, frame);
    }),
  },
  VRING_KICK: {
    request: ofRing(ring => {
      // An eventfd takes precedence over messages.
      if (!ring.kick?.fd) run(ring, 'VRING_KICK');
    }),
  },
  SET_VRING_ENABLE: {
    request: ofRing((ring, payload) => switchTo(ring, `SET_VRING_ENABLE ${number(payload.num)}`)),
  },
  SET_VRING_ENDIAN: {
    request: ofRing((ring, payload) => {
      ring.bigEndian = number(payload.num) === 1;
    }),
  },
  GET_VRING_BASE: stop('GET_VRING_BASE'),
  GET_VRING_BASE_SKIP_DRAIN: stop('GET_VRING_BASE_SKIP_DRAIN'),
  SET_FEATURES: {
    request: (now, payload, { n }) => {
      if (!known(payload.features)) return now;
      const enabledAtStart = (BigInt(payload.features) & protocolFeaturesBit) === 0n;
      const event = 'SET_FEATURES without PROTOCOL_FEATURES';
      return enabledAtStart
        ? {
            byIndex: all(now, n, ring => switchTo(ring, event)).byIndex,
            enabledAtStart,
          }
        : { byIndex: now.byIndex, enabledAtStart };
    },
  },
  RESET_DEVICE: {
    request: (now, _, { n }) =>
      all(now, n, ring => {
        run(ring, 'RESET_DEVICE');
        switchTo(ring, 'RESET_DEVICE');
        ring.resetAt = n;
      }),
  },
  RESET_OWNER: {
    request: (now, _, { n }) => all(now, n, ring => switchTo(ring, 'RESET_OWNER')),
  },
};
