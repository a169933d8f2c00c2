/** What a played back-end answers. */
import { describe, expect, it } from 'vitest';
import type { Frame } from '../../src/decode/frame.ts';
import { decodeFrame } from '../../src/decode/message.ts';
import { answerTo } from '../../src/replay/answer.ts';
import type { Prepared } from '../../src/replay/draft.ts';
import { recordingOf } from '../../src/replay/recording.ts';
import { frame, living } from './frames.ts';

describe('what the back-end answers', () => {
  const played = (frames: readonly Frame[]) => recordingOf(frames, 'back-end')?.steps ?? [];
  const pair = (name: string, request: object, reply: object) => {
    const asked = frame(name, request);
    return [asked, frame(name, reply, { reply: true, answers: asked.n })];
  };
  const answered = (result: Prepared) =>
    decodeFrame({ ...frame('SET_OWNER'), bytes: result.bytes, wireLength: result.bytes.length, dir: 'back-to-front' })
      .payload;

  it('stops a ring where it began, since it took nothing from it', () => {
    const [step] = played(pair('GET_VRING_BASE', { index: 0, num: 0 }, { index: 0, num: 132 }));
    const now = living([frame('SET_VRING_BASE', { index: 0, num: 9 })]);
    const result = answerTo(decodeFrame(frame('GET_VRING_BASE', { index: 0 })), step, undefined, now, true);
    expect(answered(result)).toMatchObject({ index: 0, num: 9 });
    expect(result.adapted).toEqual(['num 132 → 9: no buffer was taken from the ring']);
  });

  it('shows another window of the recorded configuration space', () => {
    const config = Uint8Array.from({ length: 16 }, (_, i) => i);
    const [step] = played(pair('GET_CONFIG', { offset: 0, size: 16 }, { offset: 0, size: 16, config }));
    const asked = decodeFrame(frame('GET_CONFIG', { offset: 4, size: 3 }));
    expect(answered(answerTo(asked, step, undefined, living([]), true))).toMatchObject({
      offset: 4,
      size: 3,
      config: Uint8Array.of(4, 5, 6),
    });
  });

  it('opens each crypto session under a number of its own', () => {
    const [step] = played(pair('CREATE_CRYPTO_SESSION', { session_id: 0 }, { session_id: 4 }));
    const asked = decodeFrame(frame('CREATE_CRYPTO_SESSION', {}));
    const open = [4, 5].map(session_id => frame('CREATE_CRYPTO_SESSION', { session_id }, { reply: true }));
    expect(answered(answerTo(asked, step, undefined, living([]), true))).toMatchObject({ session_id: 4 });
    expect(answered(answerTo(asked, undefined, step, living(open), true))).toMatchObject({ session_id: 6 });
  });

  it('answers what was not recorded as what was, or with zeroes', () => {
    const [earlier] = played(pair('GET_QUEUE_NUM', {}, { queue_num: 8 }));
    const asked = decodeFrame(frame('GET_QUEUE_NUM'));
    expect(answered(answerTo(asked, undefined, earlier, living([]), true))).toEqual({ queue_num: 8 });
    expect(answered(answerTo(asked, undefined, undefined, living([]), true))).toEqual({ queue_num: 0 });
  });
});
