/** What of a capture is played where vhuscope had stepped in: the living side's part as that side knew it. */
import { expect, it } from 'vitest';
import { recordingOf } from '../../src/replay/recording.ts';
import { frame } from './frames.ts';

const dropped = { sentBytes: new Uint8Array(0) };
const owner = frame('SET_OWNER');
const num = frame('SET_VRING_NUM', { index: 0, num: 256 });
const smaller = { sentBytes: frame('SET_VRING_NUM', { index: 0, num: 64 }).bytes };
const asked = frame('GET_QUEUE_NUM');
const answered = frame('GET_QUEUE_NUM', { queue_num: 4 }, { reply: true, answers: asked.n });
const fewer = { sentBytes: frame('GET_QUEUE_NUM', { queue_num: 1 }, { reply: true }).bytes };
const made = { injected: true };

it.each([
  [
    'front-end',
    'says what reached the back-end, and expects what that said',
    ['SET_VRING_NUM 64', 'GET_QUEUE_NUM', 'GET_QUEUE_NUM = 4'],
  ],
  [
    'back-end',
    'answers what reached the front-end, and expects what that said',
    ['SET_OWNER', 'SET_VRING_NUM 256', 'GET_QUEUE_NUM', 'GET_QUEUE_NUM = 1'],
  ],
] as const)('a played %s %s', (side, _, wanted) => {
  const frames = [{ ...owner, ...dropped }, { ...num, ...smaller }, asked, { ...answered, ...fewer }];
  const said = recordingOf(frames, side)?.steps.map(({ message: { name, reply, payload } }) =>
    [name, ...(reply ? ['='] : []), ...[payload.num ?? payload.queue_num ?? []].flat()].join(' '),
  );
  expect(said).toEqual(wanted);
});

it('does not expect of the living side what vhuscope had said in its place', () => {
  const recording = recordingOf([asked, { ...answered, ...made }], 'front-end');
  expect(recording?.steps.map(({ message }) => message.name)).toEqual(['GET_QUEUE_NUM']);
  expect(recording?.omitted).toEqual(['1 messages of which the back-end knew nothing']);
});
