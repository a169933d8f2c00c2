import type { Payload } from '../../src/decode/decode.ts';
import type { Channel, Context } from '../../src/decode/frame.ts';

/**
 * One message as bytes and as values. The bytes are typed from the layouts of the specification, or come from system
 * call traces of real peers (`seen`); never from our own encoder.
 */
export interface Row {
  readonly channel: Channel;
  readonly name: string;
  readonly reply?: true;
  /** Little endian, header included; a run of zeros may be written `00*n`. */
  readonly hex: string;
  /** The same message from a big-endian host. */
  readonly bigEndian?: string;
  readonly payload: Payload;
  readonly context?: Context;
  readonly fds?: number;
  /** The peers it was seen between. */
  readonly seen?: string;
}

/** Bytes of a row's text. */
export function bytesOf(text: string): Uint8Array {
  const plain = text.replace(/00\*(\d+)/g, (_, count) => '00'.repeat(Number(count))).replace(/\s/g, '');
  return Uint8Array.from(Buffer.from(plain, 'hex'));
}

type Typed = Omit<Row, 'channel' | 'name' | 'reply' | 'hex' | 'payload'>;

const main = (name: string, hex: string, payload: Payload = {}, more: Typed = {}): Row => ({
  ...{ channel: 'main', name, hex, payload },
  ...more,
});
const mainReply = (name: string, hex: string, payload: Payload = {}, more: Typed = {}): Row => ({
  ...main(name, hex, payload, more),
  reply: true,
});
const back = (name: string, hex: string, payload: Payload = {}, more: Typed = {}): Row => ({
  ...main(name, hex, payload, more),
  channel: 'backend-req',
});
const backReply = (name: string, hex: string, payload: Payload = {}, more: Typed = {}): Row => ({
  ...back(name, hex, payload, more),
  reply: true,
});
const gpu = (name: string, hex: string, payload: Payload = {}, more: Typed = {}): Row => ({
  ...main(name, hex, payload, more),
  channel: 'gpu',
});
const gpuReply = (name: string, hex: string, payload: Payload = {}, more: Typed = {}): Row => ({
  ...gpu(name, hex, payload, more),
  reply: true,
});

const ack = { result: 0 };
const qemuBlk = { seen: 'QEMU 7.2 and qemu-storage-daemon' };
const qemuFs = { seen: 'QEMU 7.2 and virtiofsd' };
const uuid = '00112233-4455-6677-8899-aabbccddeeff';
const uuidHex = '00112233445566778899aabbccddeeff';
const bytes = (hex: string) => bytesOf(hex);
const crosvm: Context = { frontEnd: 'crosvm', protocolFeatures: 0n };

const region = { guest_address: 0, size: 0x10000000, user_address: 0x7f2083fff000, mmap_offset: 0 };
const inflight = { mmap_size: 0x1000, mmap_offset: 0x2000, num_queues: 2, queue_size: 256 };
const inflightHex = '0010000000000000 0020000000000000 0200 0001 00000000';
const mapping = { shmid: 1, fd_offset: 0x1000, shm_offset: 0x2000, len: 0x3000, flags: 1 };
const mappingHex = '01 00000000000000 0010000000000000 0020000000000000 0030000000000000 0100000000000000';
const control = { type: 0x1101, flags: 1, fence_id: 2, ctx_id: 3, ring_idx: 4 };
const controlHex = '01110000 01000000 0200000000000000 03000000 04 000000';
const dmabuf = {
  ...{ scanout_id: 0, x: 1, y: 2, width: 640, height: 480 },
  ...{ fd_width: 1024, fd_height: 768, fd_stride: 4096, fd_flags: 1, fd_drm_fourcc: 0x34325258 },
};
const dmabufHex = `00000000 01000000 02000000 80020000 e0010000
  00040000 00030000 00100000 01000000 58523234`;
const idle = { x: 0, y: 0, width: 0, height: 0, enabled: 0, flags: 0 };
const noEntries: number[] = new Array(8).fill(0);
const dax = {
  fd_offset: [0x1000, ...noEntries.slice(1)],
  cache_offset: [0x2000, ...noEntries.slice(1)],
  len: [0x3000, ...noEntries.slice(1)],
  flags: [3, ...noEntries.slice(1)],
};
const daxHex = '0010 00*62 0020 00*62 0030 00*62 03 00*63';
const crosvmMap = { flags: 3, shmid: 1, shm_offset: 0x2000, fd_offset: 0x1000, len: 0x3000 };
const crosvmMapHex = '03 01 000000000000 0020000000000000 0010000000000000 0030000000000000';
const crosvmUnmap = { shmid: 1, shm_offset: 0x2000, len: 0x3000 };
const crosvmUnmapHex = '01 00000000000000 0020000000000000 0030000000000000';
const gpuMap = { ...crosvmUnmap, memory_idx: 5, handle_type: 6, device_uuid: uuid, driver_uuid: uuid };
const gpuMapHex = `${crosvmUnmapHex} 05000000 06000000 ${uuidHex} ${uuidHex}`;

