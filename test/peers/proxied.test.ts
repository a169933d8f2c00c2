import { readdirSync, readlinkSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Frame } from '../../src/decode/frame.ts';
import * as conversations from '../../src/peers/conversations.ts';
import { drain, type Script, script, send, untilClosed } from '../../src/peers/script.ts';
import { blockBackEnd, qemuLike } from '../../src/peers/traits.ts';
import { everyFeature, expectAgreement, type FrontEnd, seen, talkThroughProxy } from './talk.ts';

const serves: Script = [untilClosed()];
const data = Uint8Array.from({ length: 4096 }, (_, i) => (i * 7) % 253);

/** What a descriptor of this process is; the one that lists them is gone by then. */
function linkOf(fd: string): string {
  try {
    // The kernel numbers objects anew; their kinds stay.
    return readlinkSync(`/proc/self/fd/${fd}`).replace(/\d+/g, '');
  } catch {
    return '';
  }
}

/** Names of the recorded events, in order. */
function eventNames(frames: readonly Frame[]): string[] {
  return frames
    .filter(({ kind }) => kind === 'event')
    .map(({ bytes }) => JSON.parse(Buffer.from(bytes).toString()).event);
}

describe('a simulated pair through the proxy', () => {
  it.each([
    ['connect', 'listen'],
    ['listen', 'listen'],
    ['connect', 'connect'],
    ['listen', 'connect'],
  ] as const)('says the same to everybody: the front-end %ss, the back-end %ss', async (front, back) => {
    const result = await talkThroughProxy(
      {
        traits: qemuLike(),
        scripts: [
          script(
            conversations.qemuConnects(1),
            conversations.readsConfig,
            conversations.qemuStartsBlk(),
            conversations.writesBlocks(100, data),
            conversations.readsBlocks(100, data.length),
            conversations.qemuStops(),
          ),
        ],
      },
      { traits: blockBackEnd(), scripts: [serves] },
      { front, back },
    );
    expectAgreement(result);
    // The rings are shared memory: what was written through them came back, past the proxy.
    expect(result.front.connections[0]?.answers.map(answer => Buffer.from(answer).toString('hex'))).toEqual([
      '00',
      `${Buffer.from(data).toString('hex')}00`,
    ]);
  });

  it('records a reconnect as a second epoch', async () => {
    const epoch = script(
      conversations.qemuConnects(1),
      conversations.qemuStartsBlk(),
      conversations.readsBlocks(0, 512),
      conversations.qemuStops(),
    );
    const result = await talkThroughProxy(
      { traits: qemuLike(), scripts: [epoch, epoch, epoch] },
      { traits: blockBackEnd(), scripts: [serves, serves, serves] },
    );
    expectAgreement(result);
    expect(result.frames.map(({ n }) => n)).toEqual(result.frames.map((_, i) => i + 1));
    const told = eventNames(result.frames);
    expect(told.filter(name => name === 'connected')).toHaveLength(3);
    expect(told.filter(name => name === 'closed').length).toBeGreaterThanOrEqual(3);
  });

  const migrates: FrontEnd = {
    traits: qemuLike(),
    scripts: [
      script(
        conversations.qemuConnects(1),
        conversations.qemuStartsBlk(),
        conversations.qemuLogs(),
        conversations.writesBlocks(0, data),
        conversations.qemuStops(),
        send('SET_DEVICE_STATE_FD', { direction: 'SAVE' }),
        drain('state'),
        send('CHECK_DEVICE_STATE'),
      ),
    ],
  };

  it('passes memory, logs, inflight regions and pipes as they are', async () => {
    const result = await talkThroughProxy(migrates, {
      traits: blockBackEnd({ offers: everyFeature }),
      scripts: [serves],
    });
    expectAgreement(result);
    const kinds = new Map(
      result.frames.flatMap(({ bytes, fds, kind }) => (kind === 'message' && fds[0] ? [[bytes[0], fds[0].kind]] : [])),
    );
    // SET_LOG_BASE, CALL, ERR, KICK, SET_BACKEND_REQ_FD, GET and SET_INFLIGHT_FD, ADD_MEM_REG, SET_DEVICE_STATE_FD
    expect([6, 13, 14, 12, 21, 31, 32, 37, 42].map(id => kinds.get(id))).toEqual([
      ...['memfd', 'eventfd', 'eventfd', 'eventfd', 'socket', 'memfd', 'memfd', 'memfd', 'pipe'],
    ]);
    expect(Buffer.from(result.front.connections[0]?.answers.at(-1) ?? []).toString()).toContain('simulated device');
  });

  it('leaves no descriptor open, at the peers and at the proxy', async () => {
    const once = () =>
      talkThroughProxy(migrates, { traits: blockBackEnd({ offers: everyFeature }), scripts: [serves] });
    await once();
    const open = () => readdirSync('/proc/self/fd').map(linkOf).sort();
    const before = open();
    for (let i = 0; i < 3; i++) expectAgreement(await once());
    // Threads that have ended let go of their own a moment later.
    await expect.poll(open).toEqual(before);
  });

  it('follows a postcopy migration, whose memory table is answered with addresses', async () => {
    const offers = { virtio: ['PROTOCOL_FEATURES', 'VERSION_1'], protocol: ['REPLY_ACK', 'PAGEFAULT'] };
    const result = await talkThroughProxy(
      { traits: qemuLike(), scripts: [script(conversations.qemuConnects(1), conversations.qemuPostcopy)] },
      { traits: blockBackEnd({ offers }), scripts: [serves] },
    );
    expectAgreement(result);
    const told = result.frames.filter(({ bytes }) => [5, 28, 29, 30].includes(bytes[0] ?? 0));
    expect(told.map(({ bytes, reply, wireLength }) => [bytes[0], reply === true, wireLength - 12])).toEqual([
      [28, false, 0],
      [28, true, 0],
      [29, false, 0],
      [29, true, 8],
      [5, false, 40],
      [5, true, 40],
      [5, false, 8],
      [30, false, 0],
      [30, true, 8],
    ]);
    // A sandbox may forbid userfaultfds.
    expect(['userfaultfd', undefined]).toContain(told[1]?.fds[0]?.kind);
  });

  it('joins what arrives in pieces, and tells how it came', async () => {
    const result = await talkThroughProxy(
      {
        traits: qemuLike(),
        scripts: [
          script(
            send('GET_FEATURES'),
            send('SET_FEATURES', {}, { pieces: [5, 7] }),
            send('SET_VRING_CALL', {}, { pieces: [12], fdsWith: 1 }),
            send('GET_FEATURES'),
          ),
        ],
      },
      { traits: blockBackEnd(), scripts: [serves] },
    );
    expectAgreement(result);
    const late = result.frames.find(({ fdAt }) => fdAt !== undefined);
    expect(late && [seen([late])[0]?.message, late.fdAt]).toEqual(['SET_VRING_CALL', 12]);
  });
});
