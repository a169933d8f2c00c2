import { readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { FileSource } from '../../src/capture/byte-source.ts';
import { CaptureReader } from '../../src/capture/reader.ts';
import { DeviceInference, type KnownDevice, outweighs, tellsDevice } from '../../src/decode/device.ts';
import { encodeMessage, type Outgoing } from '../../src/decode/encode.ts';
import type { DeviceSource, Frame } from '../../src/decode/frame.ts';
import { decodeFrame, decodeMessage } from '../../src/decode/message.ts';
import { deviceById } from '../../src/decode/spec/devices/index.ts';

const request = (name: string, payload: Outgoing['payload'] = {}) => {
  const envelope = { channel: 'main', dir: 'front-to-back', context: {} } as const;
  return decodeMessage(encodeMessage({ ...envelope, name, payload }), envelope);
};
const config = (size: number) => request('GET_CONFIG', { offset: 0, size });
const accepted = (features: bigint) => request('SET_FEATURES', { features });
const kicks = [0, 1].map(index => request('SET_VRING_KICK', { index, nofd: true }));

/** What messages come to: the name of the device and how sure it is. */
function concluded(messages: readonly ReturnType<typeof request>[]) {
  const inference = new DeviceInference();
  let last: KnownDevice | undefined;
  for (const message of messages) last = inference.hear(message) ?? last;
  return last && { device: deviceById(last.id)?.name, confidence: last.confidence, reason: last.reason };
}

type Case = readonly [
  what: string,
  messages: ReturnType<typeof request>[],
  expected: readonly [string, string] | undefined,
];
const cases: readonly Case[] = [
  ['NET_SET_MTU', [request('NET_SET_MTU', { mtu: 1500 })], ['net', 'certain']],
  ['GPU_SET_SOCKET', [request('GPU_SET_SOCKET')], ['gpu', 'certain']],
  ['a crypto session', [request('CLOSE_CRYPTO_SESSION', { session_id: 1 })], ['crypto', 'certain']],
  ['57 bytes of configuration', [config(57)], ['blk', 'certain']],
  ['36 bytes of configuration', [config(36)], ['blk', 'likely']],
  ['8 bytes of configuration', [config(8)], ['vsock', 'likely']],
  ['136 bytes of configuration', [config(136)], ['input', 'certain']],
  ['12 bytes of configuration', [config(12)], ['snd', 'guess']],
  ['77 bytes of configuration', [config(77)], undefined],
  ['an empty mask', [accepted(0n)], undefined],
  // The masks of real peers: testpmd behind QEMU, qemu-storage-daemon, virtiofsd.
  ['the mask of a network back-end', [accepted(0x1_7060_8000n | (1n << 22n))], ['net', 'certain']],
  ['the mask of a disk', [accepted(0x1_7000_6e46n)], ['blk', 'certain']],
  ['a mask without bits of its own', [accepted(0x1_7000_0000n)], undefined],
  ['a mask with bits of nobody', [accepted(1n << 58n)], undefined],
  ['two rings and nothing else', [accepted(0x1_7000_0000n), ...kicks], ['fs', 'guess']],
  [
    'two rings and a configuration space',
    [accepted(0x1_7000_0000n), request('SET_PROTOCOL_FEATURES', { protocol_features: 1 << 9 }), ...kicks],
    undefined,
  ],
];

describe('the device type', () => {
  it.each(cases)('from %s', (_, messages, expected) => {
    const found = concluded(messages);
    expect(found && [found.device, found.confidence]).toEqual(expected);
  });

  // The relay relies on it: it does not even decode what says the same again.
  it.each(cases)('from %s, each said twice: the second time is no news', (_, messages) => {
    const inference = new DeviceInference();
    for (const one of messages) {
      inference.hear(one);
      expect(inference.hear(one)).toBeUndefined();
    }
    expect(concluded(messages.flatMap(one => [one, one]))).toEqual(concluded(messages));
  });

  it('is told with its reasons, each once', () => {
    expect(concluded([config(36), config(36), accepted(0x6e46n)])?.reason).toMatch(
      /^GET_CONFIG of 36 bytes; features SIZE_MAX, SEG_MAX(, [A-Z_]+)+$/,
    );
  });

  it('is told again only when something about it has changed', () => {
    const inference = new DeviceInference();
    const told = [config(36), config(36), config(57), accepted(0x46n)].map(message => inference.hear(message));
    expect(told.map(device => device?.confidence)).toEqual(['likely', undefined, 'certain', undefined]);
  });

  const known = (from: DeviceSource, confidence: KnownDevice['confidence'] = 'certain'): KnownDevice => ({
    ...{ id: 1, from, reason: '', confidence },
  });
  it('known one way gives way to a surer one', () => {
    const surest = [
      known('option'),
      known('command-line'),
      known('messages'),
      known('socket-name'),
      known('messages', 'likely'),
    ];
    for (const [i, better] of surest.entries()) {
      expect(outweighs(better, undefined)).toBe(true);
      for (const [k, other] of surest.entries()) expect(outweighs(better, other)).toBe(i < k);
    }
    expect(outweighs(known('messages', 'guess'), undefined)).toBe(false);
  });
});

describe('the device type of each capture, from its messages alone', () => {
  const folder = resolve(import.meta.dirname, '../../captures');
  const kinds: readonly (readonly [name: RegExp, device: string, confidence: string])[] = [
    [/fs/, 'fs', 'guess'],
    [/gpu/, 'gpu', 'certain'],
    [/net|iommu|virtio-user/, 'net', 'certain'],
    [/./, 'blk', 'certain'],
  ];

  it.each(readdirSync(folder).filter(name => name.endsWith('.pcapng')))('%s', name => {
    const [, device, confidence] = kinds.find(([pattern]) => pattern.test(name)) as (typeof kinds)[number];
    const connections = new Map<string, Frame[]>();
    for (const frame of new CaptureReader(new FileSource(join(folder, name))).frames()) {
      const connection = `${frame.session}.${frame.epoch}`;
      if (frame.kind === 'message') connections.set(connection, [...(connections.get(connection) ?? []), frame]);
    }
    for (const frames of connections.values()) {
      const messages = frames.map(frame => {
        const { device: _, ...context } = frame.context;
        return decodeFrame({ ...frame, context });
      });
      const found = concluded(messages.filter(({ channel, id }) => tellsDevice(channel, id)));
      expect(found, `of ${frames.length} messages`).toMatchObject({ device, confidence });
      // Whoever hears only the messages that can say something has heard enough.
      expect(concluded(messages)).toEqual(found);
    }
    expect(connections.size).toBeGreaterThan(0);
  });
});
