/** Lines of messages that crossed the socket of QEMU and virtiofsd, DPDK and qemu-storage-daemon, typed in hex. */
import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import type { Channel, Frame } from '../../../src/decode/frame.ts';
import { isReply, readHeader, requester } from '../../../src/decode/header.ts';
import { SyntaxProblem } from '../../../src/decode/syntax-problem.ts';
import { type LineStyle, LineWriter } from '../../../src/decode/text/line.ts';
import { encodeLine, parseLine } from '../../../src/decode/text/parse.ts';

const hex = (text: string) => Uint8Array.from(Buffer.from(text.replace(/\s/g, ''), 'hex'));

function frameOf(text: string, more: Partial<Frame> = {}): Frame {
  const bytes = hex(text);
  const channel: Channel = more.channel ?? 'main';
  const asks = requester(channel);
  const reply = isReply(channel, more.dir, readHeader(bytes)?.flags ?? 0);
  return {
    n: 12,
    kind: 'message',
    pair: 'vm',
    channel,
    dir: reply ? (asks === 'front-to-back' ? 'back-to-front' : 'front-to-back') : asks,
    session: 1,
    epoch: 1,
    wallNs: 0n,
    receivedNs: 0n,
    sentNs: 0n,
    bytes,
    wireLength: bytes.length,
    offset: 0,
    fds: [],
    context: {},
    ...(reply && { reply: true, answers: 11 }),
    ...more,
  };
}

function line(frame: Frame, style: LineStyle = {}, latencyNs?: number): string {
  const writer = new LineWriter(style);
  writer.write(frame, { sinceFirstNs: 4_118_999, latencyNs });
  return writer.out.textFrom(0);
}

const cases: [expected: string, bytes: string, more?: Partial<Frame>][] = [
  ['F→B GET_FEATURES', '01000000 01000000 00000000'],
  [
    'F←B └ GET_FEATURES = NOTIFY_ON_EMPTY|LOG_ALL|RING_INDIRECT_DESC|RING_EVENT_IDX|PROTOCOL_FEATURES|VERSION_1',
    '01000000 05000000 08000000 0000007501000000',
  ],
  ['F→B SET_STATUS ACKNOWLEDGE|DRIVER|DRIVER_OK|FEATURES_OK', '27000000 01000000 08000000 0f00000000000000'],
  ['F←B └ GET_QUEUE_NUM = 2', '11000000 05000000 08000000 0200000000000000'],
  ['F←B └ ADD_MEM_REG = ok', '25000000 05000000 08000000 0000000000000000'],
  ['F←B └ ADD_MEM_REG = failed(22)', '25000000 05000000 08000000 1600000000000000'],
  [
    'F→B ADD_MEM_REG need_reply region={guest_address=0x0 size=0x10000000 user_address=0x7fcf33fff000} fd=memfd#2:256M',
    `25000000 09000000 28000000
     0000000000000000 0000000000000000 0000001000000000 00f0ff33cf7f0000 0000000000000000`,
    { fds: [{ kind: 'memfd', object: 2, size: 0x10000000 }] },
  ],
  ['F→B SET_VRING_KICK index=1 nofd', '0c000000 01000000 08000000 0101000000000000'],
  [
    'F→B SET_VRING_ADDR index=0 descriptor=0x7fcf43804000 used=0x7fcf43804940 available=0x7fcf43804800 log=0xf805940',
    '09000000 01000000 28000000 0000000000000000 00408043cf7f0000 40498043cf7f0000 00488043cf7f0000 4059800f00000000',
  ],
  ['F→B SET_VRING_ENABLE index=0 num=0', '12000000 01000000 08000000 0000000000000000'],
  [
    'F→B SET_MEM_TABLE regions=[{guest_address=0x0 size=0x1000} {guest_address=0x100000 size=0x2000}] fds=[memfd#1 +1]',
    `05000000 01000000 48000000 02000000 00000000
     0000000000000000 0010000000000000 0000000000000000 0000000000000000
     0000100000000000 0020000000000000 0000000000000000 0000000000000000`,
    { fds: [{ kind: 'memfd', object: 1 }], fdCount: 2 },
  ],
  [
    'F←B BACKEND_IOTLB_MSG type=MISS iova=0xfffff000 permissions=RW',
    '01000000 01000000 20000000 00f0ffff00000000 0000000000000000 0000000000000000 03 01 000000000000',
    { channel: 'backend-req' },
  ],
  [
    'F←B GPU_UPDATE scanout_id=0 x=0 y=0 width=2 height=1 data=ff000000ff000000',
    '08000000 00000000 1c000000 00000000 00000000 00000000 02000000 01000000 ff000000ff000000',
    { channel: 'gpu', dir: 'back-to-front' },
  ],
  [
    'F←B gpu:UNKNOWN(99) +00*16.0102 !flags=0x5',
    '63000000 05000000 12000000 00000000000000000000000000000000 0102',
    { channel: 'gpu', dir: 'back-to-front' },
  ],
  [
    'F←B backend-req:UNKNOWN(12) +abcd  # may be BACKEND_GPU_MAP_12 of crosvm, BACKEND_MEM_WRITE of QEMU proposal',
    '0c000000 01000000 02000000 abcd',
    { channel: 'backend-req', dir: 'back-to-front' },
  ],
  [
    'F→B SET_LOG_BASE size=0x2000 fd=memfd#9',
    '06000000 01000000 10000000 0020000000000000 0000000000000000',
    { fds: [{ kind: 'memfd', object: 9 }] },
  ],
  ['F→B SET_OWNER +abcd  # 2 bytes after the last field', '03000000 01000000 02000000 abcd'],
  [
    'F→B SET_VRING_NUM index=1 +4000 !length=6  # num needs 4 bytes, 2 left',
    '08000000 01000000 06000000 01000000 4000',
  ],
  [
    'F→B SET_VRING_NUM index=1 !length=4/8  # 16 of 20 bytes captured',
    '08000000 01000000 08000000 01000000',
    { wireLength: 20 },
  ],
  ['[vm2 2.3] F→B GET_FEATURES', '01000000 01000000 00000000', { pair: 'vm2', session: 2, epoch: 3 }],
  ['F→B RAW +474554', '474554', { kind: 'raw' }],
];

