/** In what a message differs from the recorded one, whether that must be, and which one it stands for. */
import { describe, expect, it } from 'vitest';
import type { FdIdentity, Frame } from '../../src/decode/frame.ts';
import { decodeFrame } from '../../src/decode/message.ts';
import { differencesOf } from '../../src/replay/compare.ts';
import { Expectations } from '../../src/replay/expectations.ts';
import { explained } from '../../src/replay/reasons.ts';
import { kindOf, recordingOf, type Step } from '../../src/replay/recording.ts';
import { eventfd, frame } from './frames.ts';

describe('what is different', () => {
  const recorded = frame('GET_FEATURES', { features: 0b11n }, { reply: true, context: { device: 2 } });
  const differences = (a: Frame, b: Frame) =>
    differencesOf(a, b).map(({ path, recorded: was, came }) => `${path}: ${was} → ${came}`);

  it('is nothing between equal messages, whenever and wherever they crossed', () => {
    expect(differences(recorded, { ...recorded, n: 99, wallNs: 5n, offset: 7, session: 3 })).toEqual([]);
  });

  it('names the bits that only one of them has', () => {
    const came = frame('GET_FEATURES', { features: 0b110n }, { reply: true, context: { device: 2 } });
    expect(differences(recorded, came)).toEqual(['payload.features.names: BARRIER → SEG_MAX']);
  });

  it('is not what an incomplete capture cannot know', () => {
    const cut = { ...recorded, bytes: recorded.bytes.subarray(0, 12) };
    expect(differences(cut, recorded)).toEqual([]);
    const kick = (fds: FdIdentity[]) => frame('SET_VRING_KICK', { index: 0 }, { fds });
    expect(differences(kick([{ kind: 'unknown' }]), kick(eventfd))).toEqual([]);
    expect(differences(kick([{ kind: 'pipe' }]), kick(eventfd))).toEqual(['fds[0].kind: pipe → eventfd']);
  });

  it.each<[string, string, { withheld?: object }, boolean]>([
    ['GET_VRING_BASE', 'payload.num', {}, true],
    ['GET_QUEUE_NUM', 'payload.queue_num', {}, false],
    ['SET_VRING_ADDR', 'payload.used', {}, true],
    ['GET_STATUS', 'payload.status.names', { withheld: { virtio: true } }, true],
    ['GET_STATUS', 'payload.status.names', {}, false],
    ['SET_MEM_TABLE', 'flags.need_reply', { withheld: { protocol: true } }, true],
    ['SET_MEM_TABLE', 'flags.need_reply', {}, false],
    ['CHECK_DEVICE_STATE', 'payload.result', { withheld: { state: true } }, true],
    ['CHECK_DEVICE_STATE', 'payload.result', {}, false],
  ])('%s %s is explained or not', (name, path, more, isExplained) => {
    const message = decodeFrame(frame(name));
    const nothing = { virtio: false, protocol: false, state: false };
    const circumstances = { message, adapted: false, withheld: { ...nothing, ...more.withheld } };
    expect(explained({ path, recorded: 'a', came: 'b' }, circumstances).because !== undefined).toBe(isExplained);
  });
});

describe('which message one stands for', () => {
  it('is the next of its name and ring; one that was given up may still come', () => {
    const frames = [0, 1, 0].map(index => frame('SET_VRING_CALL', { index }));
    const recording = recordingOf(frames, 'back-end')?.steps as Step[];
    const expected = new Expectations(recording);
    const kind = (index: number) => kindOf('main', decodeFrame(frame('SET_VRING_CALL', { index })));
    expect(expected.requested(kind(1))).toBe(recording[1]);
    expect(expected.came(recording[1] as Step)).toBe(false);
    expect(expected.requested(kind(0))).toBe(recording[0]);
    expected.giveUp(recording[2] as Step);
    expect(expected.isHopeless(recording[0] as Step)).toBe(true);
    expect(expected.requested(kind(0))).toBe(recording[2]);
    expect(expected.came(recording[2] as Step)).toBe(true);
    expect(expected.requested(kind(0))).toBeUndefined();
  });
});
