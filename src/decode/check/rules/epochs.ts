/** What a reconnection must not change. Spec section "Communication". */
import { spell, transportBit, unfiltered } from '../masks.ts';
import type { Rule } from '../rule.ts';
import { hasProtocol, isRequest } from '../step.ts';

/** Rules about a connection that follows another of the same device. */
export const epochs: readonly Rule[] = [
  {
    id: 'EPO-01',
    name: 'features-lost-on-reconnect',
    severity: 'error',
    condition:
      'SET_FEATURES of a reconnection lacks device features acknowledged on the connection before, though offered',
    spec: 'Communication',
    remedy: 'restore the acknowledged features of the guest; the rings keep their old layout',
    offenders: 'QEMU net before 7.2 when the back-end restarts during boot',
    confidence: 'observed',
    on: ['SET_FEATURES'],
    check: ({ after, previous, frame }) => {
      const was = previous?.negotiation.virtio.accepted;
      const { accepted, offered } = after.negotiation.virtio;
      if (was === undefined || accepted === undefined || offered === undefined) return undefined;
      // A guest that has restarted in between negotiates anew; only a mask reduced to vhost's own bits is telling.
      const own = transportBit('PROTOCOL_FEATURES') | transportBit('LOG_ALL');
      const lost = was & offered & ~accepted & ~own;
      return (accepted & ~own) === 0n && lost !== 0n
        ? `lost on the reconnection: ${spell('virtio', lost, frame.context.device)}`
        : undefined;
    },
  },
  {
    id: 'EPO-02',
    name: 'offer-shrank-on-reconnect',
    severity: 'error',
    condition: 'after a reconnection the back-end no longer offers features that were acknowledged before',
    spec: 'Communication',
    remedy: 'restart the back-end with at least the features it had: a running guest cannot give them up',
    confidence: 'observed',
    on: ['GET_FEATURES'],
    check: ({ after, before, previous, frame, message }) => {
      const was = previous?.negotiation.virtio.accepted;
      const { offered } = after.negotiation.virtio;
      if (!message.reply || was === undefined || offered === undefined) return undefined;
      if (before.negotiation.virtio.offered !== undefined) return undefined;
      const lost = was & ~offered & ~unfiltered;
      return lost === 0n
        ? undefined
        : `no longer offers ${spell('virtio', lost, frame.context.device)}, which the guest uses`;
    },
  },
  {
    id: 'EPO-03',
    name: 'queues-shrank-on-reconnect',
    severity: 'error',
    condition: 'after a reconnection the back-end supports fewer queues than it did before',
    spec: 'VHOST_USER_GET_QUEUE_NUM',
    remedy: 'restart the back-end with at least as many queues: a running guest cannot give them up',
    confidence: 'inferred',
    on: ['GET_QUEUE_NUM'],
    check: ({ message, previous, after }) => {
      const was = previous?.negotiation.queueNum;
      const is = after.negotiation.queueNum;
      return message.reply && was !== undefined && is !== undefined && is < was
        ? `supports ${is} queues, there were ${was} before the reconnection`
        : undefined;
    },
  },
  {
    id: 'EPO-04',
    name: 'inflight-not-returned',
    severity: 'warning',
    condition:
      'on a reconnection a ring is started without SET_INFLIGHT_FD, although INFLIGHT_SHMFD is acknowledged and the ' +
      'connection before had an inflight region',
    spec: 'Inflight I/O tracking',
    remedy: 'hand the region back before the rings are started: requests in flight are lost otherwise',
    confidence: 'spec',
    on: ['SET_VRING_KICK'],
    check: step => {
      const had = step.previous?.migration.inflight;
      if (!isRequest(step) || !had || had.size === 0n || !hasProtocol(step, 'INFLIGHT_SHMFD')) return undefined;
      return step.fromStart && !step.before.migration.inflight
        ? `ring ${String(step.message.payload.index)} is started without the inflight region of record ${had.n}`
        : undefined;
    },
  },
];
