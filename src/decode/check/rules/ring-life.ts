/** What happens to a ring over its life: logging, notification, reset, suspension. Spec section "Ring states". */

import type { Vring } from '../../session/vring.ts';
import { hex, normalU64 } from '../../u64.ts';
import type { Found, Rule, Step } from '../rule.ts';
import { hasFeature, hasProtocol, isRequest, ringAfter, ringOf } from '../step.ts';
import { ringSizes } from './rings.ts';

const logPage = 4096n;
/** Rings that SET_VRING_KICK, SET_VRING_CALL and SET_VRING_ERR can name: their index has 8 bits. */
const addressable = 256;

/** The memory a ring takes, as ranges of addresses. */
function ranges({ address, num }: Vring, packed: boolean): [start: bigint, end: bigint][] {
  if (!address || !num) return [];
  const sizes = ringSizes(num, packed);
  return (['descriptor', 'available', 'used'] as const).map(part => [
    address[part],
    address[part] + BigInt(sizes[part]),
  ]);
}

function overlapping(a: Vring, b: Vring, packed: boolean): boolean {
  const other = ranges(b, packed);
  return ranges(a, packed).some(([start, end]) => other.some(([from, to]) => start < to && from < end));
}

/** Every ring that was ever started has been stopped, and the back-end has said so. */
function suspended({ before }: Step): number | undefined {
  const stopped = [...before.vrings.byIndex.values()].filter(ring => ring.kick !== undefined);
  if (stopped.length === 0 || stopped.some(ring => ring.running === 'started' || !ring.stoppedAt)) return undefined;
  return Math.max(...stopped.map(ring => ring.stoppedAt?.n ?? 0));
}

