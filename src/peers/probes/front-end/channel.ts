/** Requests of the back-end, while the device runs. */
import { attempt, attemptAcknowledged, type Probe } from '../../probe.ts';
import { close, type SendOptions } from '../../script.ts';
import { offering } from '../../traits.ts';
import { running, stays } from './stages.ts';

const section = 'Back-end message types';

type About = Pick<Probe, 'id' | 'title' | 'spec' | 'nature'> &
  Pick<Partial<Probe>, 'breaks' | 'but' | 'excuses' | 'backEnd'>;

const onChannel: SendOptions = { channel: 'backend-req' };

function asks(about: About, ...sends: Probe['sends']): Probe {
  return { ...about, before: running, sends, after: stays };
}

/** Probes about the back-end channel. */
export const channel: readonly Probe[] = [
  asks(
    {
      ...{ id: 'config-changed', title: 'BACKEND_CONFIG_CHANGE_MSG', spec: 'VHOST_USER_BACKEND_CONFIG_CHANGE_MSG' },
      // A device type without a configuration space of the back-end has nobody to tell it to.
      ...{ nature: 'right', but: { refuses: 'allowed' } },
    },
    attemptAcknowledged('BACKEND_CONFIG_CHANGE_MSG'),
  ),
  asks(
    {
      ...{ id: 'config-changed-in-pieces', title: 'BACKEND_CONFIG_CHANGE_MSG byte by byte', spec: section },
      ...{ nature: 'right', but: { refuses: 'allowed' } },
    },
    attemptAcknowledged('BACKEND_CONFIG_CHANGE_MSG', {}, { pieces: Array.from({ length: 11 }, () => 1) }),
  ),
  asks(
    {
      ...{ id: 'config-changed-silently', title: 'BACKEND_CONFIG_CHANGE_MSG that wants no acknowledgement' },
      ...{ spec: section, nature: 'right' },
    },
    attempt('BACKEND_CONFIG_CHANGE_MSG', {}, { needReply: false }),
  ),
  asks(
    {
      ...{ id: 'iotlb-miss', title: 'BACKEND_IOTLB_MSG although there is no IOMMU' },
      ...{ spec: 'VHOST_USER_BACKEND_IOTLB_MSG', nature: 'wrong', breaks: ['GAT-01'] },
      // It answers a miss with a message that then needs the IOMMU too.
      excuses: ['GAT-01'],
    },
    attemptAcknowledged('BACKEND_IOTLB_MSG', { iova: 0x1000, size: 1 }),
  ),
  asks(
    {
      ...{ id: 'unknown-back-end-request', title: 'a request with a number nobody uses (200)', spec: section },
      ...{ nature: 'wrong', breaks: ['FRM-05'] },
    },
    attemptAcknowledged('UNKNOWN(200)', {}, onChannel),
  ),
  asks(
    {
      ...{ id: 'back-end-request-zero', title: 'request 0', spec: section, nature: 'wrong', breaks: ['FRM-07'] },
    },
    attemptAcknowledged('UNKNOWN(0)', {}, onChannel),
  ),
  asks(
    {
      ...{ id: 'back-end-reserved-flags', title: 'a reserved flag in a request', spec: section },
      ...{ nature: 'wrong', breaks: ['FRM-02'] },
    },
    attemptAcknowledged('BACKEND_CONFIG_CHANGE_MSG', {}, { flags: 0x19 }),
  ),
  asks(
    {
      ...{ id: 'back-end-payload-too-long', title: 'BACKEND_CONFIG_CHANGE_MSG with 8 bytes too many', spec: section },
      ...{ nature: 'wrong', breaks: ['SIZ-01'] },
    },
    attemptAcknowledged('BACKEND_CONFIG_CHANGE_MSG', {}, { length: 8 }),
  ),
  asks(
    {
      ...{ id: 'vring-call-not-negotiated', title: 'BACKEND_VRING_CALL without INBAND_NOTIFICATIONS' },
      ...{ spec: 'VHOST_USER_BACKEND_VRING_CALL', nature: 'wrong', breaks: ['GAT-01'] },
    },
    attemptAcknowledged('BACKEND_VRING_CALL', { index: 0 }),
  ),
  asks(
    {
      ...{ id: 'vring-call-negotiated', title: 'BACKEND_VRING_CALL with INBAND_NOTIFICATIONS, if they were taken' },
      ...{ spec: 'VHOST_USER_BACKEND_VRING_CALL', nature: 'right' },
      backEnd: offering({ more: ['INBAND_NOTIFICATIONS'] }),
    },
    attemptAcknowledged('BACKEND_VRING_CALL', { index: 0 }),
  ),
  asks(
    {
      ...{ id: 'host-notifier-not-negotiated', title: 'BACKEND_VRING_HOST_NOTIFIER_MSG without HOST_NOTIFIER' },
      ...{ spec: 'VHOST_USER_BACKEND_VRING_HOST_NOTIFIER_MSG', nature: 'wrong', breaks: ['GAT-01'] },
    },
    attemptAcknowledged('BACKEND_VRING_HOST_NOTIFIER_MSG', { index: 0 }),
  ),
  asks(
    {
      ...{ id: 'host-notifier-odd-size', title: 'BACKEND_VRING_HOST_NOTIFIER_MSG for an area of 100 bytes' },
      ...{ spec: 'VHOST_USER_BACKEND_VRING_HOST_NOTIFIER_MSG', nature: 'wrong', breaks: ['HNO-01'] },
      backEnd: offering({ more: ['HOST_NOTIFIER'] }),
    },
    attemptAcknowledged('BACKEND_VRING_HOST_NOTIFIER_MSG', { index: 0, size: 100 }),
  ),
  asks(
    {
      ...{ id: 'back-end-channel-closed', title: 'the end of the back-end channel', spec: section, nature: 'right' },
    },
    close('backend-req'),
  ),
];
