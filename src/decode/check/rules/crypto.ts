/** Crypto sessions. Spec section "Crypto sessions description". */
import type { Rule } from '../rule.ts';
import { isRequest } from '../step.ts';

/** Rules about crypto sessions. */
export const crypto: readonly Rule[] = [
  {
    id: 'CRY-01',
    name: 'crypto-session-unknown',
    severity: 'warning',
    condition: 'CLOSE_CRYPTO_SESSION names a session that was not created on this connection, or is closed already',
    spec: 'VHOST_USER_CLOSE_CRYPTO_SESSION',
    remedy: 'close the sessions that were created, once each',
    confidence: 'inferred',
    on: ['CLOSE_CRYPTO_SESSION'],
    check: step => {
      const id = step.message.payload.session_id;
      if (!isRequest(step) || !step.fromStart || (typeof id !== 'number' && typeof id !== 'bigint')) return undefined;
      return step.before.mappings.cryptoSessions.has(BigInt(id)) ? undefined : `session ${id} is not open`;
    },
  },
  {
    id: 'CRY-02',
    name: 'crypto-key-length',
    severity: 'error',
    condition: 'a key length is larger than the room for the key',
    spec: 'Crypto sessions description',
    remedy: 'use keys of at most 64 (cipher), 512 (authentication) or 1024 bytes (asymmetric)',
    confidence: 'spec',
    on: ['CREATE_CRYPTO_SESSION'],
    check: ({ message }) => {
      const { key_len, auth_key_len, keylen } = message.payload;
      if (message.reply) return undefined;
      if (Number(key_len ?? 0) > 64) return `cipher key of ${String(key_len)} bytes`;
      if (Number(auth_key_len ?? 0) > 512) return `authentication key of ${String(auth_key_len)} bytes`;
      return Number(keylen ?? 0) > 1024 ? `asymmetric key of ${String(keylen)} bytes` : undefined;
    },
  },
  {
    id: 'CRY-04',
    name: 'crypto-session-refused',
    severity: 'warning',
    condition: 'CREATE_CRYPTO_SESSION is answered with a negative session id',
    spec: 'VHOST_USER_CREATE_CRYPTO_SESSION',
    remedy: 'see the log of the back-end for the reason',
    confidence: 'spec',
    on: ['CREATE_CRYPTO_SESSION'],
    check: ({ message, request }) => {
      const id = message.payload.session_id;
      return message.reply && id !== undefined && Number(id) < 0
        ? { message: 'the session could not be created', records: request ? [request.frame.n] : [] }
        : undefined;
    },
  },
  {
    id: 'SIZ-11',
    name: 'crypto-layout',
    severity: 'error',
    condition: 'the reply to CREATE_CRYPTO_SESSION has another size than the request',
    spec: 'Crypto sessions description',
    remedy: 'use the same generation of front-end and back-end: QEMU 8.1 changed the layout without a feature bit',
    confidence: 'observed',
    on: ['CREATE_CRYPTO_SESSION'],
    check: ({ message, request }) =>
      message.reply && request && message.size !== request.message.size
        ? { message: `${message.size} bytes, the request had ${request.message.size}`, records: [request.frame.n] }
        : undefined,
  },
];
