/** What each side knows of a connection on which vhuscope has stepped in, and whom rules accuse then. */
import { describe, expect, it } from 'vitest';
import { Checker } from '../../../src/decode/check/check.ts';
import type { Frame } from '../../../src/decode/frame.ts';
import { decodeFrame } from '../../../src/decode/message.ts';
import { allWaiting, type Connection, knowledgeOf, owed } from '../../../src/decode/session/connection.ts';
import { differences } from '../../../src/decode/session/differences.ts';
import { Timing } from '../../../src/decode/timing.ts';
import { frameOf } from '../recording.ts';

const bytes = (text: string) => Uint8Array.from(Buffer.from(text.replaceAll(' ', ''), 'hex'));
const dropped = { sentBytes: new Uint8Array(0) };
const injected = { injected: true };
const sent = (text: string) => ({ sentBytes: bytes(text) });

type Line = readonly [line: string, more?: Partial<Frame>];

/** Follows a connection from its first byte; gives what was found, and the connection at last. */
function followed(lines: readonly Line[]): { found: string[]; connection: Connection } {
  const checker = new Checker();
  let frame = frameOf('> 01000000 01000000 00000000');
  const found: string[] = [];
  lines.forEach(([line, more], i) => {
    frame = frameOf(line, i + 1, { offset: i === 0 ? 0 : 1000, ...more });
    for (const one of checker.message(frame, decodeFrame(frame)))
      found.push(`${one.rule} ${one.records[0]} ${one.side}`);
  });
  return { found, connection: checker.connections.of(frame) as Connection };
}

/** REPLY_ACK (bit 3) and MQ (bit 0) on offer, and REPLY_ACK masked away. */
const offered: Line[] = [
  ['> 01000000 01000000 00000000'],
  ['< 01000000 05000000 08000000 0000004001000000'],
  ['> 0f000000 01000000 00000000'],
];
const masked: Line[] = [
  ...offered,
  ['< 0f000000 05000000 08000000 0900000000000000', sent('0f000000 05000000 08000000 0100000000000000')],
];

describe('a connection on which nothing was altered', () => {
  it('is the same for both sides', () => {
    const { connection } = followed(offered);
    expect(connection.backEnd).toBeUndefined();
    expect(knowledgeOf(connection, 'back-end')).toBe(connection);
  });
});

describe('a feature that was masked', () => {
  it('was offered by the back-end, and the front-end does not know of it', () => {
    const { connection } = followed(masked);
    expect(knowledgeOf(connection, 'front-end').state.negotiation.protocol.offered).toBe(1n);
    expect(knowledgeOf(connection, 'back-end').state.negotiation.protocol.offered).toBe(9n);
  });

  it('must not be acknowledged', () => {
    const { found } = followed([...masked, ['> 10000000 01000000 08000000 0900000000000000']]);
    expect(found).toEqual(['NEG-04 5 front-end']);
  });

  it('that was never there and is forced upon the front-end may be acknowledged', () => {
    const { found } = followed([
      ...offered,
      ['< 0f000000 05000000 08000000 0100000000000000', sent('0f000000 05000000 08000000 0900000000000000')],
      ['> 10000000 01000000 08000000 0900000000000000', sent('10000000 01000000 08000000 0100000000000000')],
      // need_reply, as the front-end may with REPLY_ACK.
      ['> 03000000 09000000 00000000', sent('03000000 01000000 00000000')],
    ]);
    expect(found).toEqual([]);
  });

  it('leaves each side with what it knows to be agreed on', () => {
    const { connection } = followed([
      ...masked,
      ['> 10000000 01000000 08000000 0100000000000000', sent('10000000 01000000 08000000 0900000000000000')],
    ]);
    expect(connection.state.negotiation.protocol.accepted).toBe(1n);
    expect(connection.backEnd?.state.negotiation.protocol.accepted).toBe(9n);
  });
});

describe('what the sides know otherwise', () => {
  it('is told side by side', () => {
    const { connection } = followed([
      ...masked,
      [
        '> 0c000000 01000000 08000000 0000000000000000 eventfd',
        { ...sent('0c000000 01000000 08000000 0000000000000000'), sentFds: [] },
      ],
      ['> 08000000 01000000 08000000 0000000080000000', dropped],
    ]);
    expect(differences(connection.state, connection.backEnd?.state ?? connection.state, undefined)).toEqual([
      { what: 'protocol features offered', frontEnd: 'without those', backEnd: 'REPLY_ACK' },
      { what: 'ring 0 num', frontEnd: '128', backEnd: '–' },
      { what: 'ring 0 kick', frontEnd: 'eventfd', backEnd: 'no descriptor' },
    ]);
    expect(differences(connection.state, connection.state, undefined)).toEqual([]);
  });
});

