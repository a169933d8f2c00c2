import { describe, expect, it } from 'vitest';
import { compileFilter } from '../../../src/decode/filter/filter.ts';
import type { Frame } from '../../../src/decode/frame.ts';
import { pointAt, SyntaxProblem } from '../../../src/decode/syntax-problem.ts';
import { Timing } from '../../../src/decode/timing.ts';
import { conversation } from '../../cli/conversation.ts';

const hex = (text: string) => Uint8Array.from(Buffer.from(text.replace(/\s/g, ''), 'hex'));
const [, request] = conversation as unknown as [Frame, Frame];

/** The conversation of QEMU and virtiofsd (records 1 to 10), and some that it lacks. */
const others: Partial<Frame>[] = [
  { bytes: hex('0c000000 01000000 08000000 0101000000000000') },
  {
    bytes: hex(`05000000 09000000 48000000 02000000 00000000
      0000000000000000 0010000000000000 0000000000000000 0000000000000000
      0000100000000000 0020000000000000 0000000000000000 0000000000000000`),
  },
  {
    channel: 'backend-req',
    dir: 'back-to-front',
    bytes: hex('01000000 01000000 20000000 00f0ffff00000000 0000000000000000 0000000000000000 03 01 000000000000'),
  },
  { bytes: hex('02000000 01000000 08000000 0100000001000000'), context: { device: 26 }, session: 2 },
  { bytes: hex('10000000 01000000 08000000 0100000000000080') },
  { kind: 'raw', bytes: hex('474554') },
  { bytes: hex('5f000000 01000000 00000000') },
];
const timing = new Timing();
const records = [
  ...conversation,
  ...others.map((over, i) => {
    const bytes = over.bytes ?? request.bytes;
    return { ...request, n: 11 + i, channel: 'main' as const, context: {}, ...over, bytes, wireLength: bytes.length };
  }),
].map(frame => ({ frame, facts: timing.next(frame) }));

const matching = (text: string): number[] => {
  const filter = compileFilter(text);
  return records.filter(({ frame, facts }) => filter.matches(frame, facts)).map(({ frame }) => frame.n);
};

