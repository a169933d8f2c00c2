import { describe, expect, it } from 'vitest';
import { deviceClues, deviceCluesOf, weighDevice } from '../../src/decode/device.ts';
import { encodeMessage, type Outgoing } from '../../src/decode/encode.ts';
import { decodeMessage } from '../../src/decode/message.ts';
import { newSession, type Session } from '../../src/decode/session/session.ts';
import { deviceByName } from '../../src/decode/spec/devices/index.ts';

const request = (name: string, payload: Outgoing['payload'] = {}) => {
  const envelope = { channel: 'main', dir: 'front-to-back', context: {} } as const;
  return decodeMessage(encodeMessage({ ...envelope, name, payload }), envelope);
};
const accepted = (features: bigint): Session => ({
  ...newSession,
  negotiation: { ...newSession.negotiation, virtio: { accepted: features } },
});
const config = (size: number) => request('GET_CONFIG', { offset: 0, size });

const messages: readonly (readonly [ReturnType<typeof request>, string | undefined, string | undefined])[] = [
  [request('NET_SET_MTU', { mtu: 1500 }), 'net', 'certain'],
  [request('GPU_SET_SOCKET'), 'gpu', 'certain'],
  [request('CLOSE_CRYPTO_SESSION', { session_id: 1 }), 'crypto', 'certain'],
  [config(57), 'blk', 'certain'],
  [config(36), 'blk', 'likely'],
  [config(8), 'vsock', 'likely'],
  [config(136), 'input', 'certain'],
  [config(12), 'snd', 'guess'],
  [config(77), undefined, undefined],
  [request('GET_FEATURES'), undefined, undefined],
];

const masks: readonly (readonly [what: string, bigint, string | undefined, string | undefined])[] = [
  // The masks of the traces of real peers: testpmd behind QEMU, qemu-storage-daemon, virtiofsd.
  ['a network back-end', 0x1_7060_8000n | (1n << 22n), 'net', 'certain'],
  ['a disk', 0x1_7000_6e46n, 'blk', 'certain'],
  ['no bits of its own', 0x1_7000_0000n, undefined, undefined],
  ['bits of nobody', 1n << 58n, undefined, undefined],
];

describe('inferring the device', () => {
  it.each(messages)('from message %#', (message, device, confidence) => {
    const guess = weighDevice(deviceClues(message));
    expect(guess?.id).toBe(device === undefined ? undefined : deviceByName(device)?.id);
    expect(guess?.confidence).toBe(confidence);
  });

  it.each(masks)('from feature bits: %s', (_, mask, device, confidence) => {
    const guess = weighDevice(deviceCluesOf(accepted(mask)));
    expect(guess?.id).toBe(device === undefined ? undefined : deviceByName(device)?.id);
    expect(guess?.confidence).toBe(confidence);
  });

  it('gives its reasons, each once', () => {
    const guess = weighDevice([
      ...deviceClues(config(57)),
      ...deviceClues(config(57)),
      ...deviceCluesOf(accepted(0x46n)),
    ]);
    expect(guess?.reason).toBe('blk: GET_CONFIG of 57 bytes; feature bits 1, 2, 6');
  });
});
