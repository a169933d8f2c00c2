/**
 * Recordings written by hand for tests: one line a message, an arrow (`>` from the front-end, `<` from the back-end),
 * the bytes as hex, and the kinds of the descriptors that came with it.
 */
import type { Step } from '../../src/decode/check/rule.ts';
import { unknownPeers } from '../../src/decode/dialects/peers.ts';
import type { FdIdentity, Frame } from '../../src/decode/frame.ts';
import { decodeFrame } from '../../src/decode/message.ts';
import { contextAfter, fold, newSession, type Session } from '../../src/decode/session/session.ts';

const isHex = (word: string) => /^([0-9a-f]{2})+$/.test(word);

/** The frame of one line. */
export function frameOf(line: string, n = 1, more: Partial<Frame> = {}): Frame {
  const [arrow, ...words] = line.trim().split(/\s+/);
  const bytes = Uint8Array.from(Buffer.from(words.filter(isHex).join(''), 'hex'));
  return {
    n,
    kind: 'message',
    pair: 'pair',
    channel: 'main',
    dir: arrow === '>' ? 'front-to-back' : 'back-to-front',
    session: 1,
    epoch: 1,
    wallNs: 0n,
    receivedNs: 0n,
    sentNs: 0n,
    bytes,
    wireLength: bytes.length,
    offset: 0,
    fds: words.filter(word => !isHex(word)).map(kind => ({ kind }) as FdIdentity),
    context: {},
    ...more,
  };
}

/** The messages of a recording, each with the session before and after it. */
export function stepsOf(text: string | readonly string[], from: Session = newSession): Step[] {
  const lines = typeof text === 'string' ? text.trim().split('\n') : text;
  let session = from;
  return lines.map((line, i) => {
    const frame = frameOf(line, from.n + i + 1, { context: contextAfter(session, {}) });
    const message = decodeFrame(frame);
    const before = session;
    session = fold(before, frame, message);
    const unknown = { peers: unknownPeers, previous: undefined, request: undefined, waiting: [], heldBack: false };
    return { frame, message, before, after: session, fromStart: true, ...unknown };
  });
}

/** QEMU 7.2 and the C virtiofsd: from the connection until the first ring runs. */
export const qemuAndVirtiofsd = `
> 01000000 01000000 00000000
< 01000000 05000000 08000000 0000007501000000
> 0f000000 01000000 00000000
< 0f000000 05000000 08000000 2b8c000000000000
> 10000000 01000000 08000000 2b8c000000000000
> 11000000 01000000 00000000
< 11000000 05000000 08000000 0200000000000000
> 24000000 01000000 00000000
< 24000000 05000000 08000000 2000000000000000
> 15000000 09000000 00000000 socket
< 15000000 05000000 08000000 0000000000000000
> 03000000 01000000 00000000
> 0d000000 01000000 08000000 0000000000000000 eventfd
> 02000000 01000000 08000000 0000007001000000
> 25000000 09000000 28000000 00000000000000000000000000000000000000100000000000f0ff33cf7f00000000000000000000 memfd
< 25000000 05000000 08000000 0000000000000000
> 08000000 01000000 08000000 0000000080000000
> 0a000000 01000000 08000000 0000000000000000
> 09000000 01000000 28000000 000000000000000000408043cf7f000040498043cf7f000000488043cf7f00004059800f00000000
> 0c000000 01000000 08000000 0000000000000000 eventfd
> 12000000 01000000 08000000 0000000001000000
> 0d000000 01000000 08000000 0000000000000000 eventfd
`;

/** The same connection when the guest powers off. */
export const virtiofsdStops = `
> 12000000 01000000 08000000 0000000000000000
> 0b000000 01000000 08000000 0000000000000000
< 0b000000 05000000 08000000 000000004f000000
`;
