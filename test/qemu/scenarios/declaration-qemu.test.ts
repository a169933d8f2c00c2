/**
 * The declaration against QEMU's own: the structs and numbers that its front-end, libvhost-user and vhost-user-gpu are
 * compiled from, as a C compiler lays them out.
 */
import { describe, expect, it } from 'vitest';
import { messageNamed, variantsOf } from '../../../src/decode/catalog.ts';
import type { Channel } from '../../../src/decode/frame.ts';
import { headerSize } from '../../../src/decode/header.ts';
import type { Struct } from '../../../src/decode/schema.ts';
import { cryptoAsymmetric, cryptoSymmetric } from '../../../src/decode/spec/crypto.ts';
import * as payloads from '../../../src/decode/spec/payloads.ts';
import { protocolFeatures } from '../../../src/decode/spec/protocol-features.ts';
import { layoutOf, leaves, sizeOfType, total, valuesOf } from '../layouts.ts';
import { cut, qemuIncludes, qemuSource } from '../qemu-source.ts';

/** A piece of C, and the structs and numbers that it declares. */
interface Source {
  code(): string;
  /** C type, our layout, and the members in the order of our fields. */
  structs: readonly (readonly [type: string, ours: Struct, members: string])[];
  /** Enums of message numbers, with the channel they are for and what is put before our names. */
  numbers: readonly (readonly [name: string, channel: Channel, prefix: string])[];
}

const packed = '#define QEMU_PACKED __attribute__((packed))\n#include <linux/vhost.h>\n';
const region = 'guest_phys_addr memory_size userspace_addr mmap_offset';
const within = (path: string, members: string): string =>
  members
    .split(' ')
    .map(member => `${path}.${member}`)
    .join(' ');
const shared: Source['structs'] = [
  ['VhostUserMemoryRegion', payloads.memoryRegion, region],
  ['VhostUserMemory', payloads.memoryTable, `nregions ${within('regions[0]', region)}`],
  ['VhostUserMemRegMsg', payloads.singleRegion, within('region', region)],
  ['VhostUserLog', payloads.log, 'mmap_size mmap_offset'],
  ['VhostUserConfig', payloads.config, 'offset size flags region'],
  ['VhostUserVringArea', payloads.vringArea, 'u64 size offset'],
  ['VhostUserInflight', payloads.inflight, 'mmap_size mmap_offset num_queues queue_size'],
  ['VhostUserShared', payloads.sharedObject, 'uuid'],
];
const symmetric =
  'cipher_alg key_len hash_alg hash_result_len auth_key_len add_len op_type direction hash_mode alg_chain_order cipher_key auth_key';

/** The layout of a message of the GPU channel, or of its reply. */
function ofGpu(name: string, reply = false): Struct {
  const spec = messageNamed('gpu', name);
  const variant = spec && variantsOf(spec, reply)[0];
  if (!variant) throw new Error(`${name} is not declared`);
  return variant.payload;
}
const position = 'scanout_id x y';
const dmabuf = `${position} width height fd_width fd_height fd_stride fd_flags fd_drm_fourcc`;

