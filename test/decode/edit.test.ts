import { describe, expect, it } from 'vitest';
import { withFields, withListed } from '../../src/decode/edit.ts';
import { encodeMessage, type Outgoing } from '../../src/decode/encode.ts';
import { compileFilter, Subject } from '../../src/decode/filter/filter.ts';
import type { Context } from '../../src/decode/frame.ts';
import { decodeMessage } from '../../src/decode/message.ts';
import { frameOf } from './recording.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const region = (n: number) => ({ guest_address: n, size: n + 1, user_address: n + 2, mmap_offset: n + 3 });
const made = (name: string, payload: Outgoing['payload'] = {}, more: Partial<Outgoing> = {}) =>
  encodeMessage({ channel: 'main', dir: 'front-to-back', name, payload, ...more });
const table = (...numbers: readonly number[]) => made('SET_MEM_TABLE', { regions: numbers.map(region) });
const envelope = (context: Context = {}) => ({ channel: 'main', dir: 'front-to-back', context }) as const;
const edited = (bytes: Uint8Array, text: string, context?: Context) => withFields(bytes, envelope(context), text);
const payloadOf = (bytes: Uint8Array, context?: Context) => decodeMessage(bytes, envelope(context)).payload;

const blk = { device: 2 };
const net = { device: 1 };
/** 16 bytes of the configuration space from byte 8 on. */
const window = (bytes = new Uint8Array(16)) => made('SET_CONFIG', { offset: 8, config: bytes });
const num = made('SET_VRING_NUM', { index: 1, num: 256 });

