/** Who answers what, and when. Spec sections "Communication" and "VHOST_USER_PROTOCOL_F_REPLY_ACK". */
import type { Asked } from '../../session/connection.ts';
import { isAltered } from '../../session/known-to.ts';
import { answerer } from '../../side.ts';
import { protocolFeatures } from '../../spec/protocol-features.ts';
import type { Rule } from '../rule.ts';

const replyAck = 1n << BigInt(protocolFeatures.REPLY_ACK.bit);
/** Messages on which QEMU sets need_reply by construction. */
const alwaysNeedReply = new Set(['IOTLB_MSG', 'POSTCOPY_LISTEN', 'POSTCOPY_END']);

/** An answer that takes longer than this is told. */
const slowNs = 1_000_000_000n;

/** An acknowledgement that was wanted without REPLY_ACK may be given or not. */
function mustBeAnswered({ message, session }: Asked): boolean {
  return message.spec?.reply.when !== 'ack' || ((session.negotiation.protocol.accepted ?? 0n) & replyAck) !== 0n;
}

/** Rules about answers. */
export const replies: readonly Rule[] = [
  {
    id: 'RPL-02',
    name: 'reply-without-request',
    severity: 'error',
    condition: 'a reply although no request of that number waits on its channel',
    spec: 'Communication',
    remedy: 'answer each request once, and only those that ask for it',
    offenders: 'libvhost-user before 7.1 (ADD_MEM_REG, REM_MEM_REG)',
    confidence: 'spec',
    on: 'replies',
    check: ({ request, message, fromStart }) =>
      request === undefined && fromStart ? `a reply to ${message.name}, which nobody waits for` : undefined,
  },
  {
    id: 'RPL-01',
    name: 'reply-out-of-order',
    severity: 'error',
    condition:
      'a reply answers another request than the oldest that waits on its channel and must be answered ' +
      '(an acknowledgement only with REPLY_ACK)',
    spec: 'Communication',
    remedy: 'answer in order: there is nothing else by which replies are matched',
    confidence: 'spec',
    on: 'replies',
    check: ({ request, waiting, message }) => {
      const oldest = waiting.find(mustBeAnswered);
      if (!request || !oldest || oldest.frame.n >= request.frame.n) return undefined;
      return {
        message: `a reply to ${message.name}, but ${oldest.message.name} was asked before`,
        records: [oldest.frame.n, request.frame.n],
      };
    },
  },
  {
    id: 'RPL-03',
    name: 'request-unanswered',
    severity: 'warning',
    condition:
      'the connection ends while a request waits for its answer; a note where another than the side that was asked ended ' +
      'it less than a second after the request was passed on',
    spec: 'Communication',
    remedy: 'find out why the side that was asked closed or died: its log, a core file',
    confidence: 'observed',
    atEnd: ({ waiting, first, frame: end }) =>
      waiting.map(({ message, frame: { n, sentNs, receivedNs } }) => {
        const side = answerer(message.channel);
        const what = { message: `${message.name} was never answered`, side, records: [n] };
        const hadTime = end.receivedNs - (sentNs || receivedNs) > slowNs;
        return first === side || first === 'unknown' || hadTime ? what : { ...what, severity: 'note' };
      }),
  },
  {
    id: 'RPL-04',
    name: 'need-reply-not-negotiated',
    severity: 'warning',
    condition: 'need_reply is set although REPLY_ACK was not acknowledged; a note on messages where QEMU always does',
    spec: 'VHOST_USER_PROTOCOL_F_REPLY_ACK',
    remedy: 'set need_reply only with REPLY_ACK: rust-vmm ignores it otherwise, and the sender waits for ever',
    confidence: 'spec',
    on: 'requests',
    check: ({ message, before, fromStart }) => {
      if (!message.needReply || !fromStart) return undefined;
      if (((before.negotiation.protocol.accepted ?? 0n) & replyAck) !== 0n) return undefined;
      const text = `${message.name} asks for an acknowledgement without REPLY_ACK`;
      return alwaysNeedReply.has(message.name) ? { message: text, severity: 'note' } : text;
    },
  },
  {
    id: 'RPL-07',
    name: 'request-failed',
    severity: 'warning',
    condition: 'an acknowledgement of a request, as its author sent it, is not 0',
    spec: 'VHOST_USER_PROTOCOL_F_REPLY_ACK',
    remedy: 'see the log of the side that refused',
    confidence: 'spec',
    on: 'replies',
    only: ({ shape }) => shape !== undefined && 'result' in shape.payload.fields,
    check: ({ message, request }) => {
      const { result } = message.payload;
      if (result === undefined || result === 0 || (request && isAltered(request.frame))) return undefined;
      const records = request ? [request.frame.n] : [];
      return { message: `${message.name} was refused with ${String(result)}`, records };
    },
  },
  {
    id: 'RPL-11',
    name: 'slow-answer',
    severity: 'note',
    condition: 'an answer comes more than a second after its request was passed on',
    spec: 'Communication',
    remedy: 'find out what the side that was asked did meanwhile: QEMU stops the whole VM while it waits',
    confidence: 'inferred',
    on: 'replies',
    check: ({ frame, request, message, heldBack }) => {
      if (!request || request.frame.sentNs === 0n || heldBack) return undefined;
      const ns = frame.receivedNs - request.frame.sentNs;
      if (ns <= slowNs) return undefined;
      return {
        message: `${message.name} was answered after ${(Number(ns) / 1e9).toFixed(1)} s`,
        records: [request.frame.n],
      };
    },
  },
  {
    id: 'RPL-12',
    name: 'request-repeated',
    severity: 'warning',
    condition: 'the same request is sent again while the first still waits for its answer',
    spec: 'Communication',
    remedy: 'wait for the answer: requests are matched by order alone',
    confidence: 'inferred',
    on: 'requests',
    only: ({ channel }) => channel === 'main',
    check: ({ message, waiting }) => {
      const first = waiting.find(asked => asked.message.id === message.id);
      return first
        ? { message: `${message.name} again before the first was answered`, records: [first.frame.n] }
        : undefined;
    },
  },
  {
    id: 'RPL-13',
    name: 'config-reply-size',
    severity: 'error',
    condition: 'the reply to GET_CONFIG has neither the size of the request nor 0',
    spec: 'VHOST_USER_GET_CONFIG',
    remedy: 'answer with the size of the request, or with size 0 to refuse',
    offenders: 'rust-vmm refuses with a 12-byte payload',
    confidence: 'spec',
    on: ['GET_CONFIG'],
    check: ({ message, request }) =>
      message.reply && request && message.size !== 0 && message.size !== request.message.size
        ? {
            message: `answers ${message.size} bytes to a request of ${request.message.size}`,
            records: [request.frame.n],
          }
        : undefined,
  },
  {
    id: 'RNG-14',
    name: 'base-reply-index',
    severity: 'error',
    condition: 'the reply to GET_VRING_BASE names another ring than the request',
    spec: 'VHOST_USER_GET_VRING_BASE',
    remedy: 'answer for the ring that was asked',
    confidence: 'spec',
    on: ['GET_VRING_BASE', 'GET_VRING_BASE_SKIP_DRAIN'],
    check: ({ message, request }) => {
      if (!message.reply || !request) return undefined;
      const asked = request.message.payload.index;
      const answered = message.payload.index;
      return asked !== undefined && answered !== undefined && asked !== answered
        ? {
            message: `asked for ring ${String(asked)}, answers for ring ${String(answered)}`,
            records: [request.frame.n],
          }
        : undefined;
    },
  },
];
