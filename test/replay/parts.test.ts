/** The pure parts of a replay: what is said, what is compared, what it amounts to. */
import { describe, expect, it } from 'vitest';
import { encodeMessage } from '../../src/decode/encode.ts';
import type { Channel, Direction, FdIdentity, Frame } from '../../src/decode/frame.ts';
import { decodeFrame } from '../../src/decode/message.ts';
import { fold, newSession, type Session } from '../../src/decode/session/session.ts';
import { adapted, type LeftOut } from '../../src/replay/adapt.ts';
import { answerTo } from '../../src/replay/answer.ts';
import { formatBaseline, parseBaseline } from '../../src/replay/baseline.ts';
import { differencesOf } from '../../src/replay/compare.ts';
import type { Prepared } from '../../src/replay/draft.ts';
import { Expectations } from '../../src/replay/expectations.ts';
import { deviationsOf, type Outcome, type Performance } from '../../src/replay/outcome.ts';
import { explained } from '../../src/replay/reasons.ts';
import { kindOf, recordingOf, type Step } from '../../src/replay/recording.ts';
import { kindNeeded, sizeNeeded } from '../../src/replay/shape.ts';
import { outcomeLines, verdictLines } from '../../src/replay/tell.ts';

const all = (1n << 20n) - 1n;
const replyAck = 1n << 3n;

let n = 0;
function frame(name: string, payload = {}, more: Partial<Frame> & { needReply?: boolean; of?: Channel } = {}): Frame {
  const { needReply = false, of: channel = 'main', ...rest } = more;
  const context = { features: 1n << 30n, protocolFeatures: all, ...more.context };
  const reply = more.reply === true;
  const asks: Direction = channel === 'main' ? 'front-to-back' : 'back-to-front';
  const dir = reply === (asks === 'back-to-front') ? 'front-to-back' : 'back-to-front';
  const fdCount = more.fds?.length ?? 0;
  const bytes = encodeMessage({ channel, dir, name, reply, needReply, payload, fdCount }, context);
  return {
    ...{
      n: ++n,
      kind: 'message',
      pair: 'p',
      channel,
      dir,
      session: 1,
      epoch: 1,
      wallNs: 0n,
      receivedNs: 0n,
      sentNs: 0n,
    },
    ...{ bytes, wireLength: bytes.length, offset: 0, fds: [] },
    ...rest,
    context,
  };
}

const steps = (frames: readonly Frame[]): readonly Step[] => recordingOf(frames, 'front-end')?.steps ?? [];
const after = (frames: readonly Frame[]): Session =>
  frames.reduce((session, one) => fold(session, one, decodeFrame(one)), newSession);
const living = (frames: readonly Frame[], protocolFeatures = all) => ({
  session: after(frames),
  context: { features: 1n << 30n, protocolFeatures },
});
const eventfd: FdIdentity[] = [{ kind: 'eventfd', object: 1 }];
const memfd: FdIdentity[] = [{ kind: 'memfd', size: 0x10_0000, object: 2 }];
const region = (guest_address: number) => ({
  region: { guest_address, size: 0x1000, user_address: 0x7f00_0000 + guest_address, mmap_offset: guest_address },
});
const said = (result: Prepared | LeftOut) => {
  if ('leftOut' in result) return result.leftOut;
  const { bytes, fds, adapted: notes } = result;
  const sent = decodeFrame({
    ...frame('SET_OWNER'),
    bytes,
    wireLength: bytes.length,
    fds: fds.map(() => ({ kind: 'memfd' })),
  });
  return { name: sent.name, payload: sent.payload, needReply: sent.needReply, notes };
};

