/** What a message is part of: the stretches of a connection that people speak of. */
import { perKind } from './kind.ts';
import type { Message } from './message.ts';
import type { Session } from './session/session.ts';
import { runningTransitions } from './session/vring.ts';
import { hasBit } from './u64.ts';

/**
 * `negotiation`: features, limits, channels, until the first ring is set up · `start`: memory and rings are set up and
 * rings started · `running` · `memory`: the guest's memory changes while rings run · `stop`: rings are stopped ·
 * `migration`: dirty log, device state, postcopy · `reset`
 */
export type Phase = 'negotiation' | 'start' | 'running' | 'memory' | 'stop' | 'migration' | 'reset';

/** Every phase, in the order in which a connection usually goes through them. */
export const phases: readonly Phase[] = ['negotiation', 'start', 'running', 'memory', 'stop', 'reset', 'migration'];

const always: { readonly [message: string]: Phase } = {
  SET_LOG_BASE: 'migration',
  SET_LOG_FD: 'migration',
  SEND_RARP: 'migration',
  SET_DEVICE_STATE_FD: 'migration',
  CHECK_DEVICE_STATE: 'migration',
  POSTCOPY_ADVISE: 'migration',
  POSTCOPY_LISTEN: 'migration',
  POSTCOPY_END: 'migration',
  GET_VRING_BASE: 'stop',
  GET_VRING_BASE_SKIP_DRAIN: 'stop',
  RESET_DEVICE: 'reset',
  RESET_OWNER: 'reset',
};

/** The parts that messages play where the situation decides. */
const parts = {
  features: ['SET_FEATURES'],
  ring: ['SET_VRING_NUM', 'SET_VRING_BASE', 'SET_VRING_ADDR', 'SET_VRING_KICK', 'SET_VRING_ENDIAN'],
  memory: ['SET_MEM_TABLE', 'ADD_MEM_REG', 'REM_MEM_REG', 'SET_INFLIGHT_FD', 'GET_INFLIGHT_FD'],
  enable: ['SET_VRING_ENABLE'],
  status: ['SET_STATUS'],
  question: ['GET_STATUS'],
  call: ['SET_VRING_CALL'],
  error: ['SET_VRING_ERR'],
};
type Part = keyof typeof parts;

/** What decides about the phase of a kind of message. */
const partOf = perKind(({ spec }): { readonly fixed: Phase | undefined; readonly part: Part | undefined } => {
  const name = spec?.name ?? '';
  return { fixed: always[name], part: (Object.keys(parts) as Part[]).find(part => parts[part].includes(name)) };
});

/** What decides about a phase; cheap to keep for those who do not follow the whole session. */
export interface Situation {
  /** A ring is started. */
  readonly running: boolean;
  /** Virtio features were acknowledged. */
  readonly acknowledged: boolean;
  /** LOG_ALL is among them. */
  readonly logging: boolean;
  /** The ring had a call descriptor before. */
  readonly hasCall: (index: number) => boolean;
}

/** The situation of a session: looked for only where it decides. */
class Standing implements Situation {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  get running(): boolean {
    for (const ring of this.#session.vrings.byIndex.values()) if (ring.running === 'started') return true;
    return false;
  }

  get acknowledged(): boolean {
    return this.#session.negotiation.virtio.accepted !== undefined;
  }

  get logging(): boolean {
    return this.#session.migration.logging;
  }

  hasCall(index: number): boolean {
    return this.#session.vrings.byIndex.get(index)?.call !== undefined;
  }
}

/** The situation of a session. */
export function situationOf(session: Session): Situation {
  return new Standing(session);
}

/**
 * The phase a message belongs to.
 *
 * @param before the situation before it
 * @param message the message
 * @param last phase of the message before it on the connection
 */
export function phaseOf(before: Situation, message: Message, last: Phase | undefined): Phase {
  if (message.reply && last !== undefined) return last;
  const { fixed, part } = partOf(message.kind);
  if (fixed !== undefined) return fixed;
  const { running } = before;
  const { payload } = message;
  if (part === 'features' && payload.features !== undefined) {
    return hasLog(message) !== before.logging ? 'migration' : 'start';
  }
  if (part === 'ring') return last === 'migration' && running ? 'migration' : 'start';
  if (part === 'memory') return running ? 'memory' : 'start';
  if (part === 'enable') return payload.num === 0 ? 'stop' : 'start';
  if (part === 'status') return payload.status === 0 ? 'stop' : 'start';
  if (part === 'question' && last !== undefined) return last;
  // A ring gets its first call descriptor when the device is made, and another one when the guest's driver comes.
  if (part === 'call' && !running && last !== 'stop' && before.hasCall(Number(payload.index))) return 'start';
  if (!before.acknowledged && !running) return 'negotiation';
  if (last === 'start' && (part === 'call' || part === 'error')) return 'start';
  if (running) return 'running';
  return last ?? 'negotiation';
}

const logAll = 26;

function hasLog({ payload }: Message): boolean {
  const { features } = payload;
  return (typeof features === 'number' || typeof features === 'bigint') && hasBit(features, logAll);
}

/** Follows the phases of one connection: just so much of its session as they need. */
export class Course implements Situation {
  acknowledged = false;
  logging = false;
  readonly #started = new Set<number>();
  readonly #called = new Set<number>();
  #last: Phase | undefined;

  get running(): boolean {
    return this.#started.size > 0;
  }

  /** Whether the ring had a call descriptor before. */
  hasCall(index: number): boolean {
    return this.#called.has(index);
  }

  /** The phase of the next message. */
  next(message: Message): Phase {
    this.#last = phaseOf(this, message, this.#last);
    if (!message.reply) this.#follow(message);
    return this.#last;
  }

  #follow(message: Message): void {
    const { name, payload } = message;
    const index = Number(payload.index);
    if (name === 'SET_FEATURES' && payload.features !== undefined) {
      this.acknowledged = true;
      this.logging = hasLog(message);
    } else if (name === 'SET_VRING_CALL') {
      if (this.#called.size < mostRings) this.#called.add(index);
    } else if (name === 'RESET_DEVICE') this.#started.clear();
    else if (runningTransitions.stopped[name] !== undefined) {
      if (this.#started.size < mostRings) this.#started.add(index);
    } else if (runningTransitions.started[name] !== undefined) this.#started.delete(index);
  }
}

/** Rings that are followed; more of them are a sign of damage. */
const mostRings = 65_536;