const sources: { readonly [name: string]: Source } = {
  'libvhost-user': {
    code: () => qemuSource('libvhost-user'),
    structs: shared,
    numbers: [
      ['VhostUserRequest', 'main', ''],
      ['VhostUserBackendRequest', 'backend-req', ''],
    ],
  },
  'the front-end of QEMU': {
    code: () =>
      [
        packed,
        cut(
          qemuSource('cryptodev'),
          /^typedef struct CryptoDevBackendSymSessionInfo/m,
          /^typedef struct CryptoDevBackendSessionInfo/m,
        ),
        cut(qemuSource('front-end'), /^#define VHOST_MEMORY_BASELINE_NREGIONS/m, /^static VhostUserMsg m /m),
      ].join('\n'),
    structs: [
      ...shared,
      ['VhostUserTransferDeviceState', payloads.transferState, 'direction phase'],
      [
        'VhostUserCryptoSession',
        cryptoSymmetric,
        `op_code ${within('u.sym.session_setup_data', symmetric)} u.sym.key u.sym.auth_key session_id`,
      ],
      [
        'VhostUserCryptoSession',
        cryptoAsymmetric,
        `op_code ${within('u.asym.session_setup_data', 'algo keytype keylen key u.rsa.padding_algo u.rsa.hash_algo')} u.asym.key session_id`,
      ],
    ],
    numbers: [
      ['VhostUserRequest', 'main', ''],
      ['VhostUserBackendRequest', 'backend-req', ''],
    ],
  },
  'vhost-user-gpu': {
    code: () =>
      `${packed}#include <linux/virtio_gpu.h>\n${cut(qemuSource('gpu'), /^typedef enum VhostUserGpuRequest/m, /^static VhostUserGpuMsg m /m)}`,
    structs: [
      ['VhostUserGpuCursorPos', ofGpu('GPU_CURSOR_POS'), position],
      ['VhostUserGpuCursorUpdate', ofGpu('GPU_CURSOR_UPDATE'), `${within('pos', position)} hot_x hot_y data`],
      ['VhostUserGpuScanout', ofGpu('GPU_SCANOUT'), 'scanout_id width height'],
      ['VhostUserGpuUpdate', ofGpu('GPU_UPDATE'), `${position} width height`],
      ['VhostUserGpuDMABUFScanout', ofGpu('GPU_DMABUF_SCANOUT'), dmabuf],
      ['VhostUserGpuDMABUFScanout2', ofGpu('GPU_DMABUF_SCANOUT2'), `${within('dmabuf_scanout', dmabuf)} modifier`],
      ['VhostUserGpuEdidRequest', ofGpu('GPU_GET_EDID'), 'scanout_id'],
    ],
    numbers: [['VhostUserGpuRequest', 'gpu', 'GPU_']],
  },
};

describe.each(Object.entries(sources))('as %s has them', (_, { code, structs, numbers }) => {
  it.each(structs)('%s lies where ours does', (type, ours, members) => {
    const places = leaves(ours);
    const theirs = layoutOf(type, members.split(' '), code(), [qemuIncludes()]);
    // The bytes that a message tells the number of have no size of their own.
    const known = theirs.map((place, i) => (Number.isNaN(places[i]?.size) ? { ...place, size: Number.NaN } : place));
    expect(places.slice(0, known.length)).toEqual(known);
    const size = total(ours);
    const open = Number.isNaN(size) || ours.list.some(field => field.kind === 'array');
    if (!open) expect(size).toBe(sizeOfType(type, code(), [qemuIncludes()]));
  });

  it.each(numbers)('%s has our numbers', (name, channel, prefix) => {
    const text = cut(code(), new RegExp(`^typedef enum ${name} \\{`, 'm'), new RegExp(`^\\}\\s*${name};`, 'm'));
    const constants = [...text.matchAll(/^\s+(VHOST_USER_\w+)/gm)].map(match => match[1] as string);
    const theirs = [...valuesOf(constants, code(), [qemuIncludes()])].filter(([each]) => !/_(NONE|MAX)$/.test(each));
    expect(theirs.length).toBeGreaterThan(5);
    for (const [constant, id] of theirs) {
      const ours = messageNamed(channel, `${prefix}${constant.replace(/^VHOST_USER_(GPU_(?!SET_SOCKET))?/, '')}`);
      expect([constant, ours?.id]).toEqual([constant, id]);
    }
  });
});

describe('as QEMU has it', () => {
  it('a header has 12 bytes: number, flags, size', () => {
    const code = sources['libvhost-user']?.code() ?? '';
    const theirs = layoutOf('VhostUserMsg', ['request', 'flags', 'size', 'payload'], code, [qemuIncludes()]);
    expect(theirs.map(({ offset }) => offset)).toEqual([0, 4, 8, headerSize]);
  });

  it('a protocol feature has our number', () => {
    const text = `${cut(qemuSource('features'), /^enum VhostUserProtocolFeature/m, /^\};/m)}};`;
    const names = [...text.matchAll(/^\s+(VHOST_USER_PROTOCOL_F_(?!MAX)\w+)/gm)].map(match => match[1] as string);
    expect(names.length).toBeGreaterThan(15);
    for (const [name, bit] of valuesOf(names, text)) {
      const plain = name.replace('VHOST_USER_PROTOCOL_F_', '');
      const ours = Object.entries(protocolFeatures).find(
        ([key, { aliases }]) => key === plain || aliases?.includes(plain),
      );
      expect([name, ours?.[1].bit]).toEqual([name, bit]);
    }
  });
});
