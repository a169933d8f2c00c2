/**
 * Crypto sessions (CREATE_CRYPTO_SESSION), spec section "Crypto sessions description". The layout changed in QEMU 8.1
 * without a feature bit: the size of the payload tells, 1072 bytes since, 632 before. Keys cross the wire in clear.
 */
import type { Variant } from '../message-spec.ts';
import { struct } from '../schema.ts';

/** Operation codes of virtio crypto: service << 8 | operation. */
const opCodes = {
  CIPHER_CREATE: 0x02,
  HASH_CREATE: 0x102,
  MAC_CREATE: 0x202,
  AEAD_CREATE: 0x302,
  AKCIPHER_CREATE: 0x404,
};
const directions = { NONE: 0, ENCRYPT: 1, DECRYPT: 2 };
const hostPointer = {
  kind: 'u64',
  show: 'hex',
  host: true,
  doc: 'a pointer of the front-end, without meaning here',
} as const;

/** 1072 bytes, symmetric: ciphers, hashes, MACs and AEAD since QEMU 8.1. */
export const cryptoSymmetric = struct('crypto session', 'crypto', {
  op_code: { kind: 'enum', size: 8, values: opCodes, doc: 'service and operation' },
  cipher_alg: { kind: 'u32', doc: 'VIRTIO_CRYPTO_CIPHER_*' },
  key_len: { kind: 'u32', doc: 'bytes of the cipher key' },
  hash_alg: { kind: 'u32', doc: 'VIRTIO_CRYPTO_HASH_* or MAC_*' },
  hash_result_len: { kind: 'u32', doc: 'bytes' },
  auth_key_len: { kind: 'u32', doc: 'bytes of the authentication key' },
  add_len: { kind: 'u32', doc: 'bytes of additional authenticated data' },
  op_type: { kind: 'enum', size: 1, values: { NONE: 0, CIPHER: 1, ALGORITHM_CHAINING: 2 }, doc: 'plain or chained' },
  direction: { kind: 'enum', size: 1, values: directions, doc: 'encrypt or decrypt' },
  hash_mode: { kind: 'enum', size: 1, values: { NONE: 0, PLAIN: 1, AUTH: 2, NESTED: 3 }, doc: 'hash mode' },
  alg_chain_order: { kind: 'enum', size: 1, values: { NONE: 0, HASH_THEN_CIPHER: 1, CIPHER_THEN_HASH: 2 } },
  padding: { kind: 'pad', size: 4, loose: true },
  cipher_key_pointer: hostPointer,
  auth_key_pointer: hostPointer,
  cipher_key: { kind: 'bytes', length: 64, secret: true, doc: 'cipher key' },
  auth_key: { kind: 'bytes', length: 512, secret: true, doc: 'authentication key' },
  unused: { kind: 'pad', size: 432, loose: true },
  session_id: { kind: 'i64', doc: 'session, negative on failure' },
});

/** 1072 bytes, asymmetric: op_code AKCIPHER_CREATE. */
export const cryptoAsymmetric = struct('asymmetric crypto session', 'crypto', {
  op_code: { kind: 'enum', size: 8, values: opCodes, doc: 'service and operation' },
  algo: { kind: 'enum', size: 4, values: { NO_AKCIPHER: 0, RSA: 1, ECDSA: 2 }, doc: 'algorithm' },
  keytype: { kind: 'enum', size: 4, values: { PUBLIC: 1, PRIVATE: 2 }, doc: 'kind of key' },
  keylen: { kind: 'u32', doc: 'bytes of the key' },
  padding: { kind: 'pad', size: 4, loose: true },
  key_pointer: hostPointer,
  padding_algo: { kind: 'u32', id: 'crypto.rsa_padding', doc: 'RSA padding' },
  hash_algo: { kind: 'u32', id: 'crypto.rsa_hash', doc: 'RSA hash' },
  key: { kind: 'bytes', length: 1024, secret: true, doc: 'the key' },
  session_id: { kind: 'i64', doc: 'session, negative on failure' },
});

/** 632 bytes: QEMU 2.12 to 8.0. */
const cryptoOld = struct('crypto session before QEMU 8.1', 'crypto', {
  session_id: { kind: 'i64', doc: 'session, negative on failure' },
  op_code: { kind: 'enum', size: 4, values: opCodes, doc: 'service and operation' },
  cipher_alg: { kind: 'u32', doc: 'VIRTIO_CRYPTO_CIPHER_*' },
  key_len: { kind: 'u32', doc: 'bytes of the cipher key' },
  hash_alg: { kind: 'u32', doc: 'VIRTIO_CRYPTO_HASH_* or MAC_*' },
  hash_result_len: { kind: 'u32', doc: 'bytes' },
  auth_key_len: { kind: 'u32', doc: 'bytes of the authentication key' },
  add_len: { kind: 'u32', doc: 'bytes of additional authenticated data' },
  op_type: { kind: 'enum', size: 1, values: { NONE: 0, CIPHER: 1, ALGORITHM_CHAINING: 2 }, doc: 'plain or chained' },
  direction: { kind: 'enum', size: 1, values: directions, doc: 'encrypt or decrypt' },
  hash_mode: { kind: 'enum', size: 1, values: { NONE: 0, PLAIN: 1, AUTH: 2, NESTED: 3 }, doc: 'hash mode' },
  alg_chain_order: { kind: 'enum', size: 1, values: { NONE: 0, HASH_THEN_CIPHER: 1, CIPHER_THEN_HASH: 2 } },
  cipher_key_pointer: hostPointer,
  auth_key_pointer: hostPointer,
  cipher_key: { kind: 'bytes', length: 64, secret: true, doc: 'cipher key' },
  auth_key: { kind: 'bytes', length: 512, secret: true, doc: 'authentication key' },
});

/** The layouts of a crypto session, request and reply alike. */
export const cryptoSession: readonly Variant[] = [
  { when: ['size', 0, 639], payload: cryptoOld, doc: 'QEMU 2.12 to 8.0' },
  { when: ['starts', 0x404], payload: cryptoAsymmetric, doc: 'asymmetric keys' },
  { payload: cryptoSymmetric, doc: 'symmetric keys, hashes and MACs' },
];
