/** In which orders a front-end may begin, and what it must not acknowledge. */
import { cloudHypervisor, qemuConnects, qemuStartsFs, qemuStops, virtioUser } from '../../conversations.ts';
import { attempt, attemptAcknowledged, type Probe } from '../../probe.ts';
import { script, send } from '../../script.ts';
import { virtioUserLike } from '../../traits.ts';
import { asked, bare, negotiated, offers, owned, running } from './stages.ts';

const orders = 'Communication';
/** A front-end that shares its memory as one table. */
const withTables = {
  accepts: { virtio: ['PROTOCOL_FEATURES', 'VERSION_1'], protocol: ['MQ', 'REPLY_ACK', 'BACKEND_REQ'] },
};

/** A front-end that wants no protocol features. */
const withoutProtocolFeatures = { accepts: { virtio: ['VERSION_1'], protocol: [] } };

/** Probes about negotiation. */
export const negotiation: readonly Probe[] = [
  {
    id: 'features-first',
    title: 'GET_FEATURES as the first message, as QEMU does',
    ...{ spec: orders, nature: 'right', before: [], sends: [attempt('GET_FEATURES')] },
  },
  {
    id: 'owner-first',
    title: 'SET_OWNER as the first message, as Cloud Hypervisor does',
    ...{ spec: orders, nature: 'right', before: [], sends: [attempt('SET_OWNER')] },
  },
  {
    id: 'protocol-features-before-owner',
    title: 'GET_PROTOCOL_FEATURES before SET_OWNER and SET_FEATURES: bit 30 needs to be offered, not acknowledged',
    spec: 'VHOST_USER_GET_PROTOCOL_FEATURES',
    nature: 'right',
    needs: offers.protocolFeatures,
    before: [send('GET_FEATURES')],
    sends: [attempt('GET_PROTOCOL_FEATURES')],
  },
  {
    id: 'features-asked-twice',
    title: 'GET_FEATURES again, which must be answered with the same bits',
    ...{ spec: 'VHOST_USER_GET_FEATURES', nature: 'right', before: owned, sends: [attempt('GET_FEATURES')] },
  },
  {
    id: 'features-set-twice',
    title: 'SET_FEATURES again with the same bits, as QEMU does for blk',
    ...{ spec: 'VHOST_USER_SET_FEATURES', nature: 'right' },
    ...{ before: negotiated, sends: [attemptAcknowledged('SET_FEATURES')] },
  },
  {
    id: 'without-protocol-features',
    title: 'SET_FEATURES without bit 30: protocol features are not wanted, rings start enabled',
    ...{ spec: 'VHOST_USER_SET_FEATURES', nature: 'right' },
    before: [send('GET_FEATURES'), send('SET_OWNER')],
    sends: [attempt('SET_FEATURES', { features: 1n << 32n })],
    // Legacy only: without VERSION_1 there is nothing else to acknowledge.
    needs: ['feature', 'VERSION_1'],
  },
  {
    id: 'call-before-features',
    title: 'SET_VRING_CALL before SET_FEATURES and memory, as QEMU does',
    ...{ spec: orders, nature: 'right', before: owned, sends: [attemptAcknowledged('SET_VRING_CALL', { index: 0 })] },
  },
  {
    id: 'enable-before-features',
    title: 'SET_VRING_ENABLE before SET_FEATURES, as QEMU does for net',
    ...{ spec: 'VHOST_USER_SET_VRING_ENABLE', nature: 'open', breaks: ['GAT-02'] },
    ...{ needs: offers.protocolFeatures, before: owned },
    sends: [attemptAcknowledged('SET_VRING_ENABLE', { index: 0, num: 0 })],
  },
  {
    id: 'order-of-qemu',
    title: 'everything in the order of QEMU: connect, start a ring, stop it',
    ...{ spec: orders, nature: 'right', before: script(qemuConnects(1), qemuStartsFs(1), qemuStops(1)) },
    sends: [attempt('GET_FEATURES')],
  },
  {
    id: 'order-of-cloud-hypervisor',
    title: 'everything in the order of Cloud Hypervisor: the owner first, each step for all rings, the channel last',
    ...{ spec: orders, nature: 'right', before: cloudHypervisor(1), frontEnd: withTables },
    sends: [attempt('GET_VRING_BASE', { index: 0 })],
  },
  {
    id: 'order-of-virtio-user',
    title: "everything in the order of DPDK's virtio-user: the whole table, status with acknowledgement",
    ...{ spec: orders, nature: 'right', before: virtioUser(1), frontEnd: virtioUserLike },
    sends: [attempt('GET_FEATURES')],
  },
  {
    id: 'queue-number',
    title: 'GET_QUEUE_NUM',
    ...{ spec: 'VHOST_USER_GET_QUEUE_NUM', nature: 'right', needs: ['protocol', 'MQ'] },
    ...{ before: owned, sends: [attempt('GET_QUEUE_NUM')] },
  },
  {
    id: 'need-reply-on-everything',
    title: 'need_reply on SET_OWNER and SET_FEATURES too, as rust-vmm front-ends do',
    ...{ spec: 'VHOST_USER_PROTOCOL_F_REPLY_ACK', nature: 'right', needs: offers.acknowledgements },
    before: script(asked, send('SET_PROTOCOL_FEATURES')),
    sends: [send('SET_OWNER', {}, { needReply: true }), attemptAcknowledged('SET_FEATURES')],
  },
  {
    id: 'need-reply-on-get',
    title: 'need_reply on GET_FEATURES, which has a reply of its own: one answer, not two',
    ...{ spec: 'VHOST_USER_PROTOCOL_F_REPLY_ACK', nature: 'right', needs: offers.acknowledgements },
    ...{ before: owned, sends: [attemptAcknowledged('GET_FEATURES')] },
  },
  {
    id: 'need-reply-not-negotiated',
    title: 'need_reply on SET_OWNER although REPLY_ACK was not acknowledged',
    ...{ spec: 'VHOST_USER_PROTOCOL_F_REPLY_ACK', nature: 'open', breaks: ['RPL-04'] },
    ...{ before: [send('GET_FEATURES')], sends: [attemptAcknowledged('SET_OWNER')] },
    but: { 'stays silent': 'allowed' },
  },
  {
    id: 'backend-channel',
    title: 'SET_BACKEND_REQ_FD with one end of a socket pair',
    ...{ spec: 'VHOST_USER_SET_BACKEND_REQ_FD', nature: 'right', needs: ['protocol', 'BACKEND_REQ'] },
    ...{ before: negotiated, sends: [attemptAcknowledged('SET_BACKEND_REQ_FD')] },
  },
  {
    id: 'features-not-offered',
    title: 'SET_FEATURES with a bit that was not offered (43)',
    ...{ spec: 'VHOST_USER_SET_FEATURES', nature: 'wrong', breaks: ['NEG-01'] },
    ...{ before: owned, sends: [attemptAcknowledged('SET_FEATURES', { features: [43] })] },
  },
  {
    id: 'protocol-features-not-offered',
    title: 'SET_PROTOCOL_FEATURES with a bit that was not offered (40)',
    ...{ spec: 'VHOST_USER_SET_PROTOCOL_FEATURES', nature: 'wrong', breaks: ['NEG-04'] },
    needs: offers.protocolFeatures,
    before: script(asked, send('SET_OWNER')),
    sends: [attempt('SET_PROTOCOL_FEATURES', { protocol_features: [40] })],
  },
  {
    id: 'protocol-features-not-asked',
    title: 'SET_PROTOCOL_FEATURES without GET_PROTOCOL_FEATURES, as after a restore',
    ...{ spec: 'VHOST_USER_SET_PROTOCOL_FEATURES', nature: 'open', breaks: ['NEG-05'] },
    needs: offers.acknowledgements,
    before: [send('GET_FEATURES'), send('SET_PROTOCOL_FEATURES', { protocol_features: 8 })],
    sends: [attemptAcknowledged('SET_OWNER')],
    // It may not know yet that acknowledgements are wanted.
    but: { 'stays silent': 'allowed' },
    excuses: ['RPL-01'],
  },
  {
    id: 'in-band-alone',
    title: 'INBAND_NOTIFICATIONS acknowledged without REPLY_ACK and BACKEND_REQ: the back-end should close',
    ...{ spec: 'VHOST_USER_PROTOCOL_F_INBAND_NOTIFICATIONS', nature: 'wrong', breaks: ['NEG-07'] },
    needs: ['protocol', 'INBAND_NOTIFICATIONS'],
    before: asked,
    sends: [attempt('SET_PROTOCOL_FEATURES', { protocol_features: 1 << 14 })],
  },
  {
    id: 'features-changed-while-running',
    title: 'SET_FEATURES that drops VERSION_1 while a ring runs',
    ...{ spec: 'VHOST_USER_SET_FEATURES', nature: 'wrong', breaks: ['NEG-14'] },
    needs: ['all', [['feature', 'VERSION_1'], offers.protocolFeatures]],
    before: running,
    sends: [attemptAcknowledged('SET_FEATURES', { features: 1n << 30n })],
  },
  {
    id: 'owner-twice',
    title: 'SET_OWNER a second time',
    ...{ spec: 'VHOST_USER_SET_OWNER', nature: 'wrong', breaks: ['NEG-16'] },
    ...{ before: owned, sends: [attemptAcknowledged('SET_OWNER')] },
  },
  {
    id: 'reset-owner',
    title: 'RESET_OWNER, which is deprecated: to be ignored, or to disable all rings',
    ...{ spec: 'VHOST_USER_RESET_OWNER', nature: 'open', breaks: ['NEG-18'] },
    ...{ before: running, sends: [attemptAcknowledged('RESET_OWNER')] },
  },
  {
    id: 'reset-device',
    title: 'RESET_DEVICE while a ring runs',
    ...{ spec: 'VHOST_USER_RESET_DEVICE', nature: 'right', needs: ['protocol', 'RESET_DEVICE'] },
    ...{ before: running, sends: [attemptAcknowledged('RESET_DEVICE')] },
  },
  {
    id: 'enable-without-bit-30',
    title: 'SET_VRING_ENABLE although PROTOCOL_FEATURES was not acknowledged',
    ...{ spec: 'VHOST_USER_SET_VRING_ENABLE', nature: 'wrong', breaks: ['GAT-01'] },
    ...{ needs: ['feature', 'VERSION_1'], frontEnd: withoutProtocolFeatures, before: negotiated },
    sends: [attempt('SET_VRING_ENABLE', { index: 0 })],
  },
  {
    id: 'only-reply-ack',
    title: 'SET_OWNER and SET_FEATURES with no other protocol feature than REPLY_ACK',
    ...{ spec: 'Protocol features', nature: 'right', before: bare, sends: [attemptAcknowledged('SET_FEATURES')] },
  },
];
