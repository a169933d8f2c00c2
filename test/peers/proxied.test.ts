import { readdirSync, readlinkSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Channel, Frame } from '../../src/decode/frame.ts';
import * as conversations from '../../src/peers/conversations.ts';
import { expect as awaits, drain, type Script, script, send, untilClosed } from '../../src/peers/script.ts';
import { blockBackEnd, qemuLike } from '../../src/peers/traits.ts';
import { type BackEnd, type FrontEnd, type RecordedTalk, type Seen, seen, talkThroughProxy } from './talk.ts';

const channels: readonly Channel[] = ['main', 'backend-req', 'gpu'];
const serves: Script = [untilClosed()];
const data = Uint8Array.from({ length: 4096 }, (_, i) => (i * 7) % 253);
const everyFeature = {
  virtio: ['PROTOCOL_FEATURES', 'VERSION_1', 'LOG_ALL'],
  protocol: [
    ...['MQ', 'LOG_SHMFD', 'REPLY_ACK', 'BACKEND_REQ', 'CONFIG', 'BACKEND_SEND_FD', 'HOST_NOTIFIER'],
    ...['INFLIGHT_SHMFD', 'CONFIGURE_MEM_SLOTS', 'STATUS', 'SHARED_OBJECT', 'DEVICE_STATE', 'SHMEM'],
  ],
};
const uuid = '6ba7b810-9dad-11d1-80b4-00c04fd430c8';

/** One direction after the other: what crosses on the way is seen in different orders by the two sides. */
function byDirection(said: readonly Seen[]): Seen[] {
  return [...said.filter(({ dir }) => dir === 'front-to-back'), ...said.filter(({ dir }) => dir === 'back-to-front')];
}

