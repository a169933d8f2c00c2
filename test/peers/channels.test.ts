/** The channels beside the main one, through the proxy: requests of the back-end, notifications, pixels. */
import { describe, expect, it } from 'vitest';
import * as conversations from '../../src/peers/conversations.ts';
import { expect as awaits, type Script, script, send, untilClosed } from '../../src/peers/script.ts';
import { blockBackEnd, qemuLike } from '../../src/peers/traits.ts';
import { type BackEnd, everyFeature, expectAgreement, seen, talkThroughProxy } from './talk.ts';

const serves: Script = [untilClosed()];
const data = Uint8Array.from({ length: 512 }, (_, i) => (i * 7) % 253);
const uuid = '6ba7b810-9dad-11d1-80b4-00c04fd430c8';

describe('a simulated pair through the proxy', () => {
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
          script(conversations.qemuConnects(1), conversations.qemuStartsBlk(), conversations.writesBlocks(0, data)),
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
});
