/** A short conversation as QEMU and virtiofsd have it, typed in hex, and a capture that holds it. */
import type { Piece } from '../../src/capture/section.ts';
import type { FdIdentity } from '../../src/decode/frame.ts';
import { piece } from '../capture/frames.ts';

type Turn = ['>' | '<' | '*', string, FdIdentity[]?];

const memory: FdIdentity = { kind: 'memfd', size: 0x10000000, name: 'memory-backend-memfd', object: 2 };
const eventfd = (object: number): FdIdentity => ({ kind: 'eventfd', id: object + 40, object });

const turns: readonly Turn[] = [
  [
    '*',
    '{"event":"connected","front_end":{"comm":"qemu-system-x86","pid":4711},"back_end":{"comm":"virtio\\u001bfsd","pid":4712}}',
  ],
  ['>', '01000000 01000000 00000000'],
  ['<', '01000000 05000000 08000000 0000007501000000'],
  ['>', '10000000 01000000 08000000 2b8c000000000000'],
  [
    '>',
    '25000000 09000000 28000000 0000000000000000 0000000000000000 0000001000000000 00f0ff33cf7f0000 0000000000000000',
    [memory],
  ],
  ['<', '25000000 05000000 08000000 0000000000000000'],
  ['>', '0d000000 01000000 08000000 0000000000000000', [eventfd(3)]],
  ['>', '0d000000 01000000 08000000 0100000000000000', [eventfd(4)]],
  ['>', '08000000 01000000 06000000 01000000 4000'],
  ['*', '{"event":"closed","how":"eof","first":"front-end","undelivered_bytes":0,"delivered":"exact"}'],
];

/** The records of the conversation, a millisecond apart. */
export const conversation: readonly Piece[] = turns.map(([who, text, fds = []], i) => {
  const n = i + 1;
  const event = who === '*';
  const bytes = event
    ? new Uint8Array(Buffer.from(text))
    : Uint8Array.from(Buffer.from(text.replace(/\s/g, ''), 'hex'));
  const reply = who === '<';
  const { dir: _, ...plain } = piece(n);
  return {
    ...plain,
    ...(!event && { dir: reply ? ('back-to-front' as const) : ('front-to-back' as const) }),
    kind: event ? 'event' : 'message',
    wallNs: 1_763_800_000_000_000_000n + BigInt(i) * 1_000_000n,
    receivedNs: 5_000_000_000n + BigInt(i) * 1_000_000n,
    sentNs: 5_000_010_000n + BigInt(i) * 1_000_000n,
    ...(reply && { reply: true, answers: n - 1 }),
    bytes,
    wireLength: bytes.length,
    fds,
    context: { device: 26 },
  };
});