describe('a line of a message', () => {
  it.each(cases)('%s', (expected, bytes, more) => {
    const frame = frameOf(bytes, more);
    const writer = new LineWriter();
    writer.write(frameOf('03000000 01000000 00000000'), { sinceFirstNs: 0 });
    writer.out.truncate(0);
    writer.write(frame, { sinceFirstNs: 4_118_999 });
    expect(writer.out.textFrom(0)).toBe(`    12    0.004118  ${expected}`);
  });

  it('tells how long an answer took and which request it answers', () => {
    const frame = frameOf('11000000 05000000 08000000 0200000000000000', { answers: 3 });
    expect(line(frame, { ascii: true }, 512_345)).toBe(
      "    12    0.004118  F<-B '- GET_QUEUE_NUM = 2  # 512 us, answers 3",
    );
  });

  it('says what a person changed and what the kernel dropped', () => {
    const frame = frameOf('03000000 01000000 00000000', {
      ctrunc: true,
      heldNs: 2_000_000_000n,
      sentBytes: new Uint8Array(0),
      seg: [4, 8],
    });
    expect(line(frame)).toMatch(
      /SET_OWNER {2}# descriptors were dropped by the kernel, arrived in pieces of 4, 8 bytes, held 2.00 s, not sent on$/,
    );
  });

  it('is coloured on demand, and the same without its colours', () => {
    const frame = frameOf(cases[6]?.[1] ?? '');
    const coloured = line(frame, { colour: true });
    expect(coloured).toContain('\x1b[36mF→B \x1b[0m');
    expect(stripVTControlCharacters(coloured)).toBe(line(frame));
  });
});

describe('a typed line', () => {
  it.each([
    ['SET_VRING_KICK index=1 nofd', '0c000000 01000000 08000000 0101000000000000'],
    ['VHOST_USER_SET_SLAVE_REQ_FD need_reply', '15000000 09000000 00000000'],
    ['F>B set_status 0x7 # a remark', '27000000 01000000 08000000 0700000000000000'],
    ['B>F GET_QUEUE_NUM = 4', '11000000 05000000 08000000 0400000000000000'],
    ['SET_MEM_TABLE', '05000000 01000000 08000000 0000000000000000'],
    ['SEND_RARP 52:54:00:12:34:56', '13000000 01000000 08000000 5254001234560000'],
  ])('%s', (text, bytes) => {
    expect(encodeLine(parseLine(text))).toEqual(hex(bytes));
  });

  it.each([
    ['SET_VRING_KIK index=1', 0, 'no message is called SET_VRING_KIK'],
    ['SET_VRING_KICK queue=1', 15, 'SET_VRING_KICK has no field queue, it has index, nofd'],
    ['SET_VRING_NUM nun=1', 14, 'SET_VRING_NUM has no field nun (did you mean num?); it has index, num'],
    ['SET_VRING_NUM index=x', 20, 'expected a number'],
    ['SET_MEM_TABLE regions=[{size=1', 30, "expected '}'"],
    ['SET_OWNER fd=thing#1', 13, 'expected a descriptor such as eventfd#7 or memfd#2:256M'],
    ['SET_OWNER +abc', 11, 'expected pairs of hexadecimal digits'],
  ])('%s is wrong at column %i', (text, column, message) => {
    const problem = (() => {
      try {
        return parseLine(text);
      } catch (error) {
        return error;
      }
    })();
    expect(problem).toBeInstanceOf(SyntaxProblem);
    expect(problem).toMatchObject({ column, message });
  });
});
