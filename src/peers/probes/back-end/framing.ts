/** How messages may arrive, and headers that must not. */
import { attempt, attemptAcknowledged, type Probe } from '../../probe.ts';
import { close, raw, send, wait } from '../../script.ts';
import { guestMemory, negotiated, offers, owned } from './stages.ts';

const header = 'Message Specification / Header';
/** Long enough for the other side to notice the end of a stream, ms. */
const noticing = 500;

/** Probes about headers and delivery. */
export const framing: readonly Probe[] = [
  {
    id: 'split-header',
    title: 'a request in two pieces, header and payload',
    ...{ spec: header, nature: 'right', before: owned },
    sends: [attemptAcknowledged('SET_FEATURES', {}, { pieces: [12] })],
  },
  {
    id: 'split-bytes',
    title: 'a request whose header comes byte by byte',
    ...{ spec: header, nature: 'right', before: owned },
    sends: [attemptAcknowledged('SET_FEATURES', {}, { pieces: [1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1] })],
  },
  {
    id: 'three-at-once',
    title: 'three requests sent without waiting, of which two are answered',
    ...{ spec: 'Communication', nature: 'right', needs: offers.protocolFeatures, before: owned },
    sends: [
      send('SET_FEATURES', {}, { pipelined: true, needReply: false }),
      send('GET_PROTOCOL_FEATURES', {}, { pipelined: true, needReply: false }),
      attempt('GET_FEATURES'),
    ],
  },
  {
    id: 'wrong-version',
    title: 'version 2 in the flags',
    ...{ spec: header, nature: 'wrong', breaks: ['FRM-01'] },
    ...{ before: owned, sends: [attemptAcknowledged('SET_FEATURES', {}, { flags: 0xa })] },
  },
  {
    id: 'reserved-flags',
    title: 'a reserved flag (bit 4)',
    ...{ spec: header, nature: 'wrong', breaks: ['FRM-02'] },
    ...{ before: owned, sends: [attemptAcknowledged('SET_FEATURES', {}, { flags: 0x19 })] },
  },
  {
    id: 'request-marked-reply',
    title: 'a request with the reply flag',
    ...{ spec: header, nature: 'wrong', breaks: ['FRM-03', 'RPL-02'] },
    ...{ before: owned, sends: [attempt('SET_VRING_BASE', { index: 0 }, { flags: 0x5 })] },
  },
  {
    id: 'unknown-request',
    title: 'a request with a number nobody uses (250)',
    ...{ spec: 'Front-end message types', nature: 'wrong', breaks: ['FRM-05'] },
    ...{ before: negotiated, sends: [attemptAcknowledged('UNKNOWN(250)')] },
  },
  {
    id: 'request-zero',
    title: 'request 0',
    ...{ spec: 'Front-end message types', nature: 'wrong', breaks: ['FRM-07'] },
    ...{ before: negotiated, sends: [attemptAcknowledged('UNKNOWN(0)')] },
  },
  {
    id: 'payload-of-8k',
    title: 'a payload of 8 KiB',
    ...{ spec: header, nature: 'wrong', breaks: ['FRM-08', 'SIZ-01'] },
    ...{ before: negotiated, sends: [attemptAcknowledged('SET_FEATURES', {}, { rest: new Uint8Array(8184) })] },
  },
  {
    id: 'size-of-4g',
    title: 'a header that announces 4 GiB',
    ...{ spec: header, nature: 'wrong', breaks: ['FRM-08'] },
    ...{ before: negotiated, sends: [attemptAcknowledged('SET_FEATURES', {}, { size: 0xffff_fff0 })], after: [] },
    but: { 'stays silent': 'allowed' },
  },
  {
    id: 'end-inside-header',
    title: 'the end of the stream after 5 bytes of a header',
    ...{ spec: header, nature: 'wrong' },
    before: owned,
    sends: [raw(Uint8Array.of(1, 0, 0, 0, 1))],
    after: [close('main', 'write'), wait(noticing)],
    but: { 'goes on': 'deviation' },
  },
  {
    id: 'end-of-stream',
    title: 'the end of the stream between two requests',
    ...{ spec: 'Communication', nature: 'wrong' },
    ...{ before: owned, sends: [close('main', 'write')], after: [wait(noticing)] },
    but: { 'goes on': 'deviation' },
  },
  {
    id: 'late-descriptor',
    title: 'the descriptor with the second byte of its message, which comes after the first was read',
    ...{ spec: 'Communication', nature: 'wrong', breaks: ['FRM-10'] },
    before: negotiated,
    sends: [attemptAcknowledged('SET_VRING_CALL', { index: 0 }, { pieces: [1], fdsWith: 1, pause: noticing })],
  },
  {
    id: 'descriptor-with-payload',
    title: 'the descriptor with the payload instead of the header',
    ...{ spec: 'Communication', nature: 'wrong', breaks: ['FRM-10'] },
    before: negotiated,
    sends: [attemptAcknowledged('SET_VRING_CALL', { index: 0 }, { pieces: [12], fdsWith: 1 })],
  },
  {
    id: 'stray-descriptor',
    title: 'a descriptor with GET_FEATURES, which takes none',
    ...{ spec: 'Communication', nature: 'wrong', breaks: ['FD-01'] },
    ...{ before: negotiated, sends: [attempt('GET_FEATURES', {}, { fds: [{ event: 'stray' }] })] },
  },
  {
    id: 'too-many-descriptors',
    title: 'a message with 40 descriptors',
    ...{ spec: 'Communication', nature: 'wrong', breaks: ['FRM-12', 'FD-01'] },
    before: negotiated,
    sends: [
      attemptAcknowledged(
        'SET_VRING_CALL',
        { index: 0 },
        { fds: Array.from({ length: 40 }, () => ({ event: 'call 0' })) },
      ),
    ],
  },
  {
    id: 'call-without-descriptor',
    title: 'SET_VRING_CALL that has neither a descriptor nor the bit that says so',
    ...{ spec: 'VHOST_USER_SET_VRING_CALL', nature: 'wrong', breaks: ['FD-01'] },
    ...{ before: negotiated, sends: [attemptAcknowledged('SET_VRING_CALL', { index: 0 }, { fds: [] })] },
  },
  {
    id: 'call-surplus-descriptor',
    title: 'SET_VRING_CALL with the bit for "no descriptor" and a descriptor',
    ...{ spec: 'VHOST_USER_SET_VRING_CALL', nature: 'wrong', breaks: ['FD-01'] },
    before: negotiated,
    sends: [attemptAcknowledged('SET_VRING_CALL', { index: 0, nofd: true }, { fds: [{ event: 'call 0' }] })],
  },
  {
    id: 'descriptor-of-wrong-kind',
    title: 'memory where an eventfd belongs (SET_VRING_CALL)',
    ...{ spec: 'VHOST_USER_SET_VRING_CALL', nature: 'wrong', breaks: ['FD-11'] },
    ...{ before: negotiated, sends: [attemptAcknowledged('SET_VRING_CALL', { index: 0 }, { fds: [guestMemory] })] },
  },
  {
    id: 'two-at-once-with-descriptors',
    title: 'two requests with a descriptor each, sent without waiting',
    ...{ spec: 'Communication', nature: 'right', needs: offers.acknowledgements, before: negotiated },
    sends: [
      send('SET_VRING_CALL', { index: 0 }, { needReply: true, pipelined: true }),
      attemptAcknowledged('SET_VRING_ERR', { index: 0 }),
    ],
  },
];
