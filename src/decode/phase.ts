/** What a message is part of: the stretches of a connection that people speak of. */
import type { Message } from './message.ts';
import type { Session } from './session/session.ts';

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
const ringSetUp = new Set(['SET_VRING_NUM', 'SET_VRING_BASE', 'SET_VRING_ADDR', 'SET_VRING_KICK', 'SET_VRING_ENDIAN']);
const memorySetUp = new Set(['SET_MEM_TABLE', 'ADD_MEM_REG', 'REM_MEM_REG', 'SET_INFLIGHT_FD', 'GET_INFLIGHT_FD']);

const isStarted = (session: Session) => [...session.vrings.byIndex.values()].some(ring => ring.running === 'started');

/**
 * The phase a message belongs to.
 *
 * @param before the session before it
 * @param message the message
 * @param last phase of the message before it on the connection
 */
export function phaseOf(before: Session, message: Message, last: Phase | undefined): Phase {
  if (message.reply && last !== undefined) return last;
  const fixed = always[message.name];
  if (fixed !== undefined) return fixed;
  const running = isStarted(before);
  const { features } = message.payload;
  if (message.name === 'SET_FEATURES' && features !== undefined) {
    const logging = (BigInt(features as number) & (1n << 26n)) !== 0n;
    return logging !== before.migration.logging ? 'migration' : 'start';
  }
  if (ringSetUp.has(message.name)) return last === 'migration' && running ? 'migration' : 'start';
  if (memorySetUp.has(message.name)) return running ? 'memory' : 'start';
  if (message.name === 'SET_VRING_ENABLE') return message.payload.num === 0 ? 'stop' : 'start';
  if (message.name === 'SET_STATUS') return message.payload.status === 0 ? 'stop' : 'start';
  if (message.name === 'GET_STATUS' && last !== undefined) return last;
  if (before.negotiation.virtio.accepted === undefined && !running) return 'negotiation';
  if (last === 'start' && (message.name === 'SET_VRING_CALL' || message.name === 'SET_VRING_ERR')) return 'start';
  if (running) return 'running';
  return last ?? 'negotiation';
}
