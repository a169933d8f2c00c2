/** What is offered and what is accepted. Spec sections "Communication", "Protocol features", "Feature bits". */
import type { Mask } from '../../session/negotiation.ts';
import { protocolFeatures } from '../../spec/protocol-features.ts';
import { hex, normalU64 } from '../../u64.ts';
import { bit, protocolBit, spell, transportBit, unfiltered } from '../masks.ts';
import type { Found, Rule, Step } from '../rule.ts';

const reservedBits = [25, 31, 42, 44, 45, 46, 47, 48, 49].reduce((mask, n) => mask | bit(n), 0n);

/** What was accepted without an offer. */
function surplus(mask: Mask): bigint {
  return mask.offered === undefined || mask.accepted === undefined ? 0n : mask.accepted & ~mask.offered;
}

function missingNeeds(accepted: bigint): { name: string; needs: string[] }[] {
  return Object.entries(protocolFeatures).flatMap(([name, feature]) => {
    if ((accepted & bit(feature.bit)) === 0n) return [];
    const needs = (feature.needs ?? []).filter(
      need => (accepted & protocolBit(need as keyof typeof protocolFeatures)) === 0n,
    );
    return needs.length === 0 ? [] : [{ name, needs }];
  });
}

const started = ({ before }: Step) => [...before.vrings.byIndex.values()].some(ring => ring.running === 'started');