/** The messages of each channel agree: as the front-end saw them, as the back-end did, and as they were recorded. */
function expectAgreement({ front, back, frames }: RecordedTalk): void {
  expect([front.error, back.error]).toEqual([undefined, undefined]);
  for (const [at, account] of front.connections.entries()) {
    const recorded = frames.filter(({ epoch }) => epoch === at + 1);
    for (const channel of channels) {
      const said = byDirection(seen(account.frames, channel));
      const served = byDirection(seen(back.connections[at]?.frames, channel));
      expect(served, `${channel} at the back-end`).toEqual(said);
      expect(byDirection(seen(recorded, channel)), `${channel} in the capture`).toEqual(said);
    }
  }
}

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

  it('relays the back-end channel with descriptors both ways', async () => {
    const asks: BackEnd = {
      traits: blockBackEnd({ offers: everyFeature }),
      scripts: [
        script(
          awaits('SET_VRING_ENABLE'),
          send('BACKEND_CONFIG_CHANGE_MSG', {}, { needReply: true }),
          send('BACKEND_VRING_HOST_NOTIFIER_MSG', { index: 0 }, { needReply: true }),
          send('BACKEND_SHARED_OBJECT_ADD', { uuid }),
          send('BACKEND_SHARED_OBJECT_LOOKUP', { uuid }),
          send('BACKEND_SHMEM_MAP', { shmid: 1 }, { needReply: true }),
          send('BACKEND_SHMEM_UNMAP', { shmid: 1 }, { needReply: true }),
          untilClosed(),
        ),
      ],
    };
    const result = await talkThroughProxy(
      {
        traits: qemuLike(),
        scripts: [
          script(
            conversations.qemuConnects(1),
            send('GET_SHMEM_CONFIG'),
            send('GET_SHARED_OBJECT', { uuid }),
            conversations.qemuStartsBlk(),
            awaits('BACKEND_SHMEM_UNMAP'),
          ),
        ],
      },
      asks,
    );
    expectAgreement(result);
    const told = seen(result.frames, 'backend-req');
    expect(told.map(({ message, fds }) => [message, fds.length])).toEqual([
      ['BACKEND_CONFIG_CHANGE_MSG', 0],
      ['BACKEND_CONFIG_CHANGE_MSG', 0],
      ['BACKEND_VRING_HOST_NOTIFIER_MSG', 1],
      ['BACKEND_VRING_HOST_NOTIFIER_MSG', 0],
      ['BACKEND_SHARED_OBJECT_ADD', 0],
      ['BACKEND_SHARED_OBJECT_LOOKUP', 0],
      ['BACKEND_SHARED_OBJECT_LOOKUP', 1],
      ['BACKEND_SHMEM_MAP', 1],
      ['BACKEND_SHMEM_MAP', 0],
      ['BACKEND_SHMEM_UNMAP', 0],
      ['BACKEND_SHMEM_UNMAP', 0],
    ]);
  });

  it('does not wait for one channel on another: an IOTLB miss is answered over the main channel first', async () => {
    const offers = {
      virtio: ['PROTOCOL_FEATURES', 'VERSION_1', 'ACCESS_PLATFORM'],
      protocol: ['REPLY_ACK', 'BACKEND_REQ'],
    };
    const result = await talkThroughProxy(
      {
        traits: qemuLike(),
        scripts: [
          script(
            conversations.qemuConnects(1),
            conversations.qemuStartsBlk(),
            conversations.writesBlocks(0, data.subarray(0, 512)),
          ),
        ],
      },
      { traits: blockBackEnd({ offers }), scripts: [serves] },
    );
    expectAgreement(result);
    const order = result.frames
      .filter(({ kind }) => kind === 'message')
      .map(frame => seen([frame], frame.channel)[0]?.message);
    const miss = order.indexOf('BACKEND_IOTLB_MSG');
    expect(miss).toBeGreaterThan(0);
    expect(order.slice(miss + 1)).toContain('IOTLB_MSG');
  });

  it('kicks and calls in messages', async () => {
    const offers = {
      virtio: ['PROTOCOL_FEATURES', 'VERSION_1'],
      protocol: ['REPLY_ACK', 'BACKEND_REQ', 'INBAND_NOTIFICATIONS'],
    };
    const nofd = (name: string) => send(name, { index: 0, nofd: true });
    const result = await talkThroughProxy(
      {
        traits: qemuLike(),
        scripts: [
          script(
            ...[
              'GET_FEATURES',
              'GET_PROTOCOL_FEATURES',
              'SET_PROTOCOL_FEATURES',
              'SET_BACKEND_REQ_FD',
              'SET_OWNER',
            ].map(name => send(name)),
            ...['SET_FEATURES', 'SET_MEM_TABLE', 'SET_VRING_NUM', 'SET_VRING_BASE', 'SET_VRING_ADDR'].map(name =>
              send(name),
            ),
            ...[nofd('SET_VRING_KICK'), nofd('SET_VRING_CALL'), send('SET_VRING_ENABLE')],
            conversations.readsBlocks(0, 512),
            awaits('BACKEND_VRING_CALL'),
          ),
        ],
      },
      { traits: blockBackEnd({ offers }), scripts: [serves] },
    );
    expectAgreement(result);
    expect(seen(result.frames).at(-1)?.message).toBe('VRING_KICK');
  });

  it('lets pixels through whole and records their beginning', async () => {
    const pixels = { width: 640, height: 480, data: new Uint8Array(640 * 480 * 4).fill(0x5a) };
    const { front, back, frames } = await talkThroughProxy(
      {
        traits: qemuLike({ device: 16 }),
        scripts: [script(conversations.qemuConnects(1), send('GPU_SET_SOCKET'), awaits('GPU_DMABUF_UPDATE'))],
      },
      {
        traits: blockBackEnd({ device: 16 }),
        scripts: [
          script(
            awaits('GPU_SET_SOCKET'),
            send('GPU_GET_PROTOCOL_FEATURES'),
            send('GPU_SET_PROTOCOL_FEATURES', { features: ['EDID'] }),
            send('GPU_GET_DISPLAY_INFO'),
            send('GPU_GET_EDID'),
            send('GPU_SCANOUT', { width: 640, height: 480 }),
            send('GPU_UPDATE', pixels),
            send('GPU_DMABUF_SCANOUT', { fd_width: 640, fd_height: 480 }),
            send('GPU_DMABUF_UPDATE', { width: 640, height: 480 }),
            untilClosed(),
          ),
        ],
      },
    );
    expect([front.error, back.error]).toEqual([undefined, undefined]);
    const sent = back.connections[0]?.frames.filter(({ channel }) => channel === 'gpu') ?? [];
    expect(seen(front.connections[0]?.frames, 'gpu')).toEqual(seen(sent, 'gpu'));
    const recorded = frames.filter(({ channel, kind }) => channel === 'gpu' && kind === 'message');
    expect(recorded.map(({ wireLength }) => wireLength)).toEqual(sent.map(({ wireLength }) => wireLength));
    for (const [i, { bytes }] of recorded.entries()) {
      const whole = Buffer.from(sent[i]?.bytes ?? []);
      expect(whole.subarray(0, bytes.length).equals(bytes)).toBe(true);
      expect(bytes.length).toBe(Math.min(whole.length, bytes.length < whole.length ? 4096 : whole.length));
    }
    expect(recorded.some(({ bytes, wireLength }) => bytes.length < wireLength)).toBe(true);
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