describe('a message that was not sent on', () => {
  const lines: Line[] = [...offered.slice(0, 2), ['> 01000000 01000000 00000000', dropped]];

  it('is known to its author alone', () => {
    const { connection } = followed([...lines, ['> 03000000 01000000 00000000', dropped]]);
    expect(connection.state.negotiation.owner).toBe(4);
    expect(connection.backEnd?.state.negotiation.owner).toBeUndefined();
  });

  it('is waited for by one side, and owed by nobody', () => {
    const { connection } = followed(lines);
    expect(allWaiting(connection).map(({ message }) => message.name)).toEqual(['GET_FEATURES']);
    expect(owed(connection)).toEqual([]);
  });

  it('and whose answer vhuscope made accuses nobody', () => {
    const { found, connection } = followed([
      ...lines,
      ['< 01000000 05000000 08000000 0000000001000000', { ...injected, answers: 3, reply: true }],
    ]);
    expect(found).toEqual([]);
    expect(allWaiting(connection)).toEqual([]);
    expect(connection.state.negotiation.virtio.offered).toBe(1n << 32n);
    expect(connection.backEnd?.state.negotiation.virtio.offered).toBe(0x1_4000_0000n);
  });
});

describe('a message that vhuscope made', () => {
  it('may be wrong without anybody being accused', () => {
    expect(followed([...offered, ['> c8000000 01000000 00000000', injected]]).found).toEqual([]);
  });

  it('may be answered, and the answer kept', () => {
    const { found, connection } = followed([
      ...offered.slice(0, 2),
      ['> 24000000 01000000 00000000', injected],
      ['< 24000000 05000000 08000000 2000000000000000', { ...dropped, answers: 3 }],
    ]);
    expect(found).toEqual([]);
    expect(connection.state.negotiation.memorySlots).toBeUndefined();
    expect(connection.backEnd?.state.negotiation.memorySlots).toBe(32);
  });
});

describe('a message that was changed', () => {
  const agreed: Line[] = [
    ...offered,
    ['< 0f000000 05000000 08000000 0900000000000000'],
    ['> 10000000 01000000 08000000 0900000000000000'],
  ];

  it('may be refused, and neither side is accused', () => {
    const refused: Line[] = [
      ['> 03000000 09000000 00000000', sent('08000000 09000000 08000000 6300000001000000')],
      ['< 08000000 05000000 08000000 0100000000000000', { answers: 6 }],
    ];
    expect(followed([...agreed, ...refused]).found.filter(one => one.startsWith('RPL-07'))).toEqual([]);
    const unchanged: Line[] = [
      ['> 08000000 09000000 08000000 6300000001000000'],
      ['< 08000000 05000000 08000000 0100000000000000', { answers: 6 }],
    ];
    expect(followed([...agreed, ...unchanged]).found).toContain('RPL-07 7 back-end');
  });

  it('accuses its author of what it said, not of what was sent', () => {
    const wrong = '> 08000000 01000000 04000000 00000000';
    const right = '> 08000000 01000000 08000000 0000000080000000';
    const sentWrong = sent(wrong.slice(2));
    expect(followed([...agreed, [wrong, sent(right.slice(2))]]).found).toContain('SIZ-01 6 front-end');
    expect(followed([...agreed, [right, sentWrong]]).found).toEqual(followed([...agreed, [right]]).found);
  });

  it('leaves its descriptors as each side has them', () => {
    const kick = '> 0c000000 01000000 08000000 0000000000000000 eventfd';
    const { connection } = followed([...agreed, [kick, { ...sent(kick.slice(2, -8)), sentFds: [] }]]);
    expect(connection.state.vrings.byIndex.get(0)?.kick).toBeDefined();
    expect(connection.backEnd?.state.vrings.byIndex.get(0)?.kick?.fd).toBeUndefined();
  });
});

describe('an answer that came while its direction was held back', () => {
  const second = 1_000_000_000n;
  const asked: Partial<Frame> = { receivedNs: 10n * second, sentNs: 10n * second };
  const answer: Partial<Frame> = { receivedNs: 15n * second, sentNs: 15n * second, answers: 3 };
  const conversation = (heldNs: bigint | undefined): Line[] => [
    ['> 01000000 01000000 00000000', { receivedNs: 9n * second, sentNs: 9n * second }],
    [
      '< 01000000 05000000 08000000 0000004001000000',
      { receivedNs: 9n * second, sentNs: 15n * second, answers: 1, ...(heldNs !== undefined && { heldNs }) },
    ],
    ['> 0f000000 01000000 00000000', asked],
    ['< 0f000000 05000000 08000000 0100000000000000', answer],
  ];

  it('accuses nobody of having taken long', () => {
    expect(followed(conversation(6n * second)).found).toEqual([]);
    expect(followed(conversation(undefined)).found).toEqual(['RPL-11 4 back-end']);
  });

  it('has no latency', () => {
    const latencies = (heldNs: bigint | undefined) => {
      const timing = new Timing();
      return conversation(heldNs).map(
        ([line, more], i) =>
          timing.next({ ...frameOf(line, i + 1, more), ...(line.startsWith('<') && { reply: true }) }).latencyNs,
      );
    };
    expect(latencies(6n * second)).toEqual([undefined, 0, undefined, undefined]);
    expect(latencies(undefined)).toEqual([undefined, 0, undefined, 5e9]);
  });
});