/** Rules about the life of rings. */
export const ringLife: readonly Rule[] = [
  {
    id: 'RNG-08',
    name: 'ring-logged-without-log',
    severity: 'warning',
    condition: 'SET_VRING_ADDR asks to log writes to the used ring although LOG_ALL is not acknowledged',
    spec: 'VHOST_USER_SET_VRING_ADDR; Migration',
    remedy: 'acknowledge LOG_ALL first, and clear the flag when logging ends',
    confidence: 'inferred',
    on: ['SET_VRING_ADDR'],
    check: step => {
      const address = ringAfter(step)?.address;
      return isRequest(step) && address?.logged && step.fromStart && !step.before.migration.logging
        ? `ring ${String(step.message.payload.index)} is to be logged without LOG_ALL`
        : undefined;
    },
  },
  {
    id: 'RNG-09',
    name: 'ring-log-outside',
    severity: 'warning',
    condition: 'the log address of a used ring lies beyond the dirty log in force',
    spec: 'Migration',
    remedy: 'allocate a log that covers the guest address of the used ring',
    confidence: 'inferred',
    on: ['SET_VRING_ADDR'],
    check: step => {
      const ring = ringAfter(step);
      const { log } = step.before.migration;
      if (!isRequest(step) || !ring?.address?.logged || !log || log.size === 0n) return undefined;
      const used = BigInt(ringSizes(ring.num ?? 1, hasFeature(step, 'RING_PACKED')).used);
      const last = (ring.address.log + used - 1n) / logPage / 8n;
      return last >= log.size
        ? { message: `needs byte ${last} of a log of ${log.size} bytes`, records: [log.n] }
        : undefined;
    },
  },
  {
    id: 'RNG-13',
    name: 'ring-request-number',
    severity: 'note',
    condition: 'a request that only names a ring (GET_VRING_BASE, VRING_KICK, …) has a number beside the index',
    spec: 'A vring state description',
    remedy: 'send 0; back-ends ignore it',
    offenders: 'the virtio-user front-end of DPDK, which sends the base of the ring before',
    confidence: 'observed',
    on: ['GET_VRING_BASE', 'GET_VRING_BASE_SKIP_DRAIN', 'VRING_KICK', 'BACKEND_VRING_CALL', 'BACKEND_VRING_ERR'],
    check: step => {
      const { num } = step.message.payload;
      return isRequest(step) && num !== undefined && num !== 0
        ? `${step.message.name} of ring ${String(step.message.payload.index)} has the number ${String(num)}`
        : undefined;
    },
  },
  {
    id: 'RNG-20',
    name: 'endian-of-started-ring',
    severity: 'error',
    condition: 'SET_VRING_ENDIAN for a ring that is started',
    spec: 'VHOST_USER_SET_VRING_ENDIAN',
    remedy: 'set the byte order before the ring is started',
    confidence: 'spec',
    on: ['SET_VRING_ENDIAN'],
    check: step => {
      const ring = ringOf(step);
      return isRequest(step) && ring?.running === 'started'
        ? { message: `ring ${ring.index} is started`, records: ring.kick ? [ring.kick.n] : [] }
        : undefined;
    },
  },
  {
    id: 'RNG-22',
    name: 'message-while-suspended',
    severity: 'warning',
    condition: 'the back-end sends a request after it has answered that all rings are stopped',
    spec: 'Suspended device state',
    remedy: 'send nothing on the back-end channel until a ring is started again',
    confidence: 'spec',
    on: 'requests',
    only: ({ channel }) => channel === 'backend-req',
    check: step => {
      const since = suspended(step);
      return since === undefined
        ? undefined
        : { message: `${step.message.name} although all rings are stopped`, records: [since] };
    },
  },
  {
    id: 'RNG-23',
    name: 'ring-beyond-descriptors',
    severity: 'warning',
    condition: `a ring with an index of ${addressable} or more is set up`,
    spec: 'VHOST_USER_SET_VRING_KICK',
    remedy: `use at most ${addressable} rings: kick, call and err carry the index in 8 bits`,
    confidence: 'inferred',
    on: ['SET_VRING_NUM', 'SET_VRING_BASE', 'SET_VRING_ADDR', 'SET_VRING_ENABLE'],
    check: step => {
      const { index } = step.message.payload;
      return isRequest(step) && Number(index ?? 0) >= addressable
        ? `ring ${String(index)} can be given no kick`
        : undefined;
    },
  },
  {
    id: 'RNG-24',
    name: 'ring-without-kick',
    severity: 'note',
    condition: 'SET_VRING_KICK says that there is no descriptor although INBAND_NOTIFICATIONS is not acknowledged',
    spec: 'VHOST_USER_SET_VRING_KICK',
    remedy: 'expect the back-end to poll the ring; some do not',
    confidence: 'inferred',
    on: ['SET_VRING_KICK'],
    check: step =>
      isRequest(step) &&
      step.fromStart &&
      step.message.payload.nofd === true &&
      !hasProtocol(step, 'INBAND_NOTIFICATIONS')
        ? `ring ${String(step.message.payload.index)} has no kick: the back-end must poll it`
        : undefined,
  },
  {
    id: 'RNG-25',
    name: 'kick-twice',
    severity: 'note',
    condition: 'VRING_KICK for a ring that has a kick descriptor',
    spec: 'VHOST_USER_VRING_KICK',
    remedy: 'kick through the descriptor; the back-end may ignore the message',
    confidence: 'spec',
    on: ['VRING_KICK'],
    check: step => {
      const ring = ringOf(step);
      return isRequest(step) && ring?.kick?.fd
        ? { message: `ring ${ring.index} has a kick descriptor`, records: [ring.kick.n] }
        : undefined;
    },
  },
  {
    id: 'RNG-26',
    name: 'ring-used-after-reset',
    severity: 'warning',
    condition: 'after RESET_DEVICE a ring is started without having been given its base and addresses again',
    spec: 'VHOST_USER_RESET_DEVICE',
    remedy: 'set the ring up again: a reset takes the back-end to its initial state',
    confidence: 'spec',
    on: ['SET_VRING_KICK'],
    check: step => {
      const ring = ringOf(step);
      if (!isRequest(step) || ring?.resetAt === undefined) return undefined;
      const { resetAt, base, address } = ring;
      const missing = [
        ...((base?.n ?? 0) < resetAt ? ['SET_VRING_BASE'] : []),
        ...((address?.n ?? 0) < resetAt ? ['SET_VRING_ADDR'] : []),
      ];
      return missing.length === 0
        ? undefined
        : {
            message: `ring ${ring.index} is started without ${missing.join(' and ')} since the reset`,
            records: [resetAt],
          };
    },
  },
  {
    id: 'RNG-27',
    name: 'rings-overlap',
    severity: 'error',
    condition: 'a ring is started whose memory overlaps that of another started ring',
    spec: 'VHOST_USER_SET_VRING_ADDR; virtio 1.4, Virtqueues',
    remedy: 'give every ring memory of its own',
    confidence: 'inferred',
    on: ['SET_VRING_KICK'],
    check: step => {
      const ring = ringOf(step);
      if (!isRequest(step) || !ring) return undefined;
      const packed = hasFeature(step, 'RING_PACKED');
      return [...step.before.vrings.byIndex.values()].flatMap((other): Found[] =>
        other.index !== ring.index && other.running === 'started' && overlapping(ring, other, packed)
          ? [
              {
                message: `ring ${ring.index} at ${hex(normalU64(ring.address?.descriptor ?? 0n))} overlaps ring ${other.index}`,
                records: other.address ? [other.address.n] : [],
              },
            ]
          : [],
      );
    },
  },
];
