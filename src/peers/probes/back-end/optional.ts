/** Messages that a protocol feature brings: configuration, status, MTU, log, inflight, device state, postcopy. */
import { attempt, attemptAcknowledged, type Probe } from '../../probe.ts';
import { script, send } from '../../script.ts';
import { negotiated, running, sharing } from './stages.ts';

const config = { needs: ['protocol', 'CONFIG'], before: negotiated } as const;
const status = { needs: ['protocol', 'STATUS'], before: negotiated } as const;
const log = { needs: ['protocol', 'LOG_SHMFD'], before: sharing, spec: 'VHOST_USER_SET_LOG_BASE' } as const;
const inflight = { needs: ['protocol', 'INFLIGHT_SHMFD'] } as const;
const state = { needs: ['protocol', 'DEVICE_STATE'], spec: 'VHOST_USER_SET_DEVICE_STATE_FD' } as const;
const mtu = { needs: ['protocol', 'MTU'], before: negotiated, spec: 'VHOST_USER_NET_SET_MTU' } as const;

/** A front-end that does without memory slots, which exclude postcopy. */
const withPostcopy = { accepts: { virtio: ['PROTOCOL_FEATURES', 'VERSION_1'], protocol: ['REPLY_ACK', 'PAGEFAULT'] } };

/** Probes about optional messages. */
export const optional: readonly Probe[] = [
  {
    id: 'config',
    title: 'GET_CONFIG of the first 8 bytes',
    ...{ ...config, spec: 'VHOST_USER_GET_CONFIG', nature: 'right' },
    sends: [attempt('GET_CONFIG', { offset: 0, size: 8 })],
  },
  {
    id: 'config-part',
    title: 'GET_CONFIG of 4 bytes at offset 4',
    ...{ ...config, spec: 'VHOST_USER_GET_CONFIG', nature: 'right' },
    sends: [attempt('GET_CONFIG', { offset: 4, size: 4 })],
  },
  {
    id: 'config-beyond',
    title: 'GET_CONFIG at offset 240, beyond the configuration of every device here',
    ...{ ...config, spec: 'VHOST_USER_GET_CONFIG', nature: 'open' },
    sends: [attempt('GET_CONFIG', { offset: 240, size: 16 })],
  },
  {
    id: 'config-too-long',
    title: 'GET_CONFIG of 300 bytes',
    ...{ ...config, spec: 'VHOST_USER_GET_CONFIG', nature: 'wrong', breaks: ['CFG-01'] },
    sends: [attempt('GET_CONFIG', { offset: 0, size: 300 })],
  },
  {
    id: 'config-empty',
    title: 'GET_CONFIG of 0 bytes',
    ...{ ...config, spec: 'VHOST_USER_GET_CONFIG', nature: 'wrong', breaks: ['CFG-02'] },
    sends: [attempt('GET_CONFIG', { offset: 0, size: 0 })],
  },
  {
    id: 'config-odd-flags',
    title: 'SET_CONFIG with flags 8',
    ...{ ...config, spec: 'VHOST_USER_SET_CONFIG', nature: 'wrong', breaks: ['CFG-03'] },
    sends: [attemptAcknowledged('SET_CONFIG', { offset: 0, size: 1, flags: 8, config: Uint8Array.of(0) })],
  },
  {
    id: 'status',
    title: 'SET_STATUS, then GET_STATUS',
    ...{ ...status, spec: 'VHOST_USER_SET_STATUS', nature: 'right' },
    sends: [attempt('SET_STATUS', { status: ['ACKNOWLEDGE', 'DRIVER'] }, { needReply: false }), attempt('GET_STATUS')],
  },
  {
    id: 'status-unknown-bits',
    title: 'SET_STATUS with bits that virtio does not define',
    ...{ ...status, spec: 'VHOST_USER_SET_STATUS', nature: 'wrong', breaks: ['STA-01'] },
    sends: [attemptAcknowledged('SET_STATUS', { status: 0x120 })],
  },
  {
    id: 'status-driver-ok-alone',
    title: 'SET_STATUS with DRIVER_OK and nothing else',
    ...{ ...status, spec: 'VHOST_USER_SET_STATUS', nature: 'open', breaks: ['STA-02'] },
    sends: [attemptAcknowledged('SET_STATUS', { status: ['DRIVER_OK'] })],
  },
  {
    id: 'mtu',
    title: 'NET_SET_MTU with 1500',
    ...{ ...mtu, nature: 'right', sends: [attemptAcknowledged('NET_SET_MTU', { mtu: 1500 })] },
  },
  {
    id: 'mtu-too-small',
    title: 'NET_SET_MTU with 10',
    ...{ ...mtu, nature: 'wrong', breaks: ['MTU-01'], sends: [attemptAcknowledged('NET_SET_MTU', { mtu: 10 })] },
  },
  {
    id: 'rarp',
    title: 'SEND_RARP',
    ...{ spec: 'VHOST_USER_SEND_RARP', nature: 'right', needs: ['protocol', 'RARP'], before: running },
    sends: [attemptAcknowledged('SEND_RARP', { mac: '52:54:00:12:34:56' })],
  },
  {
    id: 'log',
    title: 'SET_LOG_BASE with the memory of the dirty log, which is answered',
    ...{ ...log, nature: 'right', sends: [attempt('SET_LOG_BASE')] },
  },
  {
    id: 'log-switched-on',
    title: 'LOG_ALL acknowledged while a ring runs, as a migration does',
    ...{ spec: 'Migration', nature: 'right' },
    needs: [
      'all',
      [
        ['protocol', 'LOG_SHMFD'],
        ['feature', 'LOG_ALL'],
      ],
    ],
    before: script(running, send('SET_LOG_BASE')),
    sends: [attemptAcknowledged('SET_FEATURES', { features: ['LOG_ALL'] })],
  },
  {
    id: 'log-too-small',
    title: 'SET_LOG_BASE with a log of 1 byte for 2 MiB of memory',
    ...{ ...log, nature: 'wrong', breaks: ['LOG-01'], sends: [attempt('SET_LOG_BASE', { size: 1 })] },
  },
  {
    id: 'log-unaligned',
    title: 'SET_LOG_BASE with an offset of 100',
    ...{ ...log, nature: 'wrong', breaks: ['LOG-02'] },
    sends: [attempt('SET_LOG_BASE', { size: 2048, offset: 100 })],
  },
  {
    id: 'log-all-without-log',
    title: 'LOG_ALL acknowledged before there is a log',
    ...{ spec: 'Migration', nature: 'open', breaks: ['LOG-03'], needs: ['feature', 'LOG_ALL'] },
    ...{ before: sharing, sends: [attemptAcknowledged('SET_FEATURES', { features: ['LOG_ALL'] })] },
  },
  {
    id: 'inflight',
    title: 'GET_INFLIGHT_FD, and SET_INFLIGHT_FD with what it brought',
    ...{ ...inflight, spec: 'VHOST_USER_SET_INFLIGHT_FD', nature: 'right' },
    ...{ before: script(negotiated, send('GET_INFLIGHT_FD')), sends: [attemptAcknowledged('SET_INFLIGHT_FD')] },
  },
  {
    id: 'inflight-of-nothing',
    title: 'GET_INFLIGHT_FD for 0 rings of 0 descriptors',
    ...{ ...inflight, spec: 'VHOST_USER_GET_INFLIGHT_FD', nature: 'wrong', breaks: ['INF-01'] },
    ...{ before: negotiated, sends: [attempt('GET_INFLIGHT_FD', { num_queues: 0, queue_size: 0 })] },
  },
  {
    id: 'inflight-while-running',
    title: 'SET_INFLIGHT_FD while a ring runs',
    ...{ ...inflight, spec: 'VHOST_USER_SET_INFLIGHT_FD', nature: 'wrong', breaks: ['INF-04'] },
    ...{ before: script(running, send('GET_INFLIGHT_FD')), sends: [attemptAcknowledged('SET_INFLIGHT_FD')] },
  },
  {
    id: 'state-saved',
    title: 'SET_DEVICE_STATE_FD to save, while no ring runs',
    ...{ ...state, nature: 'right', before: negotiated, sends: [attempt('SET_DEVICE_STATE_FD')] },
  },
  {
    id: 'state-while-running',
    title: 'SET_DEVICE_STATE_FD while a ring runs',
    ...{ ...state, nature: 'wrong', breaks: ['DST-01'], before: running, sends: [attempt('SET_DEVICE_STATE_FD')] },
  },
  {
    id: 'state-checked-without-transfer',
    title: 'CHECK_DEVICE_STATE without a transfer',
    ...{ ...state, spec: 'VHOST_USER_CHECK_DEVICE_STATE', nature: 'wrong', breaks: ['DST-03'] },
    ...{ before: negotiated, sends: [attempt('CHECK_DEVICE_STATE')] },
  },
  {
    id: 'shared-memory-config',
    title: 'GET_SHMEM_CONFIG',
    ...{ spec: 'VHOST_USER_GET_SHMEM_CONFIG', nature: 'right', needs: ['protocol', 'SHMEM'] },
    ...{ before: negotiated, sends: [attempt('GET_SHMEM_CONFIG')] },
  },
  {
    id: 'postcopy-listen-alone',
    title: 'POSTCOPY_LISTEN without POSTCOPY_ADVISE',
    ...{ spec: 'VHOST_USER_POSTCOPY_LISTEN', nature: 'wrong', breaks: ['PCY-01'], needs: ['protocol', 'PAGEFAULT'] },
    ...{ before: negotiated, sends: [attemptAcknowledged('POSTCOPY_LISTEN')], frontEnd: withPostcopy },
  },
  {
    id: 'iotlb-invalidate',
    title: 'IOTLB_MSG that invalidates an entry, behind an IOMMU',
    ...{ spec: 'VHOST_USER_IOTLB_MSG', nature: 'right', needs: ['feature', 'ACCESS_PLATFORM'] },
    before: script(sharing, send('SET_FEATURES', { features: ['ACCESS_PLATFORM'] })),
    sends: [attemptAcknowledged('IOTLB_MSG', { type: 'INVALIDATE', iova: 0, size: 4096 })],
  },
  {
    id: 'iotlb-odd-type',
    title: 'IOTLB_MSG of a type that only a back-end sends',
    ...{ spec: 'VHOST_USER_IOTLB_MSG', nature: 'wrong', breaks: ['IOT-01'], needs: ['feature', 'ACCESS_PLATFORM'] },
    before: script(sharing, send('SET_FEATURES', { features: ['ACCESS_PLATFORM'] })),
    sends: [attemptAcknowledged('IOTLB_MSG', { type: 'MISS', iova: 0, size: 4096 })],
  },
];