/** Requests of the front-end and their replies. */
const mainRows: readonly Row[] = [
  main('GET_FEATURES', '01000000 01000000 00000000', {}, { ...qemuBlk, bigEndian: '00000001 00000001 00000000' }),
  mainReply('GET_FEATURES', '01000000 05000000 08000000 467e007501000000', { features: 0x175007e46 }, qemuBlk),
  main(
    'SET_FEATURES',
    '02000000 01000000 08000000 466e007001000000',
    { features: 0x170006e46 },
    {
      ...qemuBlk,
      bigEndian: '00000002 00000001 00000008 0000000170006e46',
    },
  ),
  mainReply('SET_FEATURES', '02000000 05000000 08000000 0000000000000000', ack),
  main('SET_OWNER', '03000000 01000000 00000000', {}, qemuBlk),
  mainReply('SET_OWNER', '03000000 05000000 08000000 0100000000000000', { result: 1 }),
  main('RESET_OWNER', '04000000 01000000 00000000'),
  mainReply('RESET_OWNER', '04000000 05000000 08000000 0000000000000000', ack),
  main(
    'SET_MEM_TABLE',
    `05000000 09000000 48000000 02000000 00000000
     0000000000000000 0000100000000000 0000f083207f0000 0000000000000000
     0000100000000000 0000f00f00000000 0000008a207f0000 0000100000000000`,
    {
      num_regions: 2,
      regions: [
        { guest_address: 0, size: 0x100000, user_address: 0x7f2083f00000, mmap_offset: 0 },
        { guest_address: 0x100000, size: 0xff00000, user_address: 0x7f208a000000, mmap_offset: 0x100000 },
      ],
    },
    { fds: 2 },
  ),
  main(
    'SET_MEM_TABLE',
    `05000000 01000000 30000000 01000000 00000000
     0000100000000000 0000200000000000 00000000007f0000 0030000000000000 02000000 07000000`,
    {
      num_regions: 1,
      regions: [
        {
          ...{ guest_address: 0x100000, size: 0x200000, user_address: 0x7f0000000000, mmap_offset: 0x3000 },
          ...{ xen_mmap_flags: 2, domid: 7 },
        },
      ],
    },
    {
      fds: 1,
      bigEndian: `00000005 00000001 00000030 00000001 00000000
        0000000000100000 0000000000200000 00007f0000000000 0000000000003000 00000002 00000007`,
    },
  ),
  // The acknowledgement of a postcopy table.
  main('SET_MEM_TABLE', '05000000 01000000 08000000 0000000000000000', { num_regions: 0, regions: [] }),
  mainReply('SET_MEM_TABLE', '05000000 05000000 08000000 0000000000000000', ack),
  mainReply(
    'SET_MEM_TABLE',
    `05000000 05000000 28000000 01000000 00000000
     0000000000000000 0000001000000000 00000000e07f0000 0000000000000000`,
    {
      num_regions: 1,
      regions: [{ guest_address: 0, size: 0x10000000, user_address: 0x7fe000000000, mmap_offset: 0 }],
    },
  ),
  main(
    'SET_LOG_BASE',
    '06000000 01000000 10000000 0080000000000000 0010000000000000',
    { size: 0x8000, offset: 0x1000 },
    {
      fds: 1,
      context: { protocolFeatures: 2n },
    },
  ),
  main('SET_LOG_BASE', '06000000 01000000 08000000 0000a0fdff7f0000', { address: 0x7ffffda00000 }),
  mainReply('SET_LOG_BASE', '06000000 05000000 08000000 0080000000000000', { size: 0x8000 }),
  mainReply('SET_LOG_BASE', '06000000 05000000 00000000'),
  mainReply('SET_LOG_BASE', '06000000 05000000 10000000 0080000000000000 0000000000000000', {
    size: 0x8000,
    offset: 0,
  }),
  main('SET_LOG_FD', '07000000 01000000 00000000', {}, { fds: 1 }),
  mainReply('SET_LOG_FD', '07000000 05000000 08000000 0000000000000000', ack),
  main(
    'SET_VRING_NUM',
    '08000000 01000000 08000000 0000000080000000',
    { index: 0, num: 128 },
    {
      ...qemuBlk,
      bigEndian: '00000008 00000001 00000008 00000000 00000080',
    },
  ),
  mainReply('SET_VRING_NUM', '08000000 05000000 08000000 0000000000000000', ack),
  main(
    'SET_VRING_ADDR',
    `09000000 01000000 28000000 00000000 00000000
     0080248a207f0000 4089248a207f0000 0088248a207f0000 4099240600000000`,
    {
      ...{ index: 0, flags: 0, descriptor: 0x7f208a248000, used: 0x7f208a248940 },
      ...{ available: 0x7f208a248800, log: 0x6249940 },
    },
    {
      ...qemuBlk,
      bigEndian: `00000009 00000001 00000028 00000000 00000000
        00007f208a248000 00007f208a248940 00007f208a248800 0000000006249940`,
    },
  ),
  mainReply('SET_VRING_ADDR', '09000000 05000000 08000000 0000000000000000', ack),
  main(
    'SET_VRING_BASE',
    '0a000000 01000000 08000000 0100000084000000',
    {
      ...{ index: 1, last_avail: 0x84, avail_wrap: false, last_used: 0, used_wrap: false },
    },
    { context: { features: 1n << 34n } },
  ),
  mainReply('SET_VRING_BASE', '0a000000 05000000 08000000 0000000000000000', ack),
  main('GET_VRING_BASE', '0b000000 01000000 08000000 0000000000000000', { index: 0, num: 0 }, qemuBlk),
  mainReply(
    'GET_VRING_BASE',
    '0b000000 05000000 08000000 0000000084000000',
    { index: 0, num: 132 },
    {
      ...qemuBlk,
      context: { features: 0x170006e46n },
    },
  ),
  mainReply(
    'GET_VRING_BASE',
    '0b000000 05000000 08000000 01000000 34925681',
    {
      ...{ index: 1, last_avail: 0x1234, avail_wrap: true, last_used: 0x156, used_wrap: true },
    },
    { context: { features: 1n << 34n } },
  ),
  main(
    'SET_VRING_KICK',
    '0c000000 01000000 08000000 0000000000000000',
    { index: 0, nofd: false },
    { ...qemuBlk, fds: 1 },
  ),
  mainReply('SET_VRING_KICK', '0c000000 05000000 08000000 0000000000000000', ack),
  main(
    'SET_VRING_CALL',
    '0d000000 01000000 08000000 0301000000000000',
    { index: 3, nofd: true },
    {
      bigEndian: '0000000d 00000001 00000008 0000000000000103',
    },
  ),
  mainReply('SET_VRING_CALL', '0d000000 05000000 08000000 0000000000000000', ack),
  main(
    'SET_VRING_ERR',
    '0e000000 01000000 08000000 0000000000000000',
    { index: 0, nofd: false },
    { ...qemuBlk, fds: 1 },
  ),
  mainReply('SET_VRING_ERR', '0e000000 05000000 08000000 0000000000000000', ack),
  main('GET_PROTOCOL_FEATURES', '0f000000 01000000 00000000', {}, qemuBlk),
  mainReply(
    'GET_PROTOCOL_FEATURES',
    '0f000000 05000000 08000000 2b8f000000000000',
    { protocol_features: 0x8f2b },
    qemuBlk,
  ),
  main('SET_PROTOCOL_FEATURES', '10000000 01000000 08000000 2b8c000000000000', { protocol_features: 0x8c2b }, qemuFs),
  mainReply('SET_PROTOCOL_FEATURES', '10000000 05000000 08000000 0000000000000000', ack),
  main('GET_QUEUE_NUM', '11000000 01000000 00000000', {}, qemuBlk),
  mainReply('GET_QUEUE_NUM', '11000000 05000000 08000000 0200000000000000', { queue_num: 2 }, qemuFs),
  main('SET_VRING_ENABLE', '12000000 01000000 08000000 0000000001000000', { index: 0, num: 1 }, qemuBlk),
  mainReply('SET_VRING_ENABLE', '12000000 05000000 08000000 0000000000000000', ack),
  main(
    'SEND_RARP',
    '13000000 01000000 08000000 525400123456 0000',
    { mac: '52:54:00:12:34:56' },
    {
      // The address is in memory order on every host.
      bigEndian: '00000013 00000001 00000008 525400123456 0000',
    },
  ),
  mainReply('SEND_RARP', '13000000 05000000 08000000 0000000000000000', ack),
  main('NET_SET_MTU', '14000000 09000000 08000000 dc05000000000000', { mtu: 1500 }),
  mainReply('NET_SET_MTU', '14000000 05000000 08000000 0000000000000000', ack),
  main('SET_BACKEND_REQ_FD', '15000000 09000000 00000000', {}, { ...qemuBlk, fds: 1 }),
  mainReply('SET_BACKEND_REQ_FD', '15000000 05000000 08000000 0000000000000000', ack, qemuBlk),
  main(
    'IOTLB_MSG',
    '16000000 09000000 20000000 0010000000000000 0010000000000000 00000000007f0000 03 02 aabbccddeeff',
    {
      ...{ iova: 0x1000, size: 0x1000, user_address: 0x7f0000000000, permissions: 3, type: 2 },
      padding: bytes('aabbccddeeff'),
    },
  ),
  mainReply('IOTLB_MSG', '16000000 05000000 08000000 0000000000000000', ack),
  main('SET_VRING_ENDIAN', '17000000 01000000 08000000 0000000001000000', { index: 0, num: 1 }),
  mainReply('SET_VRING_ENDIAN', '17000000 05000000 08000000 0000000000000000', ack),
  main('GET_CONFIG', '18000000 01000000 14000000 00000000 08000000 00000000 0000000000000000', {
    ...{ offset: 0, size: 8, flags: 0, config: bytes('0000000000000000') },
  }),
  mainReply('GET_CONFIG', '18000000 05000000 14000000 00000000 08000000 00000000 0000020000000000', {
    ...{ offset: 0, size: 8, flags: 0, config: bytes('0000020000000000') },
  }),
  mainReply('GET_CONFIG', '18000000 05000000 00000000'),
  mainReply('GET_CONFIG', '18000000 05000000 0c000000 00000000 00000000 00000000', {
    ...{ offset: 0, size: 0, flags: 0, config: bytes('') },
  }),
  main(
    'SET_CONFIG',
    '19000000 09000000 0d000000 20000000 01000000 00000000 01',
    {
      ...{ offset: 32, size: 1, flags: 0, config: bytes('01') },
    },
    { bigEndian: '00000019 00000009 0000000d 00000020 00000001 00000000 01' },
  ),
  mainReply('SET_CONFIG', '19000000 05000000 08000000 0000000000000000', ack),
  main(
    'CREATE_CRYPTO_SESSION',
    `1a000000 01000000 30040000 0200000000000000 03000000 10000000 00000000 00000000 00000000 00000000
     01 01 00 00 00000000 0000000000000000 0000000000000000 000102030405060708090a0b0c0d0e0f 00*48 00*512 00*432
     0000000000000000`,
    {
      ...{ op_code: 2, cipher_alg: 3, key_len: 16, hash_alg: 0, hash_result_len: 0, auth_key_len: 0, add_len: 0 },
      ...{ op_type: 1, direction: 1, hash_mode: 0, alg_chain_order: 0, cipher_key_pointer: 0, auth_key_pointer: 0 },
      cipher_key: bytes('000102030405060708090a0b0c0d0e0f 00*48'),
      auth_key: bytes('00*512'),
      session_id: 0,
    },
  ),
  main(
    'CREATE_CRYPTO_SESSION',
    `1a000000 01000000 30040000 0404000000000000 01000000 01000000 04000000 00000000 0000000000000000
     00000000 02000000 deadbeef 00*1020 0000000000000000`,
    {
      ...{ op_code: 0x404, algo: 1, keytype: 1, keylen: 4, key_pointer: 0, padding_algo: 0, hash_algo: 2 },
      key: bytes('deadbeef 00*1020'),
      session_id: 0,
    },
  ),
  mainReply(
    'CREATE_CRYPTO_SESSION',
    `1a000000 05000000 78020000 ffffffffffffffff 02000000 03000000 10000000 00000000 00000000 00000000 00000000
     01 01 00 00 0000000000000000 0000000000000000 00*64 00*512`,
    {
      ...{ session_id: -1, op_code: 2, cipher_alg: 3, key_len: 16, hash_alg: 0, hash_result_len: 0, auth_key_len: 0 },
      ...{ add_len: 0, op_type: 1, direction: 1, hash_mode: 0, alg_chain_order: 0 },
      ...{ cipher_key_pointer: 0, auth_key_pointer: 0, cipher_key: bytes('00*64'), auth_key: bytes('00*512') },
    },
  ),
  main('CLOSE_CRYPTO_SESSION', '1b000000 01000000 08000000 0500000000000000', { session_id: 5 }),
  mainReply('CLOSE_CRYPTO_SESSION', '1b000000 05000000 08000000 0000000000000000', ack),
  main('POSTCOPY_ADVISE', '1c000000 01000000 00000000'),
  mainReply('POSTCOPY_ADVISE', '1c000000 05000000 00000000', {}, { fds: 1 }),
  main('POSTCOPY_LISTEN', '1d000000 09000000 00000000'),
  mainReply('POSTCOPY_LISTEN', '1d000000 05000000 08000000 0000000000000000', ack),
  main('POSTCOPY_END', '1e000000 09000000 00000000'),
  mainReply('POSTCOPY_END', '1e000000 05000000 08000000 0000000000000000', ack),
  main('GET_INFLIGHT_FD', '1f000000 01000000 18000000 0000000000000000 0000000000000000 0200 0001 00000000', {
    ...{ mmap_size: 0, mmap_offset: 0, num_queues: 2, queue_size: 256 },
  }),
  mainReply('GET_INFLIGHT_FD', `1f000000 05000000 18000000 ${inflightHex}`, inflight, { fds: 1 }),
  main('SET_INFLIGHT_FD', `20000000 01000000 18000000 ${inflightHex}`, inflight, {
    fds: 1,
    bigEndian: '00000020 00000001 00000018 0000000000001000 0000000000002000 0002 0100 00000000',
  }),
  mainReply('SET_INFLIGHT_FD', '20000000 05000000 08000000 0000000000000000', ack),
  main('GPU_SET_SOCKET', '21000000 01000000 00000000', {}, { fds: 1 }),
  mainReply('GPU_SET_SOCKET', '21000000 05000000 08000000 0000000000000000', ack),
  main('RESET_DEVICE', '22000000 01000000 00000000'),
  mainReply('RESET_DEVICE', '22000000 05000000 08000000 0000000000000000', ack),
  main('VRING_KICK', '23000000 01000000 08000000 0200000000000000', { index: 2, num: 0 }),
  mainReply('VRING_KICK', '23000000 05000000 08000000 0000000000000000', ack),
  main('GET_MAX_MEM_SLOTS', '24000000 01000000 00000000', {}, qemuBlk),
  mainReply('GET_MAX_MEM_SLOTS', '24000000 05000000 08000000 2000000000000000', { max_mem_slots: 32 }, qemuBlk),
  main(
    'ADD_MEM_REG',
    `25000000 09000000 28000000 0000000000000000
     0000000000000000 0000001000000000 00f0ff83207f0000 0000000000000000`,
    { region },
    { ...qemuBlk, fds: 1 },
  ),
  mainReply('ADD_MEM_REG', '25000000 05000000 08000000 0000000000000000', ack, qemuBlk),
  mainReply(
    'ADD_MEM_REG',
    `25000000 05000000 28000000 0000000000000000
     0000000000000000 0010000000000000 0000000000e0ff7f 0000000000000000`,
    { region: { guest_address: 0, size: 0x1000, user_address: 0x7fffe00000000000n, mmap_offset: 0 } },
  ),
  main(
    'REM_MEM_REG',
    `26000000 09000000 30000000 0000000000000000
     0010000000000000 0020000000000000 0030000000000000 0040000000000000 01010000 09000000`,
    {
      region: {
        ...{ guest_address: 0x1000, size: 0x2000, user_address: 0x3000, mmap_offset: 0x4000 },
        ...{ xen_mmap_flags: 0x101, domid: 9 },
      },
    },
  ),
  mainReply('REM_MEM_REG', '26000000 05000000 08000000 0000000000000000', ack),
  main('SET_STATUS', '27000000 01000000 08000000 0f00000000000000', { status: 15 }),
  mainReply('SET_STATUS', '27000000 05000000 08000000 0000000000000000', ack),
  main('GET_STATUS', '28000000 01000000 00000000'),
  mainReply('GET_STATUS', '28000000 05000000 08000000 0b00000000000000', { status: 11 }),
  main(
    'GET_SHARED_OBJECT',
    `29000000 01000000 10000000 ${uuidHex}`,
    { uuid },
    {
      bigEndian: `00000029 00000001 00000010 ${uuidHex}`,
    },
  ),
  main('GET_SHARED_OBJECT', '29000000 01000000 00000000'),
  mainReply('GET_SHARED_OBJECT', '29000000 05000000 00000000', {}, { fds: 1 }),
  main('SET_DEVICE_STATE_FD', '2a000000 01000000 08000000 01000000 00000000', { direction: 1, phase: 0 }, { fds: 1 }),
  mainReply('SET_DEVICE_STATE_FD', '2a000000 05000000 08000000 0001000000000000', { error: 0, nofd: true }),
  main('CHECK_DEVICE_STATE', '2b000000 01000000 00000000'),
  mainReply('CHECK_DEVICE_STATE', '2b000000 05000000 08000000 0100000000000000', { result: 1 }),
  main('GET_SHMEM_CONFIG', '2c000000 01000000 00000000'),
  mainReply('GET_SHMEM_CONFIG', '2c000000 05000000 08080000 01000000 00000000 00*8 0000001000000000 00*2032', {
    ...{ nregions: 1, memory_sizes: [0, 0x10000000, ...new Array<number>(254).fill(0)] },
  }),
  mainReply('GET_SHMEM_CONFIG', '2c000000 05000000 10000000 01000000 00000000 0000100000000000', {
    ...{ nregions: 1, sizes: bytes('0000100000000000') },
  }),
  main('GET_VRING_BASE_SKIP_DRAIN', '2d000000 01000000 08000000 0100000000000000', { index: 1, num: 0 }),
  mainReply(
    'GET_VRING_BASE_SKIP_DRAIN',
    '2d000000 05000000 08000000 0100000084000000',
    { index: 1, num: 132 },
    {
      context: { features: 1n << 32n },
    },
  ),
];

