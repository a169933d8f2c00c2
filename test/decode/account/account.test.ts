import { describe, expect, it } from 'vitest';
import { Account } from '../../../src/decode/account/account.ts';
import type { Frame } from '../../../src/decode/frame.ts';
import { decodeFrame } from '../../../src/decode/message.ts';
import { frameOf, qemuAndVirtiofsd } from '../recording.ts';

/** An account of the messages of the recording, each a millisecond after the other, passed on after `delayNs`. */
function accountOf(text: string, change: (frame: Frame) => Frame = frame => frame) {
  const account = new Account();
  for (const [i, line] of text.trim().split('\n').entries()) {
    const at = BigInt(i + 1) * 1_000_000n;
    const answers = line.startsWith('<') ? { answers: i, reply: true } : {};
    const frame = change(
      frameOf(line, i + 1, { wallNs: at, receivedNs: at, sentNs: at + 20_000n, offset: i, ...answers }),
    );
    account.take(frame, decodeFrame(frame));
  }
  return account;
}

function told(account: Account, event: Record<string, unknown>, more: Partial<Frame> = {}): void {
  const bytes = new TextEncoder().encode(JSON.stringify(event));
  account.take({ ...frameOf('> ', 99), kind: 'event', bytes, ...more }, undefined);
}

describe('an account', () => {
  it('knows delays, latencies and steps', () => {
    const [one] = accountOf(qemuAndVirtiofsd).result().connections;
    expect(one?.delay).toMatchObject({ count: 22, most: 20_000 });
    expect(one?.latencies.get('GET_FEATURES')).toEqual({ count: 1, sum: 980_000, most: 980_000, mostAt: 2 });
    expect(one?.steps.slice(0, 3).map(step => [step.name, step.phase])).toEqual([
      ['GET_FEATURES', 'negotiation'],
      ['GET_PROTOCOL_FEATURES', 'negotiation'],
      ['SET_PROTOCOL_FEATURES', 'negotiation'],
    ]);
    expect(one?.gaps).toMatchObject({ lost: 0, late: false });
  });

  it('puts together who the peers are from several events', () => {
    const account = accountOf(qemuAndVirtiofsd);
    told(account, { event: 'connected', front_end: { pid: 1, comm: 'qemu' }, back_end: { pid: 2, comm: 'virtiofsd' } });
    told(account, { event: 'peer', side: 'back-end', pid: 2, executable: '/usr/bin/virtiofsd', build_id: 'aa' });
    told(account, { event: 'peer-exit', side: 'back-end', pid: 2, state: 'exited', after_ms: 3 });
    expect(account.result().connections[0]?.peers).toEqual({
      'front-end': { pid: 1, comm: 'qemu' },
      'back-end': {
        pid: 2,
        comm: 'virtiofsd',
        executable: '/usr/bin/virtiofsd',
        buildId: 'aa',
        state: 'exited',
        afterMs: 3,
      },
    });
  });

  it.each([
    ['shortened', { bytes: new Uint8Array(16), wireLength: 20 }, { snapped: 1, snappedBytes: 4 }],
    ['without descriptors', { ctrunc: true }, { ctrunc: 1 }],
    ['changed', { sentBytes: new Uint8Array(20) }, { altered: 1 }],
    ['held', { heldNs: 5n }, { held: 1 }],
    ['masked', { masked: true }, { masked: 1 }],
    ['damaged', { damage: 'odd' }, { damaged: 1 }],
  ])('counts a message that is %s', (_, change, expected) => {
    const [one] = accountOf(qemuAndVirtiofsd, frame => (frame.n === 8 ? { ...frame, ...change } : frame)).result()
      .connections;
    expect(one?.gaps).toMatchObject(expected);
  });

  it.each([
    [{ event: 'lost', count: 7 }, { lost: 7 }],
    [
      { event: 'not-interposed', channel: 'gpu', why: 'not a socket' },
      { notInterposed: [{ channel: 'gpu', why: 'not a socket' }] },
    ],
    [
      { event: 'closed', how: 'reset', first: 'back-end', delivered: 'softened', undelivered_bytes: 9 },
      { softened: 1, undelivered: 9 },
    ],
  ])('counts what %j tells', (event, expected) => {
    const account = accountOf(qemuAndVirtiofsd);
    told(account, event);
    expect(account.result().connections[0]?.gaps).toMatchObject(expected);
  });

  it('has what rules find in bytes that are no message', () => {
    const account = accountOf(qemuAndVirtiofsd);
    const frame: Frame = { ...frameOf('> ', 99), kind: 'raw', bytes: new Uint8Array(5), wireLength: 5, sentNs: 1n };
    const found = account.take(frame, undefined);
    expect(found.map(({ rule }) => rule)).toEqual(['FRM-09']);
    const [one] = account.result().connections;
    expect(one?.findings).toEqual(expect.arrayContaining([...found]));
    expect(one?.gaps.raw).toBe(1);
  });

  it('says that a connection was there before', () => {
    const [one] = accountOf(qemuAndVirtiofsd, frame => ({ ...frame, offset: frame.offset + 1 })).result().connections;
    expect(one?.gaps.late).toBe(true);
  });

  it('survives events that are nothing of the kind', () => {
    const account = new Account();
    told(account, { event: 'connected', front_end: 'x', back_end: [1] });
    told(account, { event: 'peer', side: '__proto__', pid: 'x' });
    told(account, { event: 'closed' });
    expect(account.result().connections).toHaveLength(1);
  });
});
