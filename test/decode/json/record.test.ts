import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromJSONSchema } from 'zod';
import type { Frame } from '../../../src/decode/frame.ts';
import { recordJson } from '../../../src/decode/json/record.ts';
import { decodeFrame } from '../../../src/decode/message.ts';
import { piece } from '../../capture/frames.ts';
import { anyMessage } from '../text/messages.ts';

const path = resolve(import.meta.dirname, '../../../docs/records.schema.json');
const schema = fromJSONSchema(JSON.parse(readFileSync(path, 'utf8')));
const hex = (text: string) => Uint8Array.from(Buffer.from(text.replace(/\s/g, ''), 'hex'));
const facts = { sinceFirstNs: 1_500_000_000 };

/** What the published schema has against a record. */
const complaints = (record: unknown) => schema.safeParse(record).error?.issues ?? [];
const message = (bytes: string, over: Partial<Frame> = {}) =>
  recordJson({ ...piece(1), bytes: hex(bytes), wireLength: hex(bytes).length, ...over }, facts);

describe('a record as JSON', () => {
  it('is as its schema says, whatever the bytes', () => {
    fc.assert(
      fc.property(anyMessage, frame => {
        const record = recordJson(frame, facts, { raw: true });
        expect(complaints(record)).toEqual([]);
        const decoded = decodeFrame(frame);
        expect(record).toMatchObject({
          name: decoded.name,
          type: decoded.reply ? 'reply' : 'request',
          raw: Buffer.from(frame.bytes).toString('hex'),
        });
        expect(Object.keys(record.payload as object)).toEqual(expect.arrayContaining(Object.keys(decoded.payload)));
        expect(record.problems ?? []).toEqual(decoded.problems);
        expect(record.rest).toBe(decoded.rest && Buffer.from(decoded.rest).toString('hex'));
      }),
      { numRuns: 300 },
    );
  });

  it.each<[what: string, bytes: string, payload: unknown, over?: Partial<Frame>]>([
    [
      'addresses as hexadecimal texts, counts as numbers',
      `05000000 01000000 28000000 01000000 00000000
       0000000000000000 0000001000000000 0000f0ff33cf7ff1 0010000000000000`,
      {
        num_regions: 1,
        regions: [
          { guest_address: '0x0', size: '0x10000000', user_address: '0xf17fcf33fff00000', mmap_offset: '0x1000' },
        ],
      },
    ],
    [
      'counts above 2^53-1 as decimal texts',
      '14000000 01000000 08000000 0000000000000020',
      { mtu: '2305843009213693952' },
    ],
    ['the last exact count as a number', '14000000 01000000 08000000 ffffffffffff1f00', { mtu: 9_007_199_254_740_991 }],
    [
      'masks with the names of their bits and the rest',
      '10000000 01000000 08000000 0900000000000080',
      { protocol_features: { value: '0x8000000000000009', names: ['MQ', 'REPLY_ACK'], unknown: '0x8000000000000000' } },
    ],
    [
      'enums with the name of their value',
      '17000000 01000000 08000000 0000000001000000',
      { index: 0, num: { value: 1, name: 'BIG' } },
    ],
    ['enums without one', '17000000 01000000 08000000 0000000009000000', { index: 0, num: { value: 9 } }],
    ['single bits as switches', '0c000000 01000000 08000000 0101000000000000', { index: 1, nofd: true }],
    ['addresses of links', '13000000 01000000 08000000 5254001234560000', { mac: '52:54:00:12:34:56' }],
    [
      'the configuration of a known device with its fields',
      `18000000 05000000 34000000 00000000 28000000 00000000 6d796673 ${'00'.repeat(32)} 02000000`,
      {
        offset: 0,
        size: 40,
        flags: { value: 0, name: 'WRITABLE' },
        config: { bytes: `6d796673${'00'.repeat(32)}02000000`, fields: { tag: 'myfs', num_request_queues: 2 } },
      },
      { dir: 'back-to-front', reply: true, context: { device: 26 } },
    ],
  ])('has %s', (_, bytes, payload, over) => {
    const record = message(bytes, over);
    expect(record.payload).toEqual(payload);
    expect(complaints(record)).toEqual([]);
  });

  it('has a table as an object with the entries that are not zero', () => {
    const sizes = new Uint8Array(12 + 2056);
    sizes.set(hex('2c000000 05000000 08080000 01000000'));
    new DataView(sizes.buffer).setBigUint64(20 + 3 * 8, 0x4000n, true);
    const record = recordJson(
      { ...piece(1, { bytes: sizes }), wireLength: sizes.length, dir: 'back-to-front', reply: true },
      facts,
    );
    expect(record.payload).toEqual({ nregions: 1, memory_sizes: { 3: '0x4000' } });
  });

  it('names what an unknown number may stand for', () => {
    const record = message('0c000000 01000000 02000000 abcd', { channel: 'backend-req', dir: 'back-to-front' });
    expect(record).toMatchObject({
      name: 'UNKNOWN(12)',
      candidates: expect.arrayContaining(['BACKEND_GPU_MAP_12 of crosvm']),
    });
    expect(complaints(record)).toEqual([]);
    expect(message('ff000000 01000000 00000000')).not.toHaveProperty('candidates');
  });

  it('tells times exactly', () => {
    const record = message('03000000 01000000 00000000', {
      wallNs: 1_763_800_000_123_456_789n,
      receivedNs: 18_446_744_073_709_551_615n,
      sentNs: 0n,
      heldNs: 2n,
    });
    expect(record).toMatchObject({
      time: '2025-11-22T08:26:40.123456789Z',
      t: 1.5,
      received_ns: '18446744073709551615',
      held_ns: 2,
    });
    expect(record).not.toHaveProperty('sent_ns');
  });

  it('tells what arrived and what became of it', () => {
    const over: Partial<Frame> = {
      wireLength: 20,
      seg: [4, 8],
      fdAt: 4,
      ctrunc: true,
      fds: [{ kind: 'memfd', size: 4096, seals: 5, pageSize: 4096, access: 'rw', name: 'a"b', object: 3, sameIdAs: 1 }],
      fdCount: 2,
      sentBytes: hex('0102'),
      sentLength: 12,
      injected: true,
      masked: true,
      carried: true,
      damage: 'odd',
    };
    const record = message('03000000 01000000 00000000', over);
    expect(record).toMatchObject({
      size: 8,
      captured: 0,
      seg: [4, 8],
      fd_at: 4,
      ctrunc: true,
      fds: [
        {
          kind: 'memfd',
          size: 4096,
          seals: '0x5',
          page_size: 4096,
          access: 'rw',
          name: 'a"b',
          object: 3,
          same_id_as: 1,
        },
      ],
      fd_count: 2,
      altered: { received: '030000000100000000000000', sent: '0102', sent_size: 12 },
      injected: true,
      masked: true,
      carried: true,
      damage: 'odd',
    });
    expect(complaints(record)).toEqual([]);
  });

  it.each<[Partial<Frame> & { text: string }, object]>([
    [
      { kind: 'event', text: '{"event":"closed","how":"eof"}' },
      { type: 'event', name: 'closed', payload: { how: 'eof' } },
    ],
    [
      { kind: 'finding', text: '{"rule":"r","severity":"error","message":"m","records":[1,2],"more":1}' },
      { type: 'finding', rule: 'r', severity: 'error', message: 'm', records: [1, 2], payload: { more: 1 } },
    ],
    [
      { kind: 'event', text: 'no JSON' },
      { type: 'event', name: 'unknown', payload: {}, rest: '6e6f204a534f4e' },
    ],
    [
      { kind: 'raw', text: 'GET' },
      { type: 'raw', raw: '474554', size: 3, fds: [] },
    ],
  ])('%o', ({ text, ...over }, expected) => {
    const bytes = new TextEncoder().encode(text);
    const record = recordJson({ ...piece(1), ...over, bytes, wireLength: bytes.length }, facts);
    expect(record).toMatchObject(expected);
    expect(complaints(record)).toEqual([]);
  });
});