describe('what the front-end says', () => {
  it('is the recorded message where nothing is different', () => {
    const [kick] = steps([frame('SET_VRING_KICK', { index: 1 }, { fds: eventfd })]);
    const result = adapted(kick as Step, living([])) as Prepared;
    expect(result.bytes).toEqual((kick as Step).frame.bytes);
    expect(result.fds).toEqual([{ like: eventfd[0], at: 0 }]);
    expect(result.adapted).toEqual([]);
  });

  it('accepts what is on offer now, and what was accepted without being on offer even then', () => {
    const recorded = [
      frame('GET_FEATURES', { features: 0b1011n }, { reply: true }),
      frame('SET_FEATURES', { features: 0b10111n }),
    ];
    const now = [frame('GET_FEATURES', { features: 0b0010n }, { reply: true })];
    const result = said(adapted(steps(recorded)[1] as Step, living(now)));
    expect(result).toMatchObject({ payload: { features: 0b10110 }, notes: [expect.stringContaining('0x17 → 0x16')] });
  });

  it('wants no acknowledgement where REPLY_ACK was not agreed on', () => {
    const [table] = steps([frame('SET_VRING_NUM', { index: 0, num: 4 }, { needReply: true })]);
    expect(said(adapted(table as Step, living([], all & ~replyAck)))).toMatchObject({ needReply: false });
    expect(said(adapted(table as Step, living([])))).toMatchObject({ needReply: true, notes: [] });
  });

  it('leaves out what was not agreed on, unless it broke that rule when it was recorded', () => {
    const config = 1n << 9n;
    const [proper] = steps([frame('GET_CONFIG', { offset: 0, size: 8 })]);
    expect(adapted(proper as Step, living([], all & ~config))).toEqual({ leftOut: 'CONFIG was not agreed on' });
    const [rude] = steps([
      frame('GET_CONFIG', { offset: 0, size: 8 }, { context: { protocolFeatures: all & ~config } }),
    ]);
    expect(said(adapted(rude as Step, living([], all & ~config)))).toMatchObject({ name: 'GET_CONFIG' });
  });

  it('leaves out rings that the back-end does not have', () => {
    const recorded = [
      frame('GET_QUEUE_NUM', { queue_num: 4 }, { reply: true }),
      frame('SET_VRING_NUM', { index: 3, num: 4 }),
    ];
    const now = [frame('GET_QUEUE_NUM', { queue_num: 2 }, { reply: true })];
    expect(adapted(steps(recorded)[1] as Step, living(now))).toEqual({ leftOut: 'the back-end has only 2 rings' });
  });

  it('goes on in a ring where the back-end has stopped it this time', () => {
    const stopped = (num: number) => frame('GET_VRING_BASE', { index: 0, num }, { reply: true });
    const recorded = [
      stopped(132),
      frame('SET_VRING_BASE', { index: 0, num: 132 }),
      frame('SET_VRING_BASE', { index: 0, num: 7 }),
    ];
    const [, follows, differs] = steps(recorded);
    expect(said(adapted(follows as Step, living([stopped(5)])))).toMatchObject({ payload: { index: 0, num: 5 } });
    expect(said(adapted(differs as Step, living([stopped(5)])))).toMatchObject({ payload: { index: 0, num: 7 } });
  });

  it('hands back the inflight region that came this time', () => {
    const given = (mmap_size: number, more: Partial<Frame> = {}) =>
      frame('GET_INFLIGHT_FD', { mmap_size, num_queues: 1, queue_size: 128 }, { reply: true, fds: memfd, ...more });
    const fields = { mmap_size: 100, num_queues: 1, queue_size: 128 };
    const [, back] = steps([given(100), frame('SET_INFLIGHT_FD', fields, { fds: memfd })]);
    const now = given(200);
    const result = adapted(back as Step, living([now])) as Prepared;
    expect(result.fds).toEqual([{ handedBack: { n: now.n, at: 0, identity: memfd[0] } }]);
    expect(said(result)).toMatchObject({ payload: { mmap_size: 200 } });
  });

  it('shares regions as a table where the back-end takes them in no other way', () => {
    const slots = 1n << 15n;
    const first = frame('ADD_MEM_REG', region(0), { fds: memfd });
    const [, second] = steps([first, frame('ADD_MEM_REG', region(0x1000), { fds: memfd, needReply: true })]);
    const result = adapted(second as Step, living([first], all & ~slots));
    expect(said(result)).toMatchObject({
      name: 'SET_MEM_TABLE',
      needReply: true,
      payload: { regions: [{ guest_address: 0 }, { guest_address: 0x1000 }] },
    });
    expect((result as Prepared).fds).toHaveLength(2);
  });

  it('has zeroes for what was not captured', () => {
    const whole = frame('SET_VRING_NUM', { index: 1, num: 64 });
    const [cut] = steps([{ ...whole, bytes: whole.bytes.subarray(0, 16) }]);
    expect(said(adapted(cut as Step, living([])))).toMatchObject({
      payload: { index: 1, num: 0 },
      notes: ['zeroes for 4 bytes that were not captured'],
    });
  });
});

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

  it('answers what was not recorded as what was, or with zeroes', () => {
    const [earlier] = played(pair('GET_QUEUE_NUM', {}, { queue_num: 8 }));
    const asked = decodeFrame(frame('GET_QUEUE_NUM'));
    expect(answered(answerTo(asked, undefined, earlier, living([]), true))).toEqual({ queue_num: 8 });
    expect(answered(answerTo(asked, undefined, undefined, living([]), true))).toEqual({ queue_num: 0 });
  });
});

