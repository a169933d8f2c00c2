/**
 * For every rule a real recording and the edit that makes it fire. A row: the rule, the recording, the edit, and the
 * severity where it is not the rule's own.
 */
import type { Severity } from '../../../src/decode/check/rule.ts';
import type { Payload } from '../../../src/decode/decode.ts';
import type { U64 } from '../../../src/decode/schema.ts';
import {
  after,
  again,
  arriving,
  asks,
  atLast,
  both,
  change,
  cutTo,
  describing,
  type Edit,
  header,
  patched,
  resized,
  runBy,
  set,
  tells,
  twice,
  withFds,
  without,
  withoutAll,
} from './edits.ts';
import { payloadIn } from './recordings.ts';

type Row = readonly [rule: string, recording: string, edit: Edit, severity?: Severity];

const region = (fields: object) => ({
  region: { guest_address: 0, size: 0x10000000, user_address: 0x7f0000000000, mmap_offset: 0, ...fields },
});
const negotiated = (mask: bigint): Edit =>
  both(
    set('GET_PROTOCOL_FEATURES=', { protocol_features: mask }),
    set('SET_PROTOCOL_FEATURES', { protocol_features: mask }),
  );
const shmem = (offset: number, len: number) => ({ shmid: 0, fd_offset: 0, shm_offset: offset, len, flags: 1 });
const update = { scanout_id: 0, x: 0, y: 0, width: 1, height: 1 };
const memfd = [{ kind: 'memfd' as const }];

/** Where the front-end of `fs` has its memory, and the second ring in it. */
const memoryAt = (payloadIn('fs', 'ADD_MEM_REG').region as Payload).user_address as U64;
const ringOne = payloadIn('fs', 'SET_VRING_ADDR', 1).descriptor as U64;

/** LOG_ALL with a log of one byte. */
const smallLog = both(
  set('SET_FEATURES', { features: 0x174000000n }),
  after('SET_FEATURES', asks('SET_LOG_BASE', { size: 1, offset: 0 }), { fds: memfd }),
);
/** A region with XEN_MMAP, which the size tells. */
const xenRegion = (flags: number) => both(resized('ADD_MEM_REG', 8), patched('ADD_MEM_REG', 12 + 40, flags, 0, 0, 0));
const shmemSizes = (size: number) =>
  asks(
    'GET_SHMEM_CONFIG',
    { nregions: 1, memory_sizes: [size, ...new Array(255).fill(0)] },
    { dir: 'back-to-front', reply: true },
  );
const dmabuf = {
  ...{ scanout_id: 0, x: 0, y: 0, width: 10, height: 10, fd_width: 10, fd_height: 10 },
  ...{ fd_stride: 40, fd_flags: 0, fd_drm_fourcc: 0 },
};

