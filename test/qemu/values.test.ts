import { describe, expect, it } from 'vitest';
import type { CaptureRecord } from './capture.ts';
import type { Conversation } from './conversation.ts';
import type { TracedMessage } from './strace.ts';
import { compareValues, payloadValue, valuesOf } from './values.ts';

function message(id: number, flags: number, payload: string): TracedMessage {
  const head = Buffer.alloc(12);
  head.writeUInt32LE(id, 0);
  head.writeUInt32LE(flags, 4);
  head.writeUInt32LE(payload.length / 2, 8);
  const bytes = Buffer.concat([head, Buffer.from(payload, 'hex')]);
  return { time: 0, id, flags, size: payload.length / 2, pieces: [{ at: 0, bytes }], fds: [] };
}

describe('payloads read by hand', () => {
  it('memory table', () => {
    const regions = '0000000000000000' + '00000a0000000000' + '0000e0c25e7f0000' + '0000000000000000';
    expect(valuesOf(message(5, 1, `0100000000000000${regions}`))).toEqual({
      num_regions: 1n,
      'regions[0].guest_address': 0n,
      'regions[0].size': 0xa0000n,
      'regions[0].user_address': 0x7f5ec2e00000n,
      'regions[0].mmap_offset': 0n,
    });
  });

  it('ring descriptor with the nofd bit', () => {
    expect(valuesOf(message(12, 1, '0201000000000000'))).toEqual({ index: 2n, nofd: 1n });
  });

  it('a request without payload, and one that nobody reads', () => {
    expect(valuesOf(message(1, 1, ''))).toBeUndefined();
    expect(valuesOf(message(99, 1, '00'))).toBeUndefined();
  });
});

describe('payloads of records', () => {
  const payload = {
    features: { value: '0x175000000', names: [] },
    regions: [{ size: 655360 }],
    log: '0x10',
    nofd: true,
  };

  it.each([
    ['features', 0x175000000n],
    ['regions[0].size', 655360n],
    ['log', 16n],
    ['nofd', 1n],
  ])('%s', (path, value) => {
    expect(payloadValue(payload, path)).toBe(value);
  });

  it('a field that is missing or no number is an error, not a zero', () => {
    expect(() => payloadValue(payload, 'regions[1].size')).toThrow('regions[1].size is undefined');
    expect(() => payloadValue({ size: 'many' }, 'size')).toThrow('"many"');
  });

  it('are compared value by value', () => {
    const record: CaptureRecord = {
      ...{ n: 1, session: 1, epoch: 1, type: 'request', channel: 'main', dir: 'front-to-back', name: 'SET_VRING_NUM' },
      payload: { index: 0, num: 128 },
    };
    const main = { sent: [message(8, 1, '0000000000010000')], received: [], rest: { sent: 0, received: 0 } };
    const traced: Conversation[] = [{ main }];
    expect(compareValues([record], traced)).toEqual({
      differences: ['n 1 SET_VRING_NUM: num is 128, in the trace 256'],
      compared: 2,
    });
    expect(compareValues([{ ...record, payload: { index: 0, num: 256 } }], traced).differences).toEqual([]);
  });
});