/** Requests of the back-end and their replies. */
const backRows: readonly Row[] = [
  back(
    'BACKEND_IOTLB_MSG',
    '01000000 01000000 20000000 0010000000000000 0000000000000000 0000000000000000 01 01 000000000000',
    { iova: 0x1000, size: 0, user_address: 0, permissions: 1, type: 1 },
  ),
  backReply('BACKEND_IOTLB_MSG', '01000000 05000000 08000000 0000000000000000', ack),
  back('BACKEND_CONFIG_CHANGE_MSG', '02000000 09000000 00000000'),
  backReply('BACKEND_CONFIG_CHANGE_MSG', '02000000 05000000 08000000 0100000000000000', { result: 1 }),
  back(
    'BACKEND_VRING_HOST_NOTIFIER_MSG',
    '03000000 09000000 18000000 0100000000000000 0010000000000000 0020000000000000',
    { index: 1, nofd: false, size: 0x1000, offset: 0x2000 },
    { fds: 1, bigEndian: '00000003 00000009 00000018 0000000000000001 0000000000001000 0000000000002000' },
  ),
  backReply('BACKEND_VRING_HOST_NOTIFIER_MSG', '03000000 05000000 08000000 0000000000000000', ack),
  back('BACKEND_VRING_CALL', '04000000 01000000 08000000 0100000000000000', { index: 1, num: 0 }),
  backReply('BACKEND_VRING_CALL', '04000000 05000000 08000000 0000000000000000', ack),
  back('BACKEND_VRING_ERR', '05000000 01000000 08000000 0200000000000000', { index: 2, num: 0 }),
  backReply('BACKEND_VRING_ERR', '05000000 05000000 08000000 0000000000000000', ack),
  back('BACKEND_SHARED_OBJECT_ADD', `06000000 09000000 10000000 ${uuidHex}`, { uuid }),
  backReply('BACKEND_SHARED_OBJECT_ADD', '06000000 05000000 08000000 0000000000000000', ack),
  back('BACKEND_SHARED_OBJECT_REMOVE', `07000000 09000000 10000000 ${uuidHex}`, { uuid }),
  backReply('BACKEND_SHARED_OBJECT_REMOVE', '07000000 05000000 08000000 0000000000000000', ack),
  back('BACKEND_SHARED_OBJECT_LOOKUP', `08000000 01000000 10000000 ${uuidHex}`, { uuid }),
  backReply('BACKEND_SHARED_OBJECT_LOOKUP', '08000000 05000000 08000000 0000000000000000', ack, { fds: 1 }),
  back('BACKEND_SHMEM_MAP', `09000000 09000000 28000000 ${mappingHex}`, mapping, { fds: 1 }),
  backReply('BACKEND_SHMEM_MAP', '09000000 05000000 08000000 0000000000000000', ack),
  back('BACKEND_SHMEM_UNMAP', `0a000000 09000000 28000000 ${mappingHex}`, mapping),
  backReply('BACKEND_SHMEM_UNMAP', '0a000000 05000000 08000000 0000000000000000', ack),
];

