import { describe, expect, it } from 'vitest';
import type { Direction, FdIdentity, Frame } from '../../../src/decode/frame.ts';
import { decodeFrame } from '../../../src/decode/message.ts';
import { locate, merged } from '../../../src/decode/session/memory.ts';
import { contextAfter, fold, newSession, type Session } from '../../../src/decode/session/session.ts';

/** One line a message: arrow, hex of the whole message as a real front-end or back-end sent it, descriptors. */
const qemuAndVirtiofsd = `
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
const stopped = `
> 12000000 01000000 08000000 0000000000000000
> 0b000000 01000000 08000000 0000000000000000
< 0b000000 05000000 08000000 000000004f000000
`;

/** Folds a recording; gives the state after each message. */
function states(text: string, from: Session = newSession): Session[] {
  const after: Session[] = [];
  let now = from;
  let n = from.n;
  for (const line of text.trim().split('\n')) {
    const words = line.split(' ');
    const fds = words.filter(word => /^(socket|memfd|eventfd)$/.test(word)).map(kind => ({ kind }) as FdIdentity);
    const bytes = Uint8Array.from(Buffer.from(words.filter(word => /^[0-9a-f]+$/.test(word)).join(''), 'hex'));
    n += 1;
    const frame: Frame = {
      n,
      kind: 'message',
      pair: 'fs',
      channel: 'main',
      dir: (words[0] === '>' ? 'front-to-back' : 'back-to-front') satisfies Direction,
      session: 1,
      epoch: 1,
      wallNs: 0n,
      receivedNs: 0n,
      sentNs: 0n,
      bytes,
      wireLength: bytes.length,
      offset: 0,
      fds,
      context: contextAfter(now, {}),
    };
    now = fold(now, frame, decodeFrame(frame));
    after.push(now);
  }
  return after;
}

describe('a session of QEMU 7.2 and virtiofsd', () => {
  const all = states(qemuAndVirtiofsd);
  const running = all.at(-1) as Session;

  it('knows what was offered and accepted, and by which record', () => {
    expect(running.negotiation).toMatchObject({
      virtio: { offered: 0x175000000n, offeredAt: 2, accepted: 0x170000000n, acceptedAt: 13 },
      protocol: { offered: 0x8c2bn, accepted: 0x8c2bn },
      owner: 12,
      queueNum: 2,
      memorySlots: 32,
    });
  });

  it('translates addresses of the front-end', () => {
    expect(locate(running.memory, 0x7fcf43804000n, 16n)).toMatchObject({
      guestAddress: 0xf805000n,
      fdOffset: 0xf805000n,
    });
    expect(locate(running.memory, 0x7fcf43ffeff0n, 16n), 'the last bytes of the region').toBeDefined();
    expect(locate(running.memory, 0x7fcf43ffeff1n, 16n), 'one byte too far').toBeUndefined();
  });

  it('follows the life of a ring', () => {
    expect(running.vrings.byIndex.get(0)).toMatchObject({
      num: 128,
      running: 'started',
      switched: 'enabled',
      kick: { n: 19, nofd: false, fd: { identity: { kind: 'eventfd' } } },
    });
    const ring = (states(stopped, running).at(-1) as Session).vrings.byIndex.get(0);
    expect(ring).toMatchObject({ running: 'stopped', switched: 'disabled', stoppedAt: { word: 0x4f } });
  });

  it('shares what a message does not change', () => {
    expect(all[14]?.memory).toBe(all[20]?.memory);
    expect(all[14]?.negotiation).toBe(all[20]?.negotiation);
    expect(all[14]?.vrings).not.toBe(all[20]?.vrings);
  });
});

describe('rings without PROTOCOL_FEATURES', () => {
  it('are enabled as soon as the features are set', () => {
    const text = '> 08000000 01000000 08000000 0000000080000000\n> 02000000 01000000 08000000 0000000001000000';
    const [before, after] = states(text);
    expect(before?.vrings.byIndex.get(0)?.switched).toBe('disabled');
    expect(after?.vrings.byIndex.get(0)?.switched).toBe('enabled');
    const later = states('> 08000000 01000000 08000000 0100000080000000', after);
    expect(later[0]?.vrings.byIndex.get(1)?.switched).toBe('enabled');
  });
});

describe('merged', () => {
  const at = (guestAddress: bigint, size: bigint, fdOffset = guestAddress) => ({
    guestAddress,
    size,
    userAddress: guestAddress + 0x7f0000000000n,
    fdOffset,
    n: 1,
  });

  it('joins what continues in guest, front-end and object', () => {
    const regions = [at(0xc0000n, 0x40000n), at(0n, 0xa0000n), at(0xa0000n, 0x20000n), at(0x100000n, 0x1000n, 0n)];
    expect(merged({ regions }).map(one => [one.guestAddress, one.size])).toEqual([
      [0n, 0x100000n],
      [0x100000n, 0x1000n],
    ]);
  });
});
