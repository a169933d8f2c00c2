import { describe, expect, it } from 'vitest';
import { encodeMessage, encodeStruct, type Outgoing } from '../../src/decode/encode.ts';
import type { Context } from '../../src/decode/frame.ts';
import { decodeMessage } from '../../src/decode/message.ts';
import { struct } from '../../src/decode/schema.ts';

const hex = (text: string) => Uint8Array.from(Buffer.from(text.replace(/\s/g, ''), 'hex'));
const show = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const main = { channel: 'main', dir: 'front-to-back' } as const;

const region = { guest_address: 0x100000, size: 0x2000, user_address: 0x7f0000000000, mmap_offset: 0 };

const cases: [what: string, message: Outgoing, bytes: string, context?: Context][] = [
  ['a message without payload', { ...main, name: 'GET_FEATURES' }, '01000000 01000000 00000000'],
  [
    'a count that follows from the entries',
    { ...main, name: 'SET_MEM_TABLE', needReply: true, payload: { regions: [region] } },
    `05000000 09000000 28000000 01000000 00000000
     0000100000000000 0020000000000000 00000000007f0000 0000000000000000`,
  ],
  [
    'a count that is wrong on purpose',
    { ...main, name: 'SET_MEM_TABLE', payload: { num_regions: 9, regions: [] } },
    '05000000 01000000 08000000 09000000 00000000',
  ],
  [
    'the layout that has the fields of the payload',
    { ...main, name: 'ADD_MEM_REG', payload: { region: { ...region, xen_mmap_flags: ['GRANT'], domid: 7 } } },
    `25000000 01000000 30000000 0000000000000000
     0000100000000000 0020000000000000 00000000007f0000 0000000000000000 02000000 07000000`,
  ],
  [
    'the reply whose layout is complete with what is given',
    { channel: 'main', dir: 'back-to-front', name: 'SET_LOG_BASE', reply: true, payload: { size: 4096 } },
    '06000000 05000000 08000000 0010000000000000',
  ],
  [
    'the request whose layout has both',
    { ...main, name: 'SET_LOG_BASE', payload: { size: 4096, offset: 0 } },
    '06000000 01000000 10000000 0010000000000000 0000000000000000',
  ],
  [
    'parts of a word',
    { ...main, name: 'SET_VRING_CALL', payload: { index: 3, nofd: true } },
    '0d000000 01000000 08000000 0301000000000000',
  ],
  [
    'names of bits and values',
    { ...main, name: 'SET_FEATURES', payload: { features: ['VERSION_1', 'IOMMU_PLATFORM', 'NOTIFICATION', 4] } },
    '02000000 01000000 08000000 1100000003000000',
    { device: 26 },
  ],
  [
    'big endian',
    { ...main, name: 'SET_VRING_NUM', payload: { index: 1, num: 256 } },
    '00000008 00000001 00000008 00000001 00000100',
    { bigEndian: true },
  ],
  [
    'data whose length alone is given',
    { ...main, name: 'GET_CONFIG', payload: { offset: 4, size: 6 } },
    '18000000 01000000 12000000 04000000 06000000 00000000 000000000000',
  ],
  [
    'a length that follows from the data',
    { ...main, name: 'SET_CONFIG', payload: { offset: 32, config: hex('01') } },
    '19000000 01000000 0d000000 20000000 01000000 00000000 01',
  ],
  [
    'a kept pad, surplus bytes, a header that lies',
    {
      ...main,
      name: 'SEND_RARP',
      payload: { mac: '52:54:00:12:34:56', padding: hex('aabb') },
      rest: hex('cc'),
      size: 8,
    },
    '13000000 01000000 08000000 525400123456 aabb cc',
  ],
  [
    'an unknown number',
    { ...main, name: 'UNKNOWN(1000)', flags: 0x31, rest: hex('0102') },
    'e8030000 31000000 02000000 0102',
  ],
  [
    'a reply on the gpu channel',
    { channel: 'gpu', dir: 'front-to-back', name: 'GPU_GET_PROTOCOL_FEATURES', payload: { features: ['EDID'] } },
    '01000000 04000000 08000000 0100000000000000',
  ],
  ['an older name', { ...main, name: 'VHOST_USER_SET_SLAVE_REQ_FD' }, '15000000 01000000 00000000'],
];

describe('encodeMessage', () => {
  it.each(cases)('writes %s', (_, message, bytes, context) => {
    expect(show(encodeMessage(message, context))).toBe(show(hex(bytes)));
  });

  it('writes back a message that ends early', () => {
    const bytes = hex('05000000 01000000 48000000 02000000 00000000 0000100000000000 00200000');
    const { payload, rest, size, struct } = decodeMessage(bytes, { ...main, context: {} });
    const message = { ...main, id: 5, payload, rest, size, struct, length: bytes.length - 12 };
    expect(show(encodeMessage(message))).toBe(show(bytes));
  });

  const refused: readonly (readonly [Outgoing, string])[] = [
    [{ ...main, name: 'SET_VRING_NUM', payload: { indx: 1 } }, 'indx: vring size has no such field, it has index, num'],
    [
      { ...main, name: 'SET_MEM_TABLE', payload: { regions: [region, { ...region, size: -1 }] } },
      'regions[1].size: expected a number of 8 bytes, 0 or more, got "-1"',
    ],
    [{ ...main, name: 'SET_VRING_KICK', payload: { index: 256 } }, 'index: expected a number below 256, got "256"'],
    [
      { ...main, name: 'IOTLB_MSG', payload: { type: 'HIT' } },
      'type: expected a number of 1 byte, 0 or more, or MISS, UPDATE, INVALIDATE, ACCESS_FAIL, BATCH_BEGIN, BATCH_END, got "HIT"',
    ],
    [
      { ...main, name: 'SEND_RARP', payload: { mac: '52:54' } },
      'mac: expected a MAC address such as 52:54:00:12:34:56, got "52:54"',
    ],
    [{ ...main, name: 'GET_CONFIG', payload: { size: 0xffffffff } }, 'config: its 4294967295 bytes must be given'],
    [{ ...main, name: 'SET_NOTHING' }, 'no message of the main channel is called SET_NOTHING'],
    [{ ...main, id: 999, payload: { a: 1 } }, 'a: message 999 of the main channel is not known, it has no fields'],
    [{ ...main }, 'a message needs a name or a number'],
  ];
  it.each(refused)('refuses %#', (message, error) => {
    expect(() => encodeMessage(message)).toThrow(error);
  });
});

describe('encodeStruct', () => {
  it('writes fields that a condition makes optional when they are given or the condition holds', () => {
    const layout = struct('sample', 'sample', {
      a: { kind: 'u8' },
      b: { kind: 'u16', when: ['protocol', 'XEN_MMAP'] },
    });
    expect(show(encodeStruct(layout, { a: 1 }))).toBe('01');
    expect(show(encodeStruct(layout, { a: 1, b: 2 }))).toBe('010200');
    expect(show(encodeStruct(layout, { a: 1 }, { protocolFeatures: 1n << 17n }))).toBe('010000');
  });
});
