/** What a back-end may offer, and what a front-end must not take. */
import type { Probe } from '../../probe.ts';
import { type BackEndTraits, offering } from '../../traits.ts';
import { starts } from './stages.ts';

const spec = 'Protocol features';

/** A front-end that meets this offer must start its device; devices that need more may leave. */
function legal(id: string, title: string, backEnd: Partial<BackEndTraits>, but: Probe['but'] = {}): Probe {
  return { id, title, spec, nature: 'right', before: [], sends: [], after: starts, backEnd, but };
}

/** Offers that make no sense, or that front-ends are known to misunderstand. */
function dubious(id: string, title: string, backEnd: Partial<BackEndTraits>, breaks: readonly string[] = []): Probe {
  const but = { hangs: 'allowed' } as const;
  return { id, title, spec, nature: 'open', breaks, before: [], sends: [], after: starts, backEnd, but };
}

/** Probes about offers. */
export const offers: readonly Probe[] = [
  legal('plain', 'a back-end that offers what libvhost-user offers', {}),
  legal('without-reply-ack', 'no REPLY_ACK', offering({ less: ['REPLY_ACK'] })),
  legal('without-mq', 'no MQ', offering({ less: ['MQ'] })),
  legal(
    'without-slots',
    'no CONFIGURE_MEM_SLOTS: memory comes as one table',
    offering({ less: ['CONFIGURE_MEM_SLOTS'] }),
  ),
  legal('without-channel', 'no BACKEND_REQ', offering({ less: ['BACKEND_REQ', 'BACKEND_SEND_FD'] })),
  legal('without-log', 'neither LOG_ALL nor LOG_SHMFD', {
    ...offering({ less: ['LOG_SHMFD'], virtio: ['PROTOCOL_FEATURES', 'VERSION_1'] }),
  }),
  legal('with-status', 'STATUS as well', offering({ more: ['STATUS'] })),
  legal('with-inflight', 'INFLIGHT_SHMFD as well', offering({ more: ['INFLIGHT_SHMFD'] })),
  legal('with-reset-device', 'RESET_DEVICE as well', offering({ more: ['RESET_DEVICE'] })),
  legal('unknown-protocol-feature', 'a protocol feature nobody knows (40)', offering({ more: [40] })),
  legal('unknown-virtio-feature', 'a virtio feature nobody knows (60)', {
    ...offering({ virtio: ['LOG_ALL', 'PROTOCOL_FEATURES', 'VERSION_1', 60] }),
  }),
  legal('replies-in-one-piece', 'replies whose header and payload are written together', {
    habits: { log: 'echo', echoNeedReply: false, alwaysAcknowledges: false, refusal: 1, twoWrites: false },
  }),
  legal('without-config', 'no CONFIG, which some devices cannot do without', offering({ less: ['CONFIG'] }), {
    closes: 'allowed',
  }),
  legal(
    'without-protocol-features',
    'no PROTOCOL_FEATURES, as in the first version of the protocol',
    offering({ virtio: ['LOG_ALL', 'VERSION_1'] }),
    { closes: 'allowed' },
  ),
  dubious(
    'in-band-alone',
    'INBAND_NOTIFICATIONS without REPLY_ACK and BACKEND_REQ, which it needs',
    offering({ more: ['INBAND_NOTIFICATIONS'], less: ['REPLY_ACK', 'BACKEND_REQ', 'BACKEND_SEND_FD'] }),
  ),
  dubious('in-band', 'INBAND_NOTIFICATIONS', offering({ more: ['INBAND_NOTIFICATIONS'] })),
  dubious('xen-mmap', 'XEN_MMAP, which makes the description of a region longer', offering({ more: ['XEN_MMAP'] })),
  dubious('queue-number-0', 'GET_QUEUE_NUM answered with 0', { queues: 0 }, ['NEG-20']),
  dubious('slots-0', 'GET_MAX_MEM_SLOTS answered with 0', { memorySlots: 0 }, ['NEG-20']),
  dubious('iommu-without-channel', 'ACCESS_PLATFORM without BACKEND_REQ', {
    ...offering({
      virtio: ['LOG_ALL', 'PROTOCOL_FEATURES', 'VERSION_1', 'ACCESS_PLATFORM'],
      less: ['BACKEND_REQ', 'BACKEND_SEND_FD'],
    }),
  }),
];