describe('assigning fields', () => {
  it('changes a field of an entry, and no other byte', () => {
    const before = table(0x10, 0x20);
    const after = edited(before, 'regions[1].mmap_offset=0x1122334455667788');
    const changed = [...after.keys()].filter(i => after[i] !== before[i]);
    expect(after).toHaveLength(before.length);
    // Header, count and padding, the first region, three fields of the second.
    expect(changed).toEqual([0, 1, 2, 3, 4, 5, 6, 7].map(i => 12 + 8 + 32 + 24 + i));
    expect(payloadOf(after)).toMatchObject({
      regions: [region(0x10), { ...region(0x20), mmap_offset: 0x1122334455667788n }],
    });
  });

  it.each<[what: string, text: string, payload: object, size: number]>([
    ['adds an entry', 'regions[2]={guest_address=7}', { num_regions: 3, regions: [{}, {}, { guest_address: 7 }] }, 104],
    [
      'replaces one',
      'regions[0]={size=9}',
      { num_regions: 2, regions: [{ guest_address: 0, size: 9 }, region(0x20)] },
      72,
    ],
    ['takes one away', 'regions[0]=none', { num_regions: 1, regions: [region(0x20)] }, 40],
    ['replaces all', 'regions=[{size=1} {size=2} {size=3}]', { num_regions: 3 }, 104],
    ['takes all away', 'regions=[]', { num_regions: 0, regions: [] }, 8],
    ['takes a wrong count', 'num_regions=9', { num_regions: 9, regions: [region(0x10), region(0x20)] }, 72],
    [
      'takes a wrong count in any order',
      'num_regions=9 regions[0]=none',
      { num_regions: 9, regions: [region(0x20)] },
      40,
    ],
  ])('%s', (_, text, payload, size) => {
    const after = edited(table(0x10, 0x20), text);
    expect(decodeMessage(after, envelope())).toMatchObject({ size, payload });
    expect(after).toHaveLength(12 + size);
  });

  it('keeps a wrong count, size and flags that were there, and what no field has', () => {
    const odd = edited(table(0x10, 0x20), 'num_regions=3 !size=4 !flags=0x105');
    const after = edited(odd, 'regions[1].size=5 padding=01020304');
    expect(hex(after.subarray(0, 20))).toBe('050000000501000004000000' + '0300000001020304');
    const surplus = Uint8Array.from([...num, 0xaa, 0xbb]);
    expect(hex(edited(surplus, 'num=1'))).toBe(`${hex(num).slice(0, -8)}01000000aabb`);
  });

  it('changes parts of words, and the bits that belong to none', () => {
    const kick = made('SET_VRING_KICK', { index: 3 });
    expect(hex(edited(kick, 'nofd=1 reserved=0x10000').subarray(12))).toBe('0301010000000000');
    expect(() => edited(kick, 'reserved=0x100')).toThrow('reserved: expected bits beside those of index, nofd');
    expect(() => edited(kick, 'index=256')).toThrow('index: expected a number below 256');
  });

  it('reaches the layout that an earlier assignment selects', () => {
    const session = made('CREATE_CRYPTO_SESSION', {
      op_code: 'CIPHER_CREATE',
      cipher_alg: 1,
      auth_key: new Uint8Array(512),
    });
    expect(payloadOf(edited(session, 'op_code=AKCIPHER_CREATE algo=RSA keylen=64 key=aa*1024'))).toMatchObject({
      ...{ op_code: 0x404, algo: 1, keylen: 64 },
    });
  });

  it('writes entries of tables, texts in quotes into bytes, and lets lengths follow', () => {
    const config = made('GET_SHMEM_CONFIG', { memory_sizes: [1, 2, 3] }, { reply: true });
    expect(payloadOf(edited(config, 'memory_sizes[255]=0x1000 memory_sizes[0]=7')).memory_sizes).toMatchObject({
      ...{ 0: 7, 1: 2, 255: 0x1000 },
    });
    expect(() => edited(config, 'memory_sizes[256]=1')).toThrow('memory_sizes has 256 entries, [0] to [255]');
    expect(payloadOf(edited(window(), 'config="abc"'))).toMatchObject({ size: 3, config: Uint8Array.of(97, 98, 99) });
  });

  it('takes names by meaning where one field has them', () => {
    expect(payloadOf(edited(num, 'vring.num=4 payload.index=2'))).toEqual({ index: 2, num: 4 });
    expect(payloadOf(edited(window(), 'config.offset=4'))).toMatchObject({ offset: 4, size: 16 });
  });

  it.each<[bytes: Uint8Array, text: string, complaint: string]>([
    [num, 'nope=1', 'SET_VRING_NUM has no field nope, it has index, num'],
    [num, 'nun=1', 'SET_VRING_NUM has no field nun (did you mean num?); it has index, num'],
    [num, 'num.size=1', 'num has no fields of its own'],
    [num, 'num[1]=1', 'num is no list, it has no [1]'],
    [num, 'num=ten', 'expected a number'],
    [num, 'num', 'expected a field, = and its value'],
    [made('SET_OWNER'), 'num=1', 'SET_OWNER has no field num, nor any'],
    [made('SET_OWNER', {}, { id: 999 }), 'num=1', 'UNKNOWN(999) has no fields that are known'],
    [num.subarray(0, 16), 'num=1', 'num: the payload ends before it, after 4 bytes; a line or hex can write all of it'],
    [
      table(1),
      'size=1',
      'SET_MEM_TABLE has no field size (did you mean regions[0].size?); it has num_regions, regions',
    ],
    [table(1), 'regions.size=1', "regions is a list: regions[0].size is its first entry's"],
    [
      table(1),
      'regions[0].siz=1',
      'regions[0] has no field siz (did you mean size?); it has guest_address, size, user_address, mmap_offset',
    ],
    [table(1, 2), 'regions[2].size=1', 'regions has 2 entries, [0] to [1]'],
    [table(1), 'regions[1]=none', 'regions has 1 entry, [0]'],
    [table(1), 'regions[3]={size=1}', 'regions has 1 entry, [0]; regions[1]={…} adds one'],
    [
      made('SET_VRING_BASE', { index: 1 }),
      'last_avail=1',
      'SET_VRING_BASE has no field last_avail, it has index, num, as things were negotiated',
    ],
  ])('%# %s', (bytes, text, complaint) => {
    expect(() => edited(bytes, text)).toThrow(complaint);
  });

  it('changes the entries of a list as a whole', () => {
    const twice = withListed(table(1, 2), envelope(), 'regions', ([one, ...rest], blank) =>
      [one, one, blank, ...rest].flatMap(each => each ?? []),
    );
    const blank = { guest_address: 0, size: 0, user_address: 0, mmap_offset: 0 };
    expect(payloadOf(twice)).toMatchObject({ num_regions: 4, regions: [region(1), region(1), blank, region(2)] });
    const info = made('GPU_GET_DISPLAY_INFO', {}, { channel: 'gpu', reply: true });
    const gpu = { channel: 'gpu', dir: 'front-to-back', context: {} } as const;
    expect(() => withListed(info, gpu, 'pmodes', entries => entries.slice(1))).toThrow('pmodes always has 16 entries');
    expect(decodeMessage(withFields(info, gpu, 'pmodes[3].width=640'), gpu).payload.pmodes).toMatchObject({
      3: { width: 640 },
    });
  });
});

