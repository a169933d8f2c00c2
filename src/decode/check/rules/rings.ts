/** Rings: geometry, addresses, order. Spec sections "Ring states" and "Vring ...". */

import { locate } from '../../session/memory.ts';
import type { Vring } from '../../session/vring.ts';
import { deviceById } from '../../spec/devices/index.ts';
import { hex, normalU64 } from '../../u64.ts';
import type { Found, Rule, Step } from '../rule.ts';
import { hasFeature, hasProtocol, ringAfter, ringOf } from '../step.ts';

const mostDescriptors = 32768;

/** Bytes of the three parts of a split or packed ring of `num` descriptors, virtio "Virtqueues". */
export function ringSizes(num: number, packed: boolean): { descriptor: number; used: number; available: number } {
  return packed
    ? { descriptor: 16 * num, used: 4, available: 4 }
    : { descriptor: 16 * num, used: 6 + 8 * num, available: 6 + 2 * num };
}

/** Where a part of a ring should lie and does not. */
function misplaced(step: Step, ring: Vring): Found[] {
  const { address, num, index } = ring;
  if (!address || num === undefined) return [];
  const sizes = ringSizes(num, hasFeature(step, 'RING_PACKED'));
  const kind = hasProtocol(step, 'GPA_ADDRESSES') ? 'guest' : 'user';
  return (['descriptor', 'available', 'used'] as const).flatMap((part): Found[] =>
    locate(step.before.memory, address[part], BigInt(sizes[part]), kind)
      ? []
      : [
          {
            message: `the ${part} part of ring ${index}, ${sizes[part]} bytes at ${hex(normalU64(address[part]))}, lies in no memory region`,
            records: [address.n],
          },
        ],
  );
}