/** The vhost-user-gpu protocol. */
const gpuRows: readonly Row[] = [
  gpu('GPU_GET_PROTOCOL_FEATURES', '01000000 00000000 00000000'),
  gpuReply('GPU_GET_PROTOCOL_FEATURES', '01000000 04000000 08000000 0300000000000000', { features: 3 }),
  gpu('GPU_SET_PROTOCOL_FEATURES', '02000000 00000000 08000000 0100000000000000', { features: 1 }),
  gpu('GPU_GET_DISPLAY_INFO', '03000000 00000000 00000000'),
  gpuReply(
    'GPU_GET_DISPLAY_INFO',
    `03000000 04000000 98010000 ${controlHex} 00000000 00000000 00050000 20030000 01000000 00000000 00*360`,
    {
      ...control,
      pmodes: [{ ...idle, width: 1280, height: 800, enabled: 1 }, ...new Array<typeof idle>(15).fill(idle)],
    },
  ),
  gpu(
    'GPU_CURSOR_POS',
    '04000000 00000000 0c000000 01000000 0a000000 14000000',
    { scanout_id: 1, x: 10, y: 20 },
    {
      bigEndian: '00000004 00000000 0000000c 00000001 0000000a 00000014',
    },
  ),
  gpu('GPU_CURSOR_POS_HIDE', '05000000 00000000 0c000000 01000000 00000000 00000000', { scanout_id: 1, x: 0, y: 0 }),
  gpu('GPU_CURSOR_UPDATE', '06000000 00000000 14400000 00000000 01000000 02000000 03000000 04000000 00*16384', {
    ...{ scanout_id: 0, x: 1, y: 2, hot_x: 3, hot_y: 4, data: bytes('00*16384') },
  }),
  gpu('GPU_SCANOUT', '07000000 00000000 0c000000 00000000 00050000 20030000', {
    scanout_id: 0,
    width: 1280,
    height: 800,
  }),
  gpu('GPU_UPDATE', '08000000 00000000 1c000000 00000000 05000000 06000000 02000000 01000000 0011223300445566', {
    ...{ scanout_id: 0, x: 5, y: 6, width: 2, height: 1, data: bytes('0011223300445566') },
  }),
  gpu('GPU_DMABUF_SCANOUT', `09000000 00000000 28000000 ${dmabufHex}`, dmabuf, { fds: 1 }),
  gpu('GPU_DMABUF_UPDATE', '0a000000 00000000 14000000 00000000 01000000 02000000 03000000 04000000', {
    ...{ scanout_id: 0, x: 1, y: 2, width: 3, height: 4 },
  }),
  gpuReply('GPU_DMABUF_UPDATE', '0a000000 04000000 00000000'),
  gpu('GPU_GET_EDID', '0b000000 00000000 04000000 02000000', { scanout_id: 2 }),
  gpuReply('GPU_GET_EDID', `0b000000 04000000 20040000 ${controlHex} 80000000 00000000 00ffffffffffff00 00*1016`, {
    ...control,
    size: 128,
    edid: bytes('00ffffffffffff00 00*1016'),
  }),
  gpu(
    'GPU_DMABUF_SCANOUT2',
    `0c000000 00000000 30000000 ${dmabufHex} 0100000000000001`,
    {
      ...dmabuf,
      modifier: 0x0100000000000001n,
    },
    { fds: 1 },
  ),
];