describe('fields of the configuration space', () => {
  it('are written where they lie in the window', () => {
    const after = edited(window(), 'config.seg_max=0x01020304 config.blk.heads=255', blk);
    expect(hex(after.subarray(24))).toBe('00000000' + '04030201' + '0000ff00' + '00000000');
    expect(hex(edited(window(), 'config.blk.seg_max=1'))).toMatch(/^.{48}0000000001/);
    expect(
      payloadOf(
        edited(
          made('SET_CONFIG', { config: new Uint8Array(8) }),
          'config.mac=52:54:00:00:00:01 config.status=LINK_UP',
          net,
        ),
      ).config,
    ).toEqual(Uint8Array.of(0x52, 0x54, 0, 0, 0, 1, 1, 0));
    const p9 = edited(made('SET_CONFIG', { config: new Uint8Array(8) }), 'config.tag="host"', { device: 9 });
    expect(hex(p9.subarray(24))).toBe(`0400${hex(Buffer.from('host'))}0000`);
  });

  it('are big endian for a legacy device on such a host alone', () => {
    const big = (features: bigint) => ({ device: 2, bigEndian: true, features });
    const bytes = encodeMessage(
      { channel: 'main', name: 'SET_CONFIG', payload: { config: new Uint8Array(8) } },
      { bigEndian: true },
    );
    expect(hex(edited(bytes, 'config.capacity=1', big(0n)).subarray(24))).toBe('0000000000000001');
    expect(hex(edited(bytes, 'config.capacity=1', big(1n << 32n)).subarray(24))).toBe('0100000000000000');
  });

  it.each<[text: string, context: Context, complaint: string]>([
    [
      'config.capacity=1',
      blk,
      'config.capacity: is bytes 0 to 7 of the configuration space of blk, this SET_CONFIG carries bytes 8 to 23',
    ],
    [
      'config.min_io_size=1',
      blk,
      'config.min_io_size: is bytes 26 to 27 of the configuration space of blk, this SET_CONFIG carries bytes 8 to 23',
    ],
    [
      'config.capacity=1',
      {},
      'the device is not known, nor what its configuration space has: name it, as in config.blk.capacity, or say it with --device',
    ],
    ['config.net.mtu=1', blk, 'the device is blk, config.net is that of another'],
    [
      'config.seg_mx=1',
      blk,
      'the configuration space of blk has no seg_mx (did you mean seg_max?); it has capacity, size_max',
    ],
    ['config.blkk.seg_max=1', {}, 'no device is called blkk (did you mean blk?)'],
    ['config.anything=1', { device: 12 }, 'no configuration space is known of'],
    ['capacity=1', blk, 'SET_CONFIG has no field capacity (did you mean config.capacity?)'],
    ['config.heads=256', blk, 'config.heads: expected a number of 1 byte'],
  ])('%s %j', (text, context, complaint) => {
    expect(() => edited(window(), text, context)).toThrow(complaint);
  });

  it('have no short name in filters where devices mean different things by it', () => {
    expect(() => compileFilter('config.fs.tag == "x"')).not.toThrow();
    expect(() => compileFilter('config.tag == "x"')).toThrow('config.tag');
  });

  it.each(['config.seg_max', 'config.blk.seg_max'])('%s is the same in a filter', name => {
    const bytes = edited(window(), `${name}=77`, blk);
    const frame = { ...frameOf('F→B SET_CONFIG', 1, { context: blk }), bytes, wireLength: bytes.length };
    expect(compileFilter(`${name} == 77`).test(new Subject(frame))).toBe(true);
    expect(compileFilter(`${name} == 78`).test(new Subject(frame))).toBe(false);
    expect(compileFilter(`${name} == 77`).test(new Subject({ ...frame, context: net }))).toBe(false);
  });
});