/** Rules about rings. */
export const rings: readonly Rule[] = [
  {
    id: 'RNG-01',
    name: 'ring-index',
    severity: 'warning',
    condition:
      'a ring index is not below the answer to GET_QUEUE_NUM, or for net (or an unknown device) twice the answer',
    spec: 'VHOST_USER_GET_QUEUE_NUM',
    remedy: 'configure at most as many queues as the back-end has',
    supersedes: ['RNG-23'],
    confidence: 'observed',
    on: ['SET_VRING_NUM', 'SET_VRING_ADDR', 'SET_VRING_BASE', 'SET_VRING_KICK', 'SET_VRING_CALL', 'SET_VRING_ENABLE'],
    check: ({ frame, message, before }) => {
      const { queueNum } = before.negotiation;
      const { index } = message.payload;
      if (message.reply || queueNum === undefined || index === undefined) return undefined;
      const pairs = frame.context.device === undefined || deviceById(frame.context.device)?.name === 'net';
      const most = Number(queueNum) * (pairs ? 2 : 1);
      return Number(index) >= most ? `ring ${String(index)}, but the back-end has ${most}` : undefined;
    },
  },
  {
    id: 'RNG-02',
    name: 'ring-size',
    severity: 'error',
    condition: `SET_VRING_NUM with 0, more than ${mostDescriptors}, or for split rings not a power of two`,
    spec: 'VHOST_USER_SET_VRING_NUM; virtio 1.4, Split Virtqueues',
    remedy: 'use a power of two',
    confidence: 'spec',
    on: ['SET_VRING_NUM'],
    check: step => {
      const num = Number(step.message.payload.num ?? 1);
      if (step.message.reply || (num > 0 && num <= mostDescriptors && (num & (num - 1)) === 0)) return undefined;
      const fine = hasFeature(step, 'RING_PACKED') && num > 0 && num <= mostDescriptors;
      return fine ? undefined : `a ring of ${num} descriptors`;
    },
  },
  {
    id: 'RNG-03',
    name: 'ring-base-bits',
    severity: 'warning',
    condition: 'SET_VRING_BASE of a split ring has bits above 15',
    spec: 'VHOST_USER_SET_VRING_BASE',
    remedy: 'give the 16-bit available index',
    confidence: 'spec',
    on: ['SET_VRING_BASE'],
    check: step => {
      const num = Number(step.message.payload.num ?? 0);
      return !step.message.reply && !hasFeature(step, 'RING_PACKED') && num > 0xffff ? `base ${hex(num)}` : undefined;
    },
  },
  {
    id: 'RNG-05',
    name: 'ring-alignment',
    severity: 'error',
    condition:
      'the descriptor area is not aligned to 16, the available ring to 2 (RING_PACKED: 4), or the used ring to 4 bytes',
    spec: 'VHOST_USER_SET_VRING_ADDR; virtio 1.4, Virtqueues',
    remedy: 'align the parts of the ring as virtio prescribes',
    confidence: 'spec',
    on: ['SET_VRING_ADDR'],
    check: step => {
      const address = ringAfter(step)?.address;
      if (!address || address.n !== step.frame.n) return undefined;
      const packed = hasFeature(step, 'RING_PACKED');
      const needs = { descriptor: 16n, available: packed ? 4n : 2n, used: 4n } as const;
      return (['descriptor', 'available', 'used'] as const)
        .filter(part => address[part] % needs[part] !== 0n)
        .map(part => `the ${part} part at ${hex(normalU64(address[part]))} is not aligned to ${needs[part]} bytes`);
    },
  },
  {
    id: 'RNG-06',
    name: 'ring-outside-memory',
    severity: 'error',
    condition:
      'when a ring is started, one of its parts does not lie whole inside one memory region (not with ACCESS_PLATFORM)',
    spec: 'Memory access; VHOST_USER_SET_VRING_ADDR',
    remedy: 'describe the memory in which the rings lie before starting them',
    confidence: 'spec',
    on: ['SET_VRING_KICK'],
    check: step => {
      const ring = ringOf(step);
      if (step.message.reply || !ring || hasFeature(step, 'ACCESS_PLATFORM')) return undefined;
      // Without any memory MEM-13 says what is wrong.
      return step.before.memory.regions.length === 0 ? undefined : misplaced(step, ring);
    },
  },
  {
    id: 'RNG-10',
    name: 'kick-before-set-up',
    severity: 'error',
    condition: 'SET_VRING_KICK for a ring whose size, base or addresses were not set on this connection',
    spec: 'Ring states',
    remedy: 'send SET_VRING_NUM, SET_VRING_BASE and SET_VRING_ADDR before SET_VRING_KICK',
    confidence: 'spec',
    on: ['SET_VRING_KICK'],
    check: step => {
      if (step.message.reply || !step.fromStart) return undefined;
      const ring = ringOf(step);
      const missing = [
        ...(ring?.num === undefined ? ['SET_VRING_NUM'] : []),
        ...(ring?.base === undefined ? ['SET_VRING_BASE'] : []),
        ...(ring?.address === undefined ? ['SET_VRING_ADDR'] : []),
      ];
      return missing.length === 0
        ? undefined
        : `ring ${String(step.message.payload.index)} is started without ${missing.join(', ')}`;
    },
  },
  {
    id: 'RNG-11',
    name: 'set-up-while-started',
    severity: 'warning',
    condition: 'SET_VRING_NUM or SET_VRING_BASE for a ring that is started',
    spec: 'Ring states',
    remedy: 'stop the ring with GET_VRING_BASE first',
    confidence: 'inferred',
    on: ['SET_VRING_NUM', 'SET_VRING_BASE'],
    check: step => {
      const ring = ringOf(step);
      return !step.message.reply && ring?.running === 'started'
        ? { message: `ring ${ring.index} is started`, records: ring.kick ? [ring.kick.n] : [] }
        : undefined;
    },
  },
  {
    id: 'RNG-12',
    name: 'stop-of-stopped-ring',
    severity: 'note',
    condition: 'GET_VRING_BASE for a ring that is not started',
    spec: 'VHOST_USER_GET_VRING_BASE',
    remedy: 'harmless; the answer is the base the ring would start from',
    confidence: 'inferred',
    on: ['GET_VRING_BASE', 'GET_VRING_BASE_SKIP_DRAIN'],
    check: step =>
      !step.message.reply && step.fromStart && ringOf(step)?.running !== 'started'
        ? `ring ${String(step.message.payload.index)} is not started`
        : undefined,
  },
  {
    id: 'RNG-15',
    name: 'base-reply-bits',
    severity: 'warning',
    condition: 'the answer to GET_VRING_BASE for a split ring has bits above 15',
    spec: 'VHOST_USER_GET_VRING_BASE',
    remedy: 'answer the 16-bit available index',
    confidence: 'spec',
    on: ['GET_VRING_BASE', 'GET_VRING_BASE_SKIP_DRAIN'],
    check: step => {
      const num = Number(step.message.payload.num ?? 0);
      return step.message.reply && !hasFeature(step, 'RING_PACKED') && num > 0xffff ? `base ${hex(num)}` : undefined;
    },
  },
  {
    id: 'RNG-16',
    name: 'enable-value',
    severity: 'error',
    condition: 'SET_VRING_ENABLE with something else than 0 or 1',
    spec: 'VHOST_USER_SET_VRING_ENABLE',
    remedy: 'send 0 or 1',
    confidence: 'spec',
    on: ['SET_VRING_ENABLE'],
    check: ({ message }) =>
      !message.reply && Number(message.payload.num ?? 0) > 1 ? `enable is ${String(message.payload.num)}` : undefined,
  },
  {
    id: 'RNG-18',
    name: 'started-never-enabled',
    severity: 'warning',
    condition: 'at the end of a connection a ring was started but never enabled, with PROTOCOL_FEATURES acknowledged',
    spec: 'Ring states',
    remedy: 'send SET_VRING_ENABLE: without it the ring carries no traffic',
    confidence: 'spec',
    atEnd: ({ session, fromStart }) =>
      [...session.vrings.byIndex.values()].flatMap((ring): Found[] =>
        fromStart && ring.running === 'started' && ring.switched === 'disabled' && !ring.everEnabled
          ? [
              {
                message: `ring ${ring.index} was started but never enabled`,
                side: 'front-end',
                records: ring.kick ? [ring.kick.n] : [],
              },
            ]
          : [],
      ),
  },
  {
    id: 'RNG-19',
    name: 'base-lost',
    severity: 'warning',
    condition:
      'SET_VRING_BASE differs from what the back-end answered when the ring was stopped on this connection, and is not 0',
    spec: 'VHOST_USER_SET_VRING_BASE',
    remedy: 'give back the base of GET_VRING_BASE; 0 after a device reset is fine',
    confidence: 'inferred',
    on: ['SET_VRING_BASE'],
    check: step => {
      const ring = ringOf(step);
      const base = ringAfter(step)?.base;
      if (step.message.reply || !ring?.stoppedAt || !base || base.word === 0 || base.word === ring.stoppedAt.word)
        return undefined;
      return {
        message: `ring ${ring.index} stopped at ${ring.stoppedAt.word}, is to go on from ${base.word}`,
        records: [ring.stoppedAt.n],
      };
    },
  },
];