/** Private messages, by the numbers peers were seen to use or the sources of those peers name. */
const privateRows: readonly Row[] = [
  main('GET_SHARED_MEMORY_REGIONS_41', '29000000 01000000 00000000', {}, { context: crosvm }),
  mainReply(
    'GET_SHARED_MEMORY_REGIONS_41',
    '29000000 05000000 18000000 01000000 00000000 01 00000000000000 0000100000000000',
    { num_regions: 1, regions: [{ shmid: 1, length: 0x100000 }] },
    { context: crosvm },
  ),
  main('SLEEP_42', '2a000000 01000000 00000000', {}, { context: crosvm }),
  mainReply('SLEEP_42', '2a000000 05000000 01000000 01', { success: 1 }, { context: crosvm }),
  main('WAKE_43', '2b000000 01000000 00000000', {}, { context: crosvm }),
  mainReply('WAKE_43', '2b000000 05000000 01000000 00', { success: 0 }, { context: crosvm }),
  main('SNAPSHOT_44', '2c000000 01000000 00000000', {}, { context: crosvm }),
  mainReply(
    'SNAPSHOT_44',
    '2c000000 05000000 03000000 01 7b7d',
    { success: 1, data: bytes('7b7d') },
    { context: crosvm },
  ),
  main('RESTORE_45', '2d000000 01000000 02000000 7b7d', { data: bytes('7b7d') }, { context: crosvm }),
  mainReply('RESTORE_45', '2d000000 05000000 01000000 01', { success: 1 }, { context: crosvm }),
  main('SLEEP', 'e8030000 01000000 00000000'),
  mainReply('SLEEP', 'e8030000 05000000 01000000 01', { success: 1 }),
  main('WAKE', 'e9030000 01000000 00000000'),
  mainReply('WAKE', 'e9030000 05000000 01000000 01', { success: 1 }),
  main('SNAPSHOT', 'ea030000 01000000 00000000'),
  mainReply('SNAPSHOT', 'ea030000 05000000 01000000 00', { success: 0, data: bytes('') }),
  main('RESTORE', 'eb030000 01000000 00000000', { data: bytes('') }),
  mainReply('RESTORE', 'eb030000 05000000 01000000 01', { success: 1 }),
  main('GET_SHARED_MEMORY_REGIONS', 'ec030000 01000000 00000000'),
  mainReply('GET_SHARED_MEMORY_REGIONS', 'ec030000 05000000 08000000 0000000000000000', {
    num_regions: 0,
    regions: [],
  }),
  back('BACKEND_FS_MAP_4', `04000000 09000000 00010000 ${daxHex}`, dax, { fds: 1 }),
  back('BACKEND_FS_UNMAP_5', `05000000 09000000 00010000 ${daxHex}`, dax),
  back('BACKEND_FS_MAP', `06000000 09000000 00010000 ${daxHex}`, dax, { fds: 1 }),
  back('BACKEND_FS_SYNC_6', `06000000 09000000 00010000 ${daxHex}`, dax),
  back('BACKEND_FS_UNMAP', `07000000 09000000 00010000 ${daxHex}`, dax),
  back('BACKEND_FS_IO_7', `07000000 09000000 00010000 ${daxHex}`, dax, { fds: 1 }),
  back('BACKEND_FS_SYNC', `08000000 09000000 00010000 ${daxHex}`, dax),
  back('BACKEND_FS_IO_8', `08000000 09000000 00010000 ${daxHex}`, dax, { fds: 1 }),
  back('BACKEND_FS_IO', `09000000 09000000 00010000 ${daxHex}`, dax, { fds: 1 }),
  back('BACKEND_FS_MAP_8', `08000000 09000000 00010000 ${daxHex}`, dax, { fds: 1, context: crosvm }),
  back('BACKEND_FS_UNMAP_9', `09000000 09000000 00010000 ${daxHex}`, dax, { context: crosvm }),
  back('BACKEND_FS_SYNC_10', `0a000000 09000000 00010000 ${daxHex}`, dax, { context: crosvm }),
  back('BACKEND_FS_IO_11', `0b000000 09000000 00010000 ${daxHex}`, dax, { fds: 1, context: crosvm }),
  back('BACKEND_FS_MAP_1002', `ea030000 09000000 00010000 ${daxHex}`, dax, { fds: 1 }),
  back('BACKEND_FS_UNMAP_1003', `eb030000 09000000 00010000 ${daxHex}`, dax),
  back('BACKEND_FS_SYNC_1004', `ec030000 09000000 00010000 ${daxHex}`, dax),
  backReply('BACKEND_FS_SYNC_1004', 'ec030000 05000000 08000000 0000000000000000', ack),
  back('BACKEND_FS_IO_1005', `ed030000 09000000 00010000 ${daxHex}`, dax, { fds: 1 }),
  backReply('BACKEND_FS_IO_1005', 'ed030000 05000000 08000000 0000000000000000', ack),
  back('BACKEND_FS_MAP_1000', `e8030000 09000000 00010000 ${daxHex}`, dax, { fds: 1 }),
  back('BACKEND_FS_UNMAP_1001', `e9030000 09000000 00010000 ${daxHex}`, dax),
  back('BACKEND_FS_SYNC_1002', `ea030000 09000000 00010000 ${daxHex}`, dax),
  back('BACKEND_FS_IO_1003', `eb030000 09000000 00010000 ${daxHex}`, dax, { fds: 1 }),
  back('BACKEND_SHMEM_MAP_6', `06000000 09000000 20000000 ${crosvmMapHex}`, crosvmMap, { fds: 1 }),
  back('BACKEND_SHMEM_UNMAP_7', `07000000 09000000 18000000 ${crosvmUnmapHex}`, crosvmUnmap),
  back('BACKEND_GPU_MAP_12', `0c000000 09000000 40000000 ${gpuMapHex}`, gpuMap, { fds: 1 }),
  back('BACKEND_SHMEM_MAP_1000', `e8030000 09000000 20000000 ${crosvmMapHex}`, crosvmMap, { fds: 1 }),
  back('BACKEND_SHMEM_UNMAP_1001', `e9030000 09000000 18000000 ${crosvmUnmapHex}`, crosvmUnmap),
  back('BACKEND_GPU_MAP', `ee030000 09000000 40000000 ${gpuMapHex}`, gpuMap, { fds: 1 }),
  backReply('BACKEND_GPU_MAP', 'ee030000 05000000 08000000 0000000000000000', ack),
  back('BACKEND_EXTERNAL_MAP', `ef030000 09000000 20000000 ${crosvmUnmapHex} 0000a0fdff7f0000`, {
    ...crosvmUnmap,
    ptr: 0x7ffffda00000,
  }),
  backReply('BACKEND_EXTERNAL_MAP', 'ef030000 05000000 08000000 0000000000000000', ack),
  back('BACKEND_MEM_READ', '0b000000 01000000 0c000000 0010000000000000 04000000', { guest_addr: 0x1000, size: 4 }),
  back('BACKEND_MEM_WRITE', '0c000000 01000000 10000000 0010000000000000 04000000 deadbeef', {
    ...{ guest_addr: 0x1000, size: 4, data: bytes('deadbeef') },
  }),
];

/** Every declared message, request and reply. */
export const rows: readonly Row[] = [...mainRows, ...backRows, ...gpuRows, ...privateRows];
