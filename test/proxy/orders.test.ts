import { fstatSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { createEventFd } from '../../src/sys/event-fd.ts';
import { memfdCreate } from '../../src/sys/libc.ts';
import { kept, keptFds } from '../sys/open-fds.ts';
import {
  aroundEachTest,
  back,
  by,
  front,
  held,
  hold,
  objectOf,
  received,
  reconnect,
  stand,
  story,
} from './hold-stand.ts';
import { message, put, take, u64 } from './stand.ts';

aroundEachTest();

describe('orders', () => {
  it('step lets a message go and holds the next of its connection, in either direction', () => {
    reconnect();
    const other = { front, back };
    reconnect();
    hold('GET_FEATURES', { times: 1 });
    put(front, message(1));
    stand.settle();
    const [first] = stand.relay.ask('holds', {});
    stand.relay.ask('step', { n: first?.n as number, by });
    put(other.front, message(3));
    stand.settle();
    expect(take(other.back).bytes).toEqual(message(3));
    expect(take(back).bytes).toEqual(message(1));
    put(back, message(1, u64(7), 5));
    stand.settle();
    const [second] = stand.relay.ask('holds', {});
    expect(second).toMatchObject({ name: 'GET_FEATURES', direction: 'back-to-front', rule: 'step' });
    stand.relay.ask('release', { by });
    put(front, message(3));
    stand.settle();
    expect(take(front).bytes).toEqual(message(1, u64(7), 5));
    expect(held()).toEqual([]);
    expect(take(back).bytes).toEqual(message(3));
    expect(stand.relay.ask('rules', {})).toEqual([]);
  });

  it.each([
    ['a field', { set: 'num=256' }, message(8, u64(256))],
    ['need_reply', { set: 'need_reply=1' }, message(8, u64(7), 9)],
    ['a wrong size', { set: '!size=4' }, Buffer.concat([message(8).fill(4, 8, 9), u64(7)])],
    ['a line', { line: 'F→B SET_VRING_NUM index=1 num=64' }, message(8, Buffer.from('0100000040000000', 'hex'))],
    ['hex', { hex: '03000000 01000000 00000000' }, message(3)],
  ])('edit changes %s, and both forms are recorded', (_what, change, sent) => {
    const came = message(8, u64(7));
    const wanted = _what === 'a field' ? message(8, Buffer.from('0700000000010000', 'hex')) : sent;
    hold('SET_VRING_NUM');
    put(front, came);
    stand.settle();
    expect(stand.relay.ask('edit', { n: 2, by, change })).toEqual({ n: 2, done: true, state: 'held' });
    expect(Buffer.from(stand.relay.ask('holds', {})[0]?.bytes as Uint8Array)).toEqual(wanted);
    stand.relay.ask('release', { n: 2, by });
    stand.settle();
    expect(take(back).bytes).toEqual(wanted);
    const records = stand.records();
    expect(story(records)).toEqual(['connected', 'held', 'released', '4 8 altered', 'edited']);
    expect(records[3]?.bytes).toEqual(came);
    expect(Buffer.from(records[3]?.header.sentBytes as Uint8Array)).toEqual(wanted);
    expect(records[4]?.event).toEqual({ event: 'edited', of: 4, by, did: ['edited'], hold: 2 });
  });

  it('edit that makes no sense is refused, and the message stays as it was', () => {
    hold('SET_VRING_NUM');
    put(front, message(8, u64(7)));
    stand.settle();
    for (const change of [{ set: 'nux=3' }, { set: 'num' }, { line: 'NO_SUCH' }, { hex: '0' }, { hex: '00' }])
      expect(() => stand.relay.ask('edit', { n: 2, by, change })).toThrow();
    expect(() => stand.relay.ask('edit', { n: 2, by, fds: [0] })).toThrow('there is no descriptor 0, 0 came');
    stand.relay.ask('release', { by });
    stand.settle();
    expect(take(back).bytes).toEqual(message(8, u64(7)));
  });

  it('edit keeps, drops, doubles and replaces descriptors', () => {
    hold('ADD_MEM_REG');
    const [first, second] = [kept(memfdCreate('a', 1)), kept(createEventFd())];
    const [a, b] = [first, second].map(objectOf);
    const cases: [NonNullable<Parameters<typeof orderFds>[0]>, (string | RegExp)[]][] = [
      [
        [0, 1],
        [a as string, b as string],
      ],
      [[1], [b as string]],
      [[], []],
      [
        [1, 0, 1],
        [b as string, a as string, b as string],
      ],
      [
        [{ fresh: 'memfd', size: 8192 }, 1],
        [/^memfd (?!X)/, b as string],
      ],
      [
        [{ fresh: 'eventfd' }, { fresh: 'null' }],
        [/^eventfd \d+/, '/dev/null'],
      ],
    ];
    for (const [fds, expected] of cases) {
      put(front, message(37, Buffer.alloc(40)), [first, second]);
      stand.settle();
      orderFds(fds);
      const { objects, bytes } = received(back);
      expect(bytes).toEqual(message(37, Buffer.alloc(40)));
      expect(objects).toHaveLength(expected.length);
      for (const [i, one] of expected.entries()) expect(objects[i]).toMatch(one);
      const fresh = fds.filter(fd => typeof fd !== 'number').length;
      expect(objects.filter(one => one !== a && one !== b)).toHaveLength(fresh);
    }
    expect(fstatSync(keptFds().find(fd => fstatSync(fd).size === 8192) as number).size).toBe(8192);
    const records = stand.messages();
    expect(records.map(({ header }) => header.fds.length)).toEqual(cases.map(() => 2));
    expect(records.map(({ header }) => header.sentBytes !== undefined)).toEqual([false, true, true, true, true, true]);
  });

  function orderFds(fds: readonly (number | { fresh: 'memfd'; size: number } | { fresh: 'eventfd' | 'null' })[]): void {
    const [one] = stand.relay.ask('holds', {});
    stand.relay.ask('edit', { n: one?.n as number, by, fds });
    stand.relay.ask('release', { by });
    stand.settle();
  }

  it('drop keeps a message and its descriptors from the other side', () => {
    hold('SET_VRING_KICK');
    const kick = kept(createEventFd());
    put(front, Buffer.concat([message(12, u64(0)), message(3)]).subarray(0, 20), [kick]);
    put(front, message(3));
    stand.settle();
    stand.relay.ask('drop', { n: 2, by });
    stand.settle();
    expect(received(back)).toEqual({ bytes: message(3), objects: [] });
    const records = stand.records();
    expect(story(records)).toEqual(['connected', 'held', 'released', '4 12 dropped', 'dropped', '6 3']);
    expect(records[3]?.header.fds).toMatchObject([{ kind: 'eventfd' }]);
  });

  it.each([
    ['ok', message(3, u64(0), 5)],
    ['Error', message(3, u64(1), 5)],
    ['0x2a', message(3, u64(42), 5)],
    ['empty', message(3, [], 5)],
    ['F←B GET_FEATURES = 0x1', message(1, u64(1), 5)],
  ])('answer %s in the peer’s name', (written, reply) => {
    hold('SET_OWNER');
    put(front, message(3, [], 9));
    stand.settle();
    stand.relay.ask('answer', { n: 2, by, with: written });
    stand.settle();
    expect(take(front).bytes).toEqual(reply);
    expect(take(back).bytes.length).toBe(0);
    const records = stand.records();
    expect(story(records)).toEqual([
      ...['connected', 'held', 'released', '4 3 dropped', 'dropped'],
      ...[`6 ${reply.readUInt32LE(0)} injected`, 'injected'],
    ]);
    expect(records[5]?.header).toMatchObject({ answers: 4, injected: true, reply: true, dir: 'back-to-front' });
    expect(records[6]?.event).toMatchObject({ of: 6, by });
  });

  it('close ends the connection as a peer would', () => {
    hold('GET_FEATURES');
    put(front, message(1));
    stand.settle();
    stand.relay.ask('close', { n: 2, by });
    stand.settle();
    expect([take(front).end, take(back).end]).toEqual(['eof', 'eof']);
    expect(stand.records().at(-1)?.event).toMatchObject({ event: 'closed', first: 'proxy' });
  });

  it('inject sends a message of ours, and its reply goes to whom it is wanted for', () => {
    put(front, message(15));
    stand.settle();
    const line = 'F→B GET_FEATURES';
    expect(stand.relay.ask('inject', { change: { line }, keepReply: true, by })).toEqual({ n: 3 });
    stand.relay.ask('inject', { change: { hex: message(1).toString('hex') }, keepReply: false, by });
    put(front, message(1));
    stand.settle();
    expect(take(back).bytes).toEqual(Buffer.concat([message(15), message(1), message(1), message(1)]));
    for (const value of [1, 2, 3]) put(back, message(1, u64(value), 5));
    stand.settle();
    expect(take(front).bytes).toEqual(Buffer.concat([message(1, u64(2), 5), message(1, u64(3), 5)]));
    const replies = stand.messages().filter(({ header }) => header.reply);
    expect(replies.map(({ header }) => [header.answers, header.sentBytes?.length])).toEqual([
      [3, 0],
      [5, undefined],
      [7, undefined],
    ]);
  });

  it('inject waits for the end of a message that is under way, and goes before one that is held', () => {
    hold('SET_VRING_NUM');
    put(front, message(8, u64(1)));
    stand.settle();
    stand.relay.ask('inject', { change: { line: 'SET_OWNER' }, keepReply: false, by });
    stand.settle();
    expect(take(back).bytes).toEqual(message(3));
    stand.relay.ask('release', { by });
    stand.settle();
    expect(take(back).bytes).toEqual(message(8, u64(1)));
    put(front, message(10, u64(5)).subarray(0, 15));
    stand.settle();
    stand.relay.ask('inject', { change: { line: 'SET_OWNER' }, keepReply: false, by });
    put(front, message(10, u64(5)).subarray(15));
    stand.settle();
    expect(take(back).bytes).toEqual(Buffer.concat([message(3), message(10, u64(5))]));
  });

  it('inject is refused where there is no such connection or channel', () => {
    const inject = (more: object) => () =>
      stand.relay.ask('inject', { change: { line: 'SET_OWNER' }, keepReply: false, by, ...more });
    expect(inject({ connection: 9 })).toThrow('there is no such connection');
    expect(inject({ channel: 'gpu' })).toThrow('has no gpu channel');
    expect(inject({ fds: [0] })).toThrow('only have fresh descriptors');
    reconnect();
    expect(inject({})).toThrow(/several connections, name one: pair 1, pair 2/);
  });
});
