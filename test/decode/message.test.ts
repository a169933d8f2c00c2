import { describe, expect, it } from 'vitest';
import { decodeMessage } from '../../src/decode/message.ts';

const hex = (text: string) => Uint8Array.from(Buffer.from(text.replace(/\s/g, ''), 'hex'));
const fromFrontEnd = { channel: 'main', dir: 'front-to-back', context: {} } as const;

describe('decodeMessage', () => {
  it('reads a ring descriptor message', () => {
    const message = decodeMessage(hex('0c000000 01000000 08000000 0101000000000000'), fromFrontEnd);
    expect(message).toMatchObject({ name: 'SET_VRING_KICK', reply: false, size: 8, problems: [] });
    expect(message.payload).toEqual({ index: 1, nofd: true });
  });

  it('reads a memory table with addresses above 2^53', () => {
    const message = decodeMessage(
      hex(
        '05000000 09000000 28000000 01000000 00000000 0000000000000000 0000001000000000 0000f0ff33cf7ff1 0010000000000000',
      ),
      fromFrontEnd,
    );
    expect(message.needReply).toBe(true);
    expect(message.payload).toEqual({
      num_regions: 1,
      regions: [{ guest_address: 0, size: 0x10000000, user_address: 0xf17fcf33fff00000n, mmap_offset: 0x1000 }],
    });
  });

  it('says what is missing and keeps what is left over', () => {
    const short = decodeMessage(hex('08000000 01000000 06000000 01000000 4000'), fromFrontEnd);
    expect(short.payload).toEqual({ index: 1 });
    expect(short.problems).toEqual([{ path: 'num', offset: 16, message: 'needs 4 bytes, 2 left' }]);
    expect(short.rest).toEqual(hex('4000'));
    const long = decodeMessage(hex('03000000 01000000 02000000 abcd'), fromFrontEnd);
    expect(long.problems).toEqual([{ path: '', offset: 12, message: '2 bytes after the last field' }]);
    expect(long.rest).toEqual(hex('abcd'));
  });

  it('tells what the recorder cut from what is malformed', () => {
    const message = decodeMessage(hex('08000000 01000000 08000000 01000000'), { ...fromFrontEnd, wireLength: 20 });
    expect(message).toMatchObject({ cut: true, problems: [], payload: { index: 1 } });
  });

  it('keeps unknown numbers as bytes', () => {
    const message = decodeMessage(hex('ff000000 01000000 04000000 00010203'), fromFrontEnd);
    expect(message).toMatchObject({ name: 'UNKNOWN(255)', payload: {}, rest: hex('00010203') });
  });
});
