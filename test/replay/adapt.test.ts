/** What a played front-end says: the recorded message, or what must follow from the living side. */
import { describe, expect, it } from 'vitest';
import type { Frame } from '../../src/decode/frame.ts';
import { adapted } from '../../src/replay/adapt.ts';
import type { Prepared } from '../../src/replay/draft.ts';
import type { Step } from '../../src/replay/recording.ts';
import { all, eventfd, frame, living, memfd, region, said, steps } from './frames.ts';

const replyAck = 1n << 3n;

describe('what the front-end says', () => {
  it('is the recorded message where nothing is different', () => {
    const [kick] = steps([frame('SET_VRING_KICK', { index: 1 }, { fds: eventfd })]);
    const result = adapted(kick as Step, living([])) as Prepared;
    expect(result.bytes).toEqual((kick as Step).frame.bytes);
    expect(result.fds).toEqual([{ like: eventfd[0], of: kick, at: 0 }]);
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

  type Name = string | number;
  it.each<[string, string, string, Name, Name, Name]>([
    ['a crypto session', 'CREATE_CRYPTO_SESSION', 'session_id', 7, 3, 99],
    [
      'a shared object',
      ...(['BACKEND_SHARED_OBJECT_ADD', 'uuid'] as const),
      '00112233-4455-6677-8899-aabbccddeeff',
      'ffeeddcc-bbaa-9988-7766-554433221100',
      '00000000-0000-4000-8000-000000000000',
    ],
  ])('calls %s as this back-end does', (_, names, field, then, now, other) => {
    const of = names.startsWith('BACKEND') ? { of: 'backend-req' as const } : { reply: true };
    const named = frame(names, { [field]: then }, of);
    const asks = names.startsWith('BACKEND') ? 'GET_SHARED_OBJECT' : 'CLOSE_CRYPTO_SESSION';
    const played = steps([named, frame(asks, { [field]: then }), frame(asks, { [field]: other })]);
    const came = frame(names, { [field]: now }, of);
    const heard = living([came], all, { [named.n]: came });
    const [follows, unknown] = played.filter(({ message }) => message.name === asks) as [Step, Step];
    expect(said(adapted(follows, heard))).toMatchObject({
      payload: { [field]: now },
      notes: [`${field} ${then} → ${now}, the one that the back-end has given`],
    });
    // One that was given by nobody is asked for as it was.
    expect((adapted(unknown, heard) as Prepared).bytes).toEqual(unknown.frame.bytes);
  });

  it('does not close a crypto session that was not opened', () => {
    const opened = frame('CREATE_CRYPTO_SESSION', { session_id: 7 }, { reply: true });
    const [, close] = steps([opened, frame('CLOSE_CRYPTO_SESSION', { session_id: 7 })]);
    const refused = frame('CREATE_CRYPTO_SESSION', { session_id: -1 }, { reply: true });
    expect(adapted(close as Step, living([refused], all, { [opened.n]: refused }))).toEqual({
      leftOut: 'the back-end has not opened the session this time',
    });
  });

  it('shares no more regions than the back-end has slots for, and takes none away that was not shared', () => {
    const slots = (max_mem_slots: number) => frame('GET_MAX_MEM_SLOTS', { max_mem_slots }, { reply: true });
    const [one, two] = [0, 0x1000].map(at => frame('ADD_MEM_REG', region(at), { fds: memfd })) as [Frame, Frame];
    const [, , add, remove] = steps([slots(8), one, two, frame('REM_MEM_REG', region(0x1000))]) as Step[];
    const now = [slots(1), one];
    expect(adapted(add as Step, living(now))).toEqual({ leftOut: 'the back-end has only 1 memory slot' });
    expect(adapted(remove as Step, living(now))).toEqual({ leftOut: 'the region was not shared this time' });
    expect(said(adapted(remove as Step, living([...now, two])))).toMatchObject({ name: 'REM_MEM_REG' });
    // What broke the rule when it was recorded breaks it again.
    const [, , rude] = steps([slots(1), one, two]);
    expect(said(adapted(rude as Step, living(now)))).toMatchObject({ name: 'ADD_MEM_REG' });
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