/** Rules about features. */
export const negotiation: readonly Rule[] = [
  {
    id: 'NEG-01',
    name: 'features-not-offered',
    severity: 'error',
    condition:
      'SET_FEATURES has bits that the last GET_FEATURES did not offer; ANY_LAYOUT, NOTIFY_ON_EMPTY and RING_RESET are a note',
    spec: 'VHOST_USER_SET_FEATURES',
    remedy: 'acknowledge a subset of what the back-end offers; DPDK refuses anything else',
    offenders: 'QEMU, for transport bits outside its list for the device (RING_RESET for gpu in 10.0)',
    confidence: 'spec',
    on: ['SET_FEATURES'],
    check: ({ after, frame, message: { reply } }) => {
      if (reply) return undefined;
      const extra = surplus(after.negotiation.virtio);
      if (extra === 0n) return undefined;
      const message = `acknowledges ${spell('virtio', extra, frame.context.device)}, which was not offered`;
      return (extra & ~unfiltered) === 0n ? { message, severity: 'note' } : message;
    },
  },
  {
    id: 'NEG-02',
    name: 'features-not-asked',
    severity: 'warning',
    condition: 'SET_FEATURES before any GET_FEATURES of the connection',
    spec: 'VHOST_USER_SET_FEATURES',
    remedy: 'ask with GET_FEATURES first',
    confidence: 'inferred',
    on: ['SET_FEATURES'],
    check: ({ before, fromStart }) =>
      fromStart && before.negotiation.virtio.offered === undefined
        ? 'acknowledges features nobody asked for'
        : undefined,
  },
  {
    id: 'NEG-03',
    name: 'protocol-features-not-announced',
    severity: 'error',
    condition: 'GET_ or SET_PROTOCOL_FEATURES although the answer to GET_FEATURES lacked PROTOCOL_FEATURES (bit 30)',
    spec: 'VHOST_USER_GET_PROTOCOL_FEATURES',
    remedy: 'negotiate protocol features only where bit 30 was offered',
    confidence: 'spec',
    on: ['GET_PROTOCOL_FEATURES', 'SET_PROTOCOL_FEATURES'],
    check: ({ before, message }) => {
      const { offered } = before.negotiation.virtio;
      if (message.reply || offered === undefined) return undefined;
      return (offered & transportBit('PROTOCOL_FEATURES')) === 0n
        ? `${message.name}, but the back-end did not offer PROTOCOL_FEATURES`
        : undefined;
    },
  },
  {
    id: 'NEG-04',
    name: 'protocol-features-not-offered',
    severity: 'error',
    condition: 'SET_PROTOCOL_FEATURES has bits that the last GET_PROTOCOL_FEATURES did not offer',
    spec: 'VHOST_USER_SET_PROTOCOL_FEATURES',
    remedy: 'acknowledge a subset of what the back-end offers',
    supersedes: ['NEG-06'],
    confidence: 'spec',
    on: ['SET_PROTOCOL_FEATURES'],
    check: ({ after, message: { reply } }) => {
      if (reply) return undefined;
      const extra = surplus(after.negotiation.protocol);
      return extra === 0n ? undefined : `acknowledges ${spell('protocol', extra, undefined)}, which was not offered`;
    },
  },
  {
    id: 'NEG-05',
    name: 'protocol-features-not-asked',
    severity: 'warning',
    condition: 'SET_PROTOCOL_FEATURES before any GET_PROTOCOL_FEATURES of the connection',
    spec: 'VHOST_USER_SET_PROTOCOL_FEATURES',
    remedy: 'ask on every connection, also after a restore: a back-end may switch features on when it is asked',
    offenders: 'cloud-hypervisor after a restore',
    confidence: 'observed',
    on: ['SET_PROTOCOL_FEATURES'],
    check: ({ before, fromStart }) =>
      fromStart && before.negotiation.protocol.offered === undefined
        ? 'acknowledges protocol features nobody asked for'
        : undefined,
  },
  {
    id: 'NEG-07',
    name: 'protocol-feature-dependency',
    severity: 'error',
    condition: 'a protocol feature is acknowledged without one it needs; a warning where the text only implies it',
    spec: 'Protocol features',
    remedy: 'acknowledge both, or neither',
    confidence: 'spec',
    on: ['SET_PROTOCOL_FEATURES'],
    check: ({ after, message: { reply } }) =>
      missingNeeds(reply ? 0n : (after.negotiation.protocol.accepted ?? 0n)).map(({ name, needs }): Found => {
        const implied = name === 'HOST_NOTIFIER' || name === 'SHMEM' || name === 'BACKEND_SEND_FD';
        return {
          message: `${name} is acknowledged without ${needs.join(' and ')}`,
          severity: implied ? 'warning' : 'error',
        };
      }),
  },
  {
    id: 'NEG-11',
    name: 'iommu-without-channel',
    severity: 'warning',
    condition: 'ACCESS_PLATFORM is acknowledged although REPLY_ACK or BACKEND_REQ is not',
    spec: 'IOMMU support',
    remedy:
      'let the back-end offer REPLY_ACK and BACKEND_REQ: IOTLB misses need both, and QEMU refuses the device otherwise',
    confidence: 'observed',
    on: ['SET_FEATURES'],
    check: ({ after, message: { reply } }) => {
      if (reply) return undefined;
      const { virtio, protocol } = after.negotiation;
      if (((virtio.accepted ?? 0n) & transportBit('ACCESS_PLATFORM')) === 0n) return undefined;
      const needs = protocolBit('REPLY_ACK') | protocolBit('BACKEND_REQ');
      const missing = needs & ~(protocol.accepted ?? 0n);
      return missing === 0n
        ? undefined
        : `ACCESS_PLATFORM is acknowledged without ${spell('protocol', missing, undefined)}`;
    },
  },
  {
    id: 'NEG-12',
    name: 'ring-feature-dependency',
    severity: 'warning',
    condition: 'RING_PACKED, ACCESS_PLATFORM, IN_ORDER, SR_IOV or RING_RESET is acknowledged without VERSION_1',
    spec: 'virtio 1.4, Feature Bits',
    remedy: 'acknowledge VERSION_1 too',
    confidence: 'spec',
    on: ['SET_FEATURES'],
    check: ({ after, frame, message: { reply } }) => {
      if (reply) return undefined;
      const accepted = after.negotiation.virtio.accepted ?? 0n;
      if ((accepted & transportBit('VERSION_1')) !== 0n) return undefined;
      const modern = (['RING_PACKED', 'ACCESS_PLATFORM', 'IN_ORDER', 'SR_IOV', 'RING_RESET'] as const).reduce(
        (mask, name) => mask | transportBit(name),
        0n,
      );
      const odd = accepted & modern;
      return odd === 0n ? undefined : `${spell('virtio', odd, frame.context.device)} is acknowledged without VERSION_1`;
    },
  },
  {
    id: 'NEG-13',
    name: 'reserved-feature-bits',
    severity: 'note',
    condition: 'a feature mask has bits that virtio reserves (25, 31, 42, 44 to 49), except those net devices use',
    spec: 'virtio 1.4, Reserved Feature Bits',
    remedy: 'clear them, unless both peers agree on a private meaning',
    confidence: 'inferred',
    on: ['GET_FEATURES', 'SET_FEATURES'],
    check: ({ after, frame, message }) => {
      const { virtio } = after.negotiation;
      const mask = message.reply ? virtio.offered : message.name === 'SET_FEATURES' ? virtio.accepted : undefined;
      const declared = frame.context.device === 1 ? bit(42) | bit(46) | bit(47) : 0n;
      const odd = (mask ?? 0n) & reservedBits & ~declared;
      return odd === 0n ? undefined : `reserved bits ${hex(normalU64(odd))} are set`;
    },
  },
  {
    id: 'NEG-14',
    name: 'features-changed-while-running',
    severity: 'warning',
    condition: 'SET_FEATURES while a ring is started changes more than LOG_ALL',
    spec: 'VHOST_USER_SET_FEATURES',
    remedy: 'stop all rings before features change; DPDK refuses it',
    confidence: 'observed',
    on: ['SET_FEATURES'],
    check: step => {
      const was = step.before.negotiation.virtio.accepted;
      const is = step.after.negotiation.virtio.accepted;
      if (was === undefined || is === undefined || !started(step)) return undefined;
      const changed = (was ^ is) & ~transportBit('LOG_ALL');
      return changed === 0n
        ? undefined
        : `changes ${spell('virtio', changed, step.frame.context.device)} while rings are started`;
    },
  },
  {
    id: 'NEG-16',
    name: 'owner-twice',
    severity: 'warning',
    condition: 'SET_OWNER although the connection has an owner',
    spec: 'VHOST_USER_SET_OWNER',
    remedy: 'send it once on a connection; rust-vmm refuses the second',
    confidence: 'observed',
    on: ['SET_OWNER'],
    check: ({ before, message }) =>
      !message.reply && before.negotiation.owner !== undefined
        ? { message: 'the connection has an owner already', records: [before.negotiation.owner] }
        : undefined,
  },
  {
    id: 'NEG-18',
    name: 'reset-owner',
    severity: 'warning',
    condition: 'RESET_OWNER is sent',
    spec: 'VHOST_USER_RESET_OWNER',
    remedy: 'use RESET_DEVICE, or SET_STATUS 0: implementations differ in what RESET_OWNER does',
    offenders: 'QEMU before 8.2, at guest reset',
    confidence: 'spec',
    on: ['RESET_OWNER'],
    check: ({ message }) => (message.reply ? undefined : 'RESET_OWNER is deprecated'),
  },
  {
    id: 'NEG-19',
    name: 'offer-changed',
    severity: 'warning',
    condition: 'a second answer to GET_FEATURES or GET_PROTOCOL_FEATURES on a connection differs from the first',
    spec: 'VHOST_USER_GET_FEATURES',
    remedy: 'offer the same features for the whole connection',
    confidence: 'inferred',
    on: ['GET_FEATURES', 'GET_PROTOCOL_FEATURES'],
    check: ({ before, after, message, frame }) => {
      const of = message.name === 'GET_FEATURES' ? 'virtio' : 'protocol';
      const was = before.negotiation[of];
      const is = after.negotiation[of];
      if (!message.reply || was.offered === undefined || was.offered === is.offered) return undefined;
      const changed = was.offered ^ (is.offered ?? 0n);
      return {
        message: `offers other features than before: ${spell(of, changed, frame.context.device)} changed`,
        records: was.offeredAt === undefined ? [] : [was.offeredAt],
      };
    },
  },
  {
    id: 'NEG-20',
    name: 'limit-changed',
    severity: 'warning',
    condition: 'GET_QUEUE_NUM or GET_MAX_MEM_SLOTS is answered with 0 or with less than before',
    spec: 'VHOST_USER_GET_QUEUE_NUM, VHOST_USER_GET_MAX_MEM_SLOTS',
    remedy: 'answer the same number, at least 1; QEMU aborts when the slots shrink',
    confidence: 'observed',
    on: ['GET_QUEUE_NUM', 'GET_MAX_MEM_SLOTS'],
    check: ({ before, after, message }) => {
      const key = message.name === 'GET_QUEUE_NUM' ? 'queueNum' : 'memorySlots';
      const is = after.negotiation[key];
      const was = before.negotiation[key];
      if (!message.reply || is === undefined) return undefined;
      if (is === 0) return 'answers 0';
      return was !== undefined && is < was ? `answers ${is}, it was ${was}` : undefined;
    },
  },
  {
    id: 'NEG-22',
    name: 'offer-misleads-qemu',
    severity: 'warning',
    condition: 'a back-end offers INBAND_NOTIFICATIONS or XEN_MMAP to a QEMU front-end',
    spec: 'Protocol features',
    remedy: 'do not offer these bits to QEMU, which acknowledges them without implementing them',
    confidence: 'observed',
    on: ['GET_PROTOCOL_FEATURES'],
    check: ({ after, frame, message }) => {
      if (!message.reply || frame.context.frontEnd !== 'qemu') return undefined;
      const odd =
        (after.negotiation.protocol.offered ?? 0n) & (protocolBit('INBAND_NOTIFICATIONS') | protocolBit('XEN_MMAP'));
      return odd === 0n ? undefined : `offers ${spell('protocol', odd, undefined)} to QEMU`;
    },
  },
];
