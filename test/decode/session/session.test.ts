import { describe, expect, it } from 'vitest';
import { locate, merged } from '../../../src/decode/session/memory.ts';
import type { Session } from '../../../src/decode/session/session.ts';
import { qemuAndVirtiofsd, stepsOf, virtiofsdStops } from '../recording.ts';

const states = (text: string, from?: Session) => stepsOf(text, from).map(step => step.after);

describe('a session of QEMU 7.2 and virtiofsd', () => {
  const all = states(qemuAndVirtiofsd);
  const running = all.at(-1) as Session;

  it('knows what was offered and accepted, and by which record', () => {
    expect(running.negotiation).toMatchObject({
      virtio: { offered: 0x175000000n, offeredAt: 2, accepted: 0x170000000n, acceptedAt: 14 },
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
      kick: { n: 20, nofd: false, fd: { identity: { kind: 'eventfd' } } },
    });
    const stopped = states(virtiofsdStops, running).at(-1) as Session;
    const kicked = states('> 23000000 01000000 08000000 0000000000000000', stopped).at(-1);
    expect(kicked?.vrings.byIndex.get(0)?.running, 'kicked by a message, although it has an eventfd').toBe('stopped');
    const ring = (states(virtiofsdStops, running).at(-1) as Session).vrings.byIndex.get(0);
    expect(ring).toMatchObject({ running: 'stopped', switched: 'disabled', stoppedAt: { word: 0x4f } });
  });

  it('shares what a message does not change', () => {
    expect(all[15]?.memory).toBe(all[21]?.memory);
    expect(all[15]?.negotiation).toBe(all[21]?.negotiation);
    expect(all[15]?.vrings).not.toBe(all[21]?.vrings);
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
