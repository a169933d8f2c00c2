/** Crypto device, virtio specification 5.9. QEMU handles the control ring, after the data rings, itself. */
import { struct } from '../../schema.ts';
import type { DeviceSpec } from './device.ts';

const algorithms = (of: string) => ({ kind: 'u32', show: 'hex', doc: `mask of ${of}` }) as const;

/** 56 bytes. */
const config = struct('crypto configuration', 'config.crypto', {
  status: { kind: 'flags', size: 4, bits: { HW_READY: 0 }, doc: 'hardware status' },
  max_dataqueues: { kind: 'u32', doc: 'data rings' },
  crypto_services: {
    kind: 'flags',
    size: 4,
    bits: { CIPHER: 0, HASH: 1, MAC: 2, AEAD: 3, AKCIPHER: 4 },
    doc: 'services',
  },
  cipher_algo_l: algorithms('ciphers 0 to 31'),
  cipher_algo_h: algorithms('ciphers 32 to 63'),
  hash_algo: algorithms('hashes'),
  mac_algo_l: algorithms('MACs 0 to 31'),
  mac_algo_h: algorithms('MACs 32 to 63'),
  aead_algo: algorithms('AEAD ciphers'),
  max_cipher_key_len: { kind: 'u32', doc: 'bytes' },
  max_auth_key_len: { kind: 'u32', doc: 'bytes' },
  akcipher_algo: algorithms('asymmetric ciphers'),
  max_size: { kind: 'u64', doc: 'bytes of a request at most' },
});

/** virtio-crypto */
export const crypto: DeviceSpec = {
  id: 20,
  name: 'crypto',
  title: 'crypto',
  aliases: ['cryptodev'],
  features: {
    REVISION_1: { bit: 0, doc: 'requests of revision 1' },
    CIPHER_STATELESS_MODE: { bit: 1, doc: 'ciphers without session' },
    HASH_STATELESS_MODE: { bit: 2, doc: 'hashes without session' },
    MAC_STATELESS_MODE: { bit: 3, doc: 'MACs without session' },
    AEAD_STATELESS_MODE: { bit: 4, doc: 'AEAD without session' },
    AKCIPHER_STATELESS_MODE: { bit: 5, doc: 'asymmetric ciphers without session' },
  },
  config,
  vrings: { fixed: [], each: ['data'] },
};