/** The rows, in the order of the rules. */
export const rows: readonly Row[] = [
  ['FRM-01', 'fs', header('SET_OWNER', { flags: 2 })],
  ['FRM-02', 'fs', header('SET_OWNER', { flags: 0x11 })],
  ['FRM-04', 'fs', header('GET_FEATURES=', { flags: 0xd })],
  ['FRM-05', 'fs', header('SET_OWNER', { id: 200 })],
  ['FRM-07', 'fs', header('SET_OWNER', { id: 0 })],
  ['FRM-08', 'fs', resized('SET_OWNER', 5000)],
  ['FRM-10', 'fs', arriving('ADD_MEM_REG', { fdAt: 12 })],
  ['FRM-09', 'fs', cutTo('SET_OWNER', 6)],
  ['FRM-11', 'fs', arriving('SET_VRING_ADDR', { seg: [12, 20, 20] })],
  ['FRM-12', 'fs', withFds('ADD_MEM_REG', ...new Array(9).fill('memfd')), 'warning'],
  ['FRM-14', 'fs', arriving('ADD_MEM_REG', { ctrunc: true, fds: [] })],
  ['FRM-15', 'fs', both(header('SET_VRING_NUM', { flags: 2 }), cutTo('SET_VRING_NUM', 20))],
  ['SIZ-01', 'fs', resized('SET_VRING_NUM', -2)],
  ['SIZ-16', 'fs', patched('ADD_MEM_REG', 12, 1)],
  ['SIZ-17', 'fs', patched('SET_VRING_KICK', 14, 1)],
  ['SIZ-17', 'fs', set('SET_VRING_ADDR', { flags: 4 })],
  ['SIZ-18', 'migration-fs-source', set('SET_DEVICE_STATE_FD', { phase: 3 })],
  ['FRM-03', 'fs', header('SET_OWNER', { flags: 5 })],
  ['FD-01', 'fs', withFds('SET_VRING_KICK')],
  ['FD-11', 'fs', withFds('SET_VRING_KICK', 'socket')],
  ['RPL-02', 'fs', twice('GET_QUEUE_NUM=')],
  ['RPL-01', 'fs', without('GET_QUEUE_NUM=')],
  ['RPL-03', 'fs', withoutAll('GET_VRING_BASE='), 'note'],
  [
    'RPL-03',
    'fs',
    both(
      withoutAll('GET_VRING_BASE='),
      change('GET_VRING_BASE', frame => ({ ...frame, sentNs: frame.sentNs - 2_000_000_000n })),
    ),
  ],
  ['RPL-04', 'fs', both(negotiated(0x8c23n), header('ADD_MEM_REG', { flags: 9 }))],
  ['RPL-07', 'fs', set('ADD_MEM_REG=', { result: 1 })],
  ['RPL-11', 'fs', change('GET_QUEUE_NUM=', frame => ({ ...frame, receivedNs: frame.receivedNs + 2_000_000_000n }))],
  ['RPL-12', 'fs', twice('GET_QUEUE_NUM')],
  ['RPL-13', 'blk', set('GET_CONFIG=', { size: 8, config: new Uint8Array(8) })],
  ['RNG-14', 'fs', set('GET_VRING_BASE=', { index: 1 })],
  ['NEG-01', 'fs', set('SET_FEATURES', { features: 0x170000001n })],
  ['NEG-01', 'fs', set('SET_FEATURES', { features: 0x10170000000n }), 'note'],
  ['NEG-02', 'fs', withoutAll('GET_FEATURES=')],
  ['NEG-03', 'fs', set('GET_FEATURES=', { features: 0x135000000n })],
  ['NEG-04', 'fs', set('SET_PROTOCOL_FEATURES', { protocol_features: 0x8c2fn })],
  ['NEG-05', 'fs', withoutAll('GET_PROTOCOL_FEATURES', 'GET_PROTOCOL_FEATURES=')],
  ['NEG-07', 'fs', negotiated(0x10c2bn | (0x4000n & ~0x28n) | 0x100000n)],
  ['NEG-11', 'qemu10-iommu', set('SET_PROTOCOL_FEATURES', { protocol_features: 0x10c03 })],
  ['NEG-12', 'fs', set('SET_FEATURES', { features: 0x470000000n })],
  ['NEG-13', 'fs', set('GET_FEATURES=', { features: 0x1175000000n | (1n << 45n) })],
  ['NEG-14', 'fs', after('SET_VRING_ENABLE', asks('SET_FEATURES', { features: 0x150000000n }))],
  ['NEG-16', 'fs', twice('SET_OWNER')],
  ['NEG-18', 'fs', after('SET_OWNER', asks('RESET_OWNER'))],
  ['NEG-19', 'fs', set('GET_FEATURES=', { features: 0x165000000n })],
  ['NEG-20', 'fs', set('GET_QUEUE_NUM=', { queue_num: 0 })],
  [
    'NEG-22',
    'fs',
    both(
      arriving('GET_PROTOCOL_FEATURES=', { context: { frontEnd: 'qemu' } }),
      set('GET_PROTOCOL_FEATURES=', { protocol_features: 0xcc2b }),
    ),
  ],
  ['NEG-06', 'fs', set('GET_PROTOCOL_FEATURES=', { protocol_features: 0x80008c2bn })],
  ['NEG-17', 'fs', after('GET_FEATURES', asks('SET_VRING_NUM', { index: 0, num: 64 }))],
  ['HST-01', 'fs', after('SET_OWNER', tells('BACKEND_CONFIG_CHANGE_MSG'))],
  ['GAT-03', 'net', after('SET_OWNER', asks('SEND_RARP', { mac: '01:00:5e:00:00:01' }))],
  [
    'GAT-04',
    'net',
    both(set('GET_FEATURES=', { features: 0x170000000n }), after('GET_FEATURES=', asks('NET_SET_MTU', { mtu: 1500 }))),
  ],
  ['GAT-07', 'fs', both(negotiated(0x8c6bn), after('SET_FEATURES', asks('SET_VRING_ENDIAN', { index: 5, num: 0 })))],
  ['GAT-01', 'fs', after('SET_OWNER', asks('GET_STATUS'))],
  ['GAT-02', 'fs', after('SET_OWNER', asks('SET_VRING_ENABLE', { index: 0, num: 1 }))],
  ['GAT-14', 'fs', after('ADD_MEM_REG=', asks('SET_MEM_TABLE', { num_regions: 0, regions: [] }))],
  ['GAT-10', 'fs', after('SET_OWNER', asks('POSTCOPY_ADVISE'))],
  [
    'MEM-01',
    'net',
    set('SET_MEM_TABLE', {
      regions: Array.from(
        { length: 9 },
        (_, i) =>
          region({ guest_address: i * 0x1000000, user_address: 0x7f0000000000 + i * 0x1000000, size: 0x1000000 })
            .region,
      ),
      num_regions: 9,
    }),
  ],
  ['MEM-02', 'fs', set('ADD_MEM_REG', region({ size: 0 }))],
  [
    'MEM-03',
    'fs',
    after('ADD_MEM_REG=', asks('ADD_MEM_REG', region({ user_address: 0x7e0000000000 })), { fds: memfd }),
  ],
  [
    'MEM-04',
    'fs',
    both(
      after('ADD_MEM_REG=', asks('ADD_MEM_REG', region({ guest_address: 0x100000000 })), { fds: memfd }),
      after('ADD_MEM_REG=', asks('ADD_MEM_REG', region({ guest_address: 0x200000000 })), { fds: memfd }),
    ),
  ],
  ['MEM-05', 'fs', set('ADD_MEM_REG', region({ mmap_offset: 0x1000 }))],
  ['MEM-06', 'fs', set('ADD_MEM_REG', region({ guest_address: 0x800 }))],
  ['MEM-07', 'fs', negotiated(0x208c2bn)],
  ['MEM-08', 'fs', twice('ADD_MEM_REG')],
  ['MEM-09', 'fs', after('ADD_MEM_REG=', asks('REM_MEM_REG', region({ guest_address: 0x900000000 })))],
  ['MEM-10', 'fs', set('GET_MAX_MEM_SLOTS=', { max_mem_slots: 0 })],
  [
    'MEM-11',
    'net',
    after('SET_VRING_KICK', asks('SET_MEM_TABLE', { num_regions: 1, regions: [region({}).region] }), { fds: memfd }),
  ],
  ['MEM-12', 'fs', xenRegion(3)],
  ['MEM-14', 'net', again('SET_MEM_TABLE', 'SET_VRING_KICK')],
  ['MEM-16', 'fs', describing('ADD_MEM_REG', { access: 'r' })],
  ['MEM-17', 'fs', describing('ADD_MEM_REG', { seals: 8 })],
  ['MEM-13', 'fs', withoutAll('ADD_MEM_REG', 'ADD_MEM_REG=')],
  ['RNG-01', 'fs', set('GET_QUEUE_NUM=', { queue_num: 1 })],
  ['RNG-02', 'fs', set('SET_VRING_NUM', { num: 100 })],
  ['RNG-03', 'fs', set('SET_VRING_BASE', { num: 0x10000 })],
  ['RNG-05', 'fs', set('SET_VRING_ADDR', { descriptor: 0x1008 })],
  ['RNG-06', 'fs', set('SET_VRING_ADDR', { available: 0x1000 })],
  ['RNG-10', 'fs', without('SET_VRING_NUM')],
  ['RNG-11', 'fs', after('SET_VRING_ENABLE', asks('SET_VRING_NUM', { index: 0, num: 64 }))],
  ['RNG-12', 'fs', after('SET_OWNER', asks('GET_VRING_BASE', { index: 5, num: 0 }))],
  ['RNG-15', 'fs', set('GET_VRING_BASE=', { num: 0x20001 })],
  ['RNG-16', 'fs', set('SET_VRING_ENABLE', { num: 2 })],
  ['RNG-18', 'fs', withoutAll('SET_VRING_ENABLE', 'GET_VRING_BASE', 'GET_VRING_BASE=')],
  ['RNG-19', 'fs', after('GET_VRING_BASE=', asks('SET_VRING_BASE', { index: 0, num: 9 }))],
  ['RNG-08', 'fs', set('SET_VRING_ADDR', { flags: 1 })],
  ['RNG-09', 'fs', both(smallLog, set('SET_VRING_ADDR', { flags: 1 }))],
  ['RNG-13', 'fs', set('GET_VRING_BASE', { num: 5 })],
  ['RNG-20', 'fs', after('SET_VRING_ENABLE', asks('SET_VRING_ENDIAN', { index: 0, num: 0 }))],
  ['RNG-22', 'fs', atLast(tells('BACKEND_CONFIG_CHANGE_MSG'))],
  [
    'RNG-23',
    'fs',
    both(
      set('GET_QUEUE_NUM=', { queue_num: 1000 }),
      after('SET_VRING_ENABLE', asks('SET_VRING_NUM', { index: 300, num: 64 })),
    ),
  ],
  ['RNG-24', 'fs', both(set('SET_VRING_KICK', { nofd: true }), withFds('SET_VRING_KICK'))],
  ['RNG-25', 'fs', after('SET_VRING_ENABLE', asks('VRING_KICK', { index: 0, num: 0 }))],
  ['RNG-26', 'fs', both(after('SET_VRING_ENABLE', asks('RESET_DEVICE')), again('SET_VRING_KICK', 'RESET_DEVICE'))],
  ['RNG-27', 'fs', set('SET_VRING_ADDR', { descriptor: ringOne })],
  ['CFG-01', 'blk', set('GET_CONFIG', { offset: 250 })],
  ['CFG-02', 'blk', set('GET_CONFIG', { size: 0, config: new Uint8Array(0) })],
  ['CFG-03', 'blk', set('GET_CONFIG', { flags: 7 })],
  [
    'CFG-04',
    'blk',
    after('SET_VRING_ENABLE', asks('SET_CONFIG', { offset: 8, size: 4, flags: 0, config: new Uint8Array(4) })),
  ],
  ['CFG-05', 'blk', set('GET_CONFIG=', { offset: 4 })],
  ['CFG-07', 'blk', after('SET_VRING_ENABLE', tells('BACKEND_CONFIG_CHANGE_MSG'))],
  ['CFG-08', 'blk', resized('GET_CONFIG=', -69)],
  ['STA-01', 'net', set('SET_STATUS', { status: 0x120 })],
  ['STA-02', 'net', set('SET_STATUS', { status: 4 })],
  ['MTU-01', 'net', after('SET_OWNER', asks('NET_SET_MTU', { mtu: 20 }))],
  ['CRY-01', 'net', after('SET_OWNER', asks('CLOSE_CRYPTO_SESSION', { session_id: 5 }))],
  [
    'SIZ-11',
    'net',
    both(
      after('SET_OWNER', asks('CREATE_CRYPTO_SESSION', { op_code: 2 }, { dir: 'back-to-front', reply: true })),
      after('SET_OWNER', asks('CREATE_CRYPTO_SESSION', { op_code: 2 })),
      resized('CREATE_CRYPTO_SESSION=', -440),
    ),
  ],
  [
    'CRY-04',
    'net',
    after(
      'SET_OWNER',
      asks('CREATE_CRYPTO_SESSION', { op_code: 2, session_id: -1 }, { dir: 'back-to-front', reply: true }),
    ),
  ],
  ['CRY-02', 'net', after('SET_OWNER', asks('CREATE_CRYPTO_SESSION', { op_code: 2, key_len: 65 }))],
  ['LOG-01', 'migration-fs-source', set('SET_LOG_BASE', { size: 64 })],
  ['LOG-02', 'migration-fs-source', set('SET_LOG_BASE', { offset: 100 })],
  ['LOG-03', 'migration-fs-source', withoutAll('SET_LOG_BASE', 'SET_LOG_BASE=')],
  ['LOG-05', 'migration-fs-source', set('SET_PROTOCOL_FEATURES', { protocol_features: 0x88029n })],
  ['LOG-06', 'fs', set('GET_PROTOCOL_FEATURES=', { protocol_features: 0x8c29 })],
  ['INF-01', 'blk', after('SET_OWNER', asks('GET_INFLIGHT_FD', { num_queues: 0, queue_size: 128 }))],
  [
    'INF-03',
    'blk',
    both(
      after('SET_OWNER', asks('SET_INFLIGHT_FD', { mmap_size: 8192, num_queues: 1, queue_size: 128 }), { fds: memfd }),
      after('SET_OWNER', asks('SET_INFLIGHT_FD', { mmap_size: 4096, num_queues: 1, queue_size: 128 }), { fds: memfd }),
    ),
  ],
  [
    'INF-04',
    'blk',
    after('SET_VRING_ENABLE', asks('SET_INFLIGHT_FD', { mmap_size: 4096, num_queues: 1, queue_size: 128 }), {
      fds: memfd,
    }),
  ],
  [
    'DST-01',
    'migration-fs-source',
    after('SET_VRING_KICK', asks('SET_DEVICE_STATE_FD', { direction: 0, phase: 0 }), { fds: [{ kind: 'pipe' }] }),
  ],
  ['DST-03', 'migration-fs-source', withoutAll('SET_DEVICE_STATE_FD', 'SET_DEVICE_STATE_FD=')],
  ['DST-04', 'migration-fs-source', set('SET_DEVICE_STATE_FD=', { nofd: false })],
  ['DST-06', 'migration-fs-source', set('CHECK_DEVICE_STATE=', { result: 1 })],
  ['PCY-01', 'fs', after('SET_OWNER', asks('POSTCOPY_LISTEN'))],
  [
    'PCY-03',
    'net',
    both(
      after('SET_OWNER', asks('POSTCOPY_LISTEN')),
      after('SET_OWNER', asks('POSTCOPY_ADVISE')),
      header('SET_MEM_TABLE', { flags: 9 }),
    ),
  ],
  ['PCY-04', 'net', both(after('SET_OWNER', asks('POSTCOPY_LISTEN')), after('SET_OWNER', asks('POSTCOPY_ADVISE')))],
  ['PCY-05', 'net', both(after('SET_OWNER', asks('POSTCOPY_LISTEN')), after('SET_OWNER', asks('POSTCOPY_ADVISE')))],
  [
    'DST-05',
    'migration-fs-destination',
    after('SET_DEVICE_STATE_FD=', asks('SET_VRING_KICK', { index: 0, nofd: true })),
  ],
  [
    'LOG-04',
    'fs',
    both(smallLog, set('SET_VRING_ADDR', { flags: 1 }), set('SET_FEATURES', { features: 0x170000000n })),
  ],
  ['LOG-07', 'fs', smallLog],
  [
    'GAT-22',
    'fs',
    both(
      set('GET_FEATURES=', { features: 0x171000000n }),
      after('GET_FEATURES=', asks('SET_LOG_BASE', { size: 4096, offset: 0 }), { fds: memfd }),
    ),
  ],
  [
    'INF-02',
    'blk',
    after(
      'SET_OWNER',
      asks('GET_INFLIGHT_FD', { mmap_size: 0, num_queues: 1, queue_size: 128 }, { dir: 'back-to-front', reply: true }),
    ),
  ],
  [
    'IOT-04',
    'qemu10-iommu',
    atLast(tells('BACKEND_IOTLB_MSG', { iova: 0x7000, size: 1, user_address: 0, permissions: 1, type: 1 })),
  ],
  [
    'IOT-05',
    'fs',
    both(
      after('SET_VRING_ENABLE', asks('REM_MEM_REG', region({ user_address: memoryAt }))),
      after(
        'SET_VRING_ENABLE',
        asks('IOTLB_MSG', { iova: 0, size: 4096, user_address: memoryAt, permissions: 3, type: 2 }),
      ),
    ),
  ],
  [
    'FD-10',
    'fs',
    both(negotiated(0x882bn), after('SET_VRING_ENABLE', tells('BACKEND_CONFIG_CHANGE_MSG'), { fds: memfd })),
  ],
  ['IOT-01', 'qemu10-iommu', set('IOTLB_MSG', { type: 1 })],
  [
    'IOT-02',
    'qemu10-iommu',
    after('SET_VRING_KICK', asks('IOTLB_MSG', { iova: 0, size: 4096, user_address: 0, permissions: 0, type: 2 })),
  ],
  [
    'IOT-03',
    'qemu10-iommu',
    after('SET_VRING_KICK', asks('IOTLB_MSG', { iova: 0, size: 4096, user_address: 64, permissions: 3, type: 2 })),
  ],
  [
    'HNO-01',
    'fs',
    after(
      'SET_VRING_ENABLE',
      tells('BACKEND_VRING_HOST_NOTIFIER_MSG', { index: 0, nofd: false, size: 100, offset: 0 }),
      { fds: memfd },
    ),
  ],
  [
    'SHM-01',
    'fs',
    after(
      'SET_OWNER',
      asks(
        'GET_SHMEM_CONFIG',
        { nregions: 2, memory_sizes: [4096, ...new Array(255).fill(0)] },
        { dir: 'back-to-front', reply: true },
      ),
    ),
  ],
  ['SHM-02', 'fs', both(after('SET_OWNER', shmemSizes(8192)), after('SET_OWNER', shmemSizes(4096)))],
  ['SHM-03', 'fs', after('SET_VRING_ENABLE', tells('BACKEND_SHMEM_MAP', shmem(0, 0)), { fds: memfd })],
  [
    'SHM-04',
    'fs',
    both(
      after('SET_VRING_ENABLE', tells('BACKEND_SHMEM_MAP', shmem(4096, 4096)), { fds: memfd }),
      after('SET_VRING_ENABLE', tells('BACKEND_SHMEM_MAP', shmem(0, 8192)), { fds: memfd }),
    ),
  ],
  ['SHM-05', 'fs', after('SET_VRING_ENABLE', tells('BACKEND_SHMEM_UNMAP', shmem(0, 4096)))],
  [
    'SHO-01',
    'fs',
    after('SET_VRING_ENABLE', tells('BACKEND_SHARED_OBJECT_ADD', { uuid: '00000000-0000-0000-0000-000000000000' })),
  ],
  [
    'SHO-02',
    'fs',
    after('SET_VRING_ENABLE', tells('BACKEND_SHARED_OBJECT_REMOVE', { uuid: '6ba7b810-9dad-11d1-80b4-00c04fd430c8' })),
  ],
  ['GPU-01', 'qemu10-gpu', header('GPU_SCANOUT', { flags: 5 })],
  ['GPU-02', 'qemu10-gpu', set('GPU_SET_PROTOCOL_FEATURES', { features: 0x10 })],
  [
    'GPU-03',
    'qemu10-gpu',
    both(
      set('GPU_GET_PROTOCOL_FEATURES=', { features: 0 }),
      after('GPU_SET_PROTOCOL_FEATURES', { ...tells('GPU_GET_EDID', { scanout_id: 0 }), channel: 'gpu' }),
    ),
  ],
  ['GPU-04', 'qemu10-gpu', set('GPU_SCANOUT', { scanout_id: 16 })],
  [
    'GPU-05',
    'qemu10-gpu',
    after('GPU_SCANOUT', { ...tells('GPU_UPDATE', { ...update, data: new Uint8Array(8) }), channel: 'gpu' }),
  ],
  ['GPU-06', 'qemu10-gpu', after('GPU_SCANOUT', { ...tells('GPU_DMABUF_SCANOUT', dmabuf), channel: 'gpu' })],
  [
    'GPU-07',
    'qemu10-gpu',
    both(
      after('GPU_SCANOUT', { ...tells('GPU_DMABUF_UPDATE', update), channel: 'gpu' }),
      after('GPU_SCANOUT', { ...tells('GPU_DMABUF_UPDATE', update), channel: 'gpu' }),
    ),
  ],
  [
    'GPU-09',
    'qemu10-gpu',
    after('GPU_SCANOUT', { ...tells('GPU_UPDATE', { ...update, x: 60000, data: new Uint8Array(4) }), channel: 'gpu' }),
  ],
  ['DIA-01', 'fs', runBy('cloud-hypervisor', 'vhost-user-blk')],
  ['DIA-02', 'fs', both(runBy('qemu-system-x86_64', 'dpdk-testpmd'), set('SET_FEATURES', { features: 0x570000000n }))],
  ['DIA-03', 'fs', set('SET_FEATURES', { features: 0x70000000n })],
  ['DIA-04', 'fs', set('SET_FEATURES', { features: 0x130000002n })],
  ['DIA-05', 'fs', runBy('qemu-system-x86_64', 'spdk_tgt')],
  ['DIA-06', 'rust-virtiofsd', negotiated(0x4a42bn)],
  ['DIA-07', 'net', set('SET_FEATURES', { features: 0x8100000000n })],
  ['DIA-08', 'net', after('SET_FEATURES', asks('CREATE_CRYPTO_SESSION', { op_code: 2 }))],
  ['DIA-09', 'fs', negotiated(0xcc2bn)],
  ['DIA-10', 'rust-virtiofsd', set('SET_FEATURES', { features: 0x370000000n })],
];

/** Rules about two connections; `epochs.test.ts` makes them fire with the recording of a reconnection. */
export const ofTwoConnections: readonly string[] = ['EPO-01', 'EPO-02', 'EPO-03', 'EPO-04'];