describe('a filter', () => {
  it.each<[string, number[]]>([
    ['', records.map(({ frame }) => frame.n)],
    ['GET_FEATURES', [2, 3]],
    ['VHOST_USER_GET_FEATURES and reply', [3]],
    ['get_features && !reply', [2]],
    ['1', [2, 3, 13]],
    ['SLAVE_IOTLB_MSG', [13]],
    ['UNKNOWN(95)', [17]],
    ['name == VHOST_USER_SET_VRING_CALL', [7, 8]],
    ['name ~ /vring_(call|num)/i', [7, 8, 9]],
    ['event', [1, 10]],
    ['closed or connected', [1, 10]],
    ['raw', [16]],
    ['type in {event, raw}', [1, 10, 16]],
    ['session 2', [14]],
    ['n 2..4', [2, 3, 4]],
    ['n in {2, 4..5, 99}', [2, 4, 5]],
    ['id == 0x0d', [7, 8]],
    ['dir == back-to-front and not backend-req', [3, 6]],
    ['back-to-front', [3, 6, 13]],
    ['vring.index == 1', [8, 9, 11]],
    ['vring.index', [7, 8, 9, 11]],
    ['vring.index != 1', [7]],
    ['not vring.index == 1 and main and message', [2, 3, 4, 5, 6, 7, 12, 14, 15, 17]],
    ['index == 1 && nofd', [11]],
    ['payload.nofd == false', [7, 8]],
    ['mem.size > 64M', [5]],
    ['mem.size == 0x2000', [12]],
    ['regions[0].size == 4K', [12]],
    ['region.user_address >= 0x7f0000000000', [5]],
    ['features has VERSION_1', [3, 14]],
    ['features.version_1', [3, 14]],
    ['features has {VERSION_1, RING_EVENT_IDX}', [3]],
    ['features has VIRTIO_F_VERSION_1', [3, 14]],
    ['features & 0x100000000', [3, 14]],
    ['features & 0x3 == 0x1', [14]],
    ['features.fs.notification', [14]],
    ['features has NOTIFICATION', [14]],
    ['protocol_features.reply_ack', [4]],
    ['protocol_features == 0x8000000000000001', [15]],
    ['protocol_features > 0x8000000000000000', [15]],
    ['iotlb.type == MISS', [13]],
    ['iotlb.type in {UPDATE, INVALIDATE}', []],
    ['ack == 0', [6]],
    ['size == 0', [2, 16, 17]],
    ['size >= 1K', []],
    ['fd.kind == memfd', [5]],
    ['fd.size == 256M', [5]],
    ['fd.name ~ memory', [5]],
    ['fds > 0', [5, 7, 8]],
    ['fd.object 3', [7]],
    ['problem', [9]],
    ['problems >= 1', [9]],
    ['flags.need_reply', [5, 12]],
    ['latency > 500us', [3, 6]],
    ['latency_ns > 990000', []],
    ['latency < 1ms and ADD_MEM_REG', [6]],
    ['t >= 0.005', [6, 7, 8, 9, 10, 11]],
    ['t < 1500us', [1, 2, 11, 12, 13, 14, 15, 16, 17]],
    ['answers 5', [6]],
    ['bytes == 474554', [16]],
    ['bytes ~ /^4745/', [16]],
    ['(GET_FEATURES or SET_FEATURES) and (request)', [2, 14]],
  ])('%s', (text, expected) => {
    const found = matching(text);
    // The extra records are a microsecond after the first message, which the tests of time are not about.
    const compared = text.startsWith('t ') ? found.filter(n => n <= 10) : found;
    expect(compared).toEqual(text.startsWith('t ') ? expected.filter(n => n <= 10) : expected);
  });

  it.each([
    ['SET_VRING_KIK', 'there is no message, field or word SET_VRING_KIK (did you mean SET_VRING_KICK?)', 0],
    ['n == 1 and vrng.index == 0', 'there is no field vrng.index (did you mean vring.index?)', 11],
    ['n ==', 'expected a value', 4],
    ['n == 1 n == 2', "expected 'and' or 'or' before this", 7],
    ['(n == 1', "expected ')'", 7],
    ['n == "x', '" without its end', 5],
    ['latency > 5', 'a time needs a unit, as in 5ms', 10],
    ['size > 5x', "unknown unit 'x', expected one of K, M, G, T", 8],
    ['iotlb.type == MIS', 'iotlb.type has no value MIS (did you mean MISS?)', 14],
    ['fd.kind == memf', 'fd.kind is never memf (did you mean memfd?)', 11],
    ['name ~ "a("', "'(' without ')'", 9],
    ['name ~ /a(?=b)/', 'looking ahead or behind is not understood', 9],
    ['n == 0x10000000000000000', 'the number has more than 64 bits', 5],
    ['and', 'there is no message, field or word and', 0],
    ['', undefined, 0],
  ])('%j is wrong: %s', (text, message, column) => {
    const problem = (() => {
      try {
        compileFilter(text);
        return undefined;
      } catch (error) {
        return error;
      }
    })();
    if (message === undefined) expect(problem).toBeUndefined();
    else {
      expect(problem).toBeInstanceOf(SyntaxProblem);
      expect((problem as SyntaxProblem).message).toContain(message);
      expect(problem).toMatchObject({ column });
    }
  });

  it('points at the place', () => {
    expect(pointAt('n == x', new SyntaxProblem('expected a number', 5))).toBe('expected a number\n  n == x\n       ^');
  });

  it.each<[string, Partial<{ id: number; channel: 'main' | 'backend-req'; reply: boolean }>, string]>([
    ['SET_VRING_CALL', { id: 13 }, 'yes'],
    ['SET_VRING_CALL', { id: 12 }, 'no'],
    ['vring.index == 0', { id: 13 }, 'maybe'],
    ['vring.index == 0', { id: 1 }, 'no'],
    ['vring.index == 0', { id: 12, reply: true }, 'no'],
    ['SET_VRING_CALL and vring.index == 0', { id: 12 }, 'no'],
    ['SET_VRING_CALL or vring.index == 0', { id: 13 }, 'yes'],
    ['not SET_VRING_CALL', { id: 13 }, 'no'],
    ['fds > 0', { id: 13 }, 'maybe'],
    ['connected', { id: 13 }, 'no'],
  ])('%s tells from the head %o: %s', (text, head, expected) => {
    const whole = { kind: 'message', channel: 'main', dir: 'front-to-back', id: 1, reply: false, ...head } as const;
    expect(compileFilter(text).head(whole)).toBe(expected);
  });

  it('never says no of a record that matches, or yes of one that does not', () => {
    for (const text of ['vring.index == 1', 'not features.version_1', 'name ~ GET', '13 or mem.size > 1']) {
      const filter = compileFilter(text);
      for (const { frame, facts } of records) {
        const bytes = frame.bytes.length >= 12 ? new DataView(frame.bytes.buffer, frame.bytes.byteOffset) : undefined;
        const isMessage = frame.kind === 'message' && bytes !== undefined;
        const verdict = filter.head({
          kind: frame.kind,
          channel: frame.channel,
          dir: frame.dir,
          id: isMessage ? bytes.getUint32(0, true) : undefined,
          reply: frame.reply === true,
        });
        const matches = filter.matches(frame, facts);
        expect(verdict === 'maybe' || (verdict === 'yes') === matches, `${text} on ${frame.n}: ${verdict}`).toBe(true);
      }
    }
  });
});