describe('descriptors of which the capture knows little', () => {
  it.each<[string, object, number, number, string]>([
    ['ADD_MEM_REG', region(0x2000), 0, 0x3000, 'memfd'],
    ['SET_MEM_TABLE', { regions: [region(0).region, region(0x4000).region] }, 1, 0x5000, 'memfd'],
    ['SET_LOG_BASE', { size: 0x800, offset: 0x100 }, 0, 0x900, 'memfd'],
    ['SET_VRING_KICK', { index: 0 }, 0, 4096, 'eventfd'],
  ])('%s', (name, payload, at, size, kind) => {
    const [step] = steps([frame(name, payload, { fds: [{ kind: 'unknown' }, { kind: 'unknown' }] })]);
    expect(sizeNeeded(step as Step, at)).toBe(size);
    expect(kindNeeded(step as Step)).toBe(kind);
  });
});

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

  it.each<[string, string, object, boolean]>([
    ['GET_VRING_BASE', 'payload.num', {}, true],
    ['GET_QUEUE_NUM', 'payload.queue_num', {}, false],
    ['SET_VRING_ADDR', 'payload.used', {}, true],
    ['GET_STATUS', 'payload.status.names', { withheld: { virtio: true, protocol: false } }, true],
    ['GET_STATUS', 'payload.status.names', {}, false],
    ['SET_MEM_TABLE', 'flags.need_reply', { withheld: { virtio: false, protocol: true } }, true],
    ['SET_MEM_TABLE', 'flags.need_reply', {}, false],
  ])('%s %s is explained or not', (name, path, more, isExplained) => {
    const message = decodeFrame(frame(name));
    const circumstances = { message, withheld: { virtio: false, protocol: false }, adapted: false, ...more };
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

describe('a verdict', () => {
  const outcome = (more: Partial<Outcome>): Outcome => ({
    ...{
      result: 'same',
      channel: 'main',
      dir: 'back-to-front',
      name: 'GET_QUEUE_NUM =',
      text: 'GET_QUEUE_NUM = 1',
      n: 5,
      differences: [],
      notes: [],
    },
    ...more,
  });
  const differs = outcome({
    result: 'different',
    differences: [{ path: 'payload.queue_num', recorded: '2', came: '1' }],
  });
  const mustDiffer = outcome({
    result: 'different',
    differences: [{ path: 'payload.num', recorded: '2', came: '1', because: 'it must' }],
  });
  const performance = (
    outcomes: Outcome[],
    end: Performance['end'] = { how: 'played', after: '9 X', asRecorded: true },
  ): Performance => ({
    ...{ side: 'front-end', outcomes, end, unreached: 0 },
  });

  it('counts what nothing explains, and each deviation once', () => {
    const outcomes = [
      outcome({}),
      differs,
      differs,
      mustDiffer,
      outcome({ result: 'missing', name: 'X' }),
      outcome({ result: 'said' }),
    ];
    expect(deviationsOf(performance(outcomes)).map(({ key }) => key)).toEqual([
      'GET_QUEUE_NUM =: payload.queue_num 2 -> 1',
      'X: missing',
    ]);
  });

  it('tells a connection that was closed elsewhere than in the recording', () => {
    const closed = performance([], { how: 'closed', after: '12 SET_FEATURES', asRecorded: false });
    expect(deviationsOf(closed).map(({ key }) => key)).toEqual(['closed after SET_FEATURES']);
  });

  it('accepts what a baseline accepts, and a baseline reads back what was written', () => {
    const one = performance([differs]);
    const accepted = parseBaseline(`${formatBaseline(deviationsOf(one), 'title')}\nother: key  # why\n`);
    expect([...accepted]).toEqual(['GET_QUEUE_NUM =: payload.queue_num 2 -> 1', 'other: key']);
    expect(verdictLines(one, accepted).at(-1)).toBe(
      'the back-end behaves as in the recording, but for 1 accepted deviation',
    );
    expect(verdictLines(one, new Set()).at(-1)).toBe('  GET_QUEUE_NUM =: payload.queue_num was 2, came 1');
  });

  it('is printed below what it is about, safely', () => {
    const odd = outcome({
      ...differs,
      differences: [{ path: 'payload.text', recorded: 'a', came: '\x1b[2J', because: 'x' }],
    });
    expect(outcomeLines(odd, true)).toEqual([
      '     5  F<-B ! GET_QUEUE_NUM = 1',
      '                text was a, came \\x1b[2J (x)',
    ]);
    expect(outcomeLines(outcome({ result: 'left-out', notes: ['why'] }), false)).toEqual([
      '     5  F←B x GET_QUEUE_NUM = 1  # left out: why',
    ]);
  });
});
