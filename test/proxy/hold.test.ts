import { fstatSync, readdirSync } from 'node:fs';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { armedRule, type Rule } from '../../src/proxy/hold/rule.ts';
import { inspect } from '../../src/sys/descriptor.ts';
import { createEventFd } from '../../src/sys/event-fd.ts';
import { close, Memory, memfdCreate } from '../../src/sys/libc.ts';
import { socketPair } from '../../src/sys/socket.ts';
import { arrival, receive } from '../../src/sys/transfer.ts';
import { message, put, type Recorded, Stand, take, u64 } from './stand.ts';

const open: number[] = [];
const kept = (fd: number): number => {
  open.push(fd);
  return fd;
};
const openFds = (): string[] => readdirSync('/proc/self/fd').sort();
let fdsBefore: string[];
let stand: Stand;
let front: number;
let back: number;
const scratch = new Memory(1 << 17);

beforeEach(() => {
  fdsBefore = openFds();
  stand = new Stand();
  connect();
});
afterEach(() => {
  for (const fd of open.splice(0)) close(fd);
  stand.close();
  expect(openFds()).toEqual(fdsBefore);
});

function connect(): void {
  const peers = stand.connect();
  front = kept(peers.front);
  back = kept(peers.back);
}

/** Adds a breakpoint. */
function hold(when: string, of: Partial<Rule> & { forever?: boolean; ms?: number } = {}): void {
  const { forever, ms, ...rule } = of;
  const settings = { ...(forever && { forever }), ...(ms !== undefined && { ms }) };
  const armed = armedRule({ name: `hold ${when}`, when, do: [{ tamper: 'hold', settings }], ...rule });
  stand.relay.ask('add-rule', { rule: armed, by: 'ann' });
}

/** What is held, by number and name. */
const held = (): string[] => stand.relay.ask('holds', {}).map(({ n, name }) => `${n} ${name}`);
const by = 'ann (ctl)';

/** Events, and messages with what became of them, in order. */
function story(records: readonly Recorded[] = stand.records()): string[] {
  return records.map(({ header, bytes, event }) => {
    if (event) return event.event;
    const sent = header.sentBytes === undefined ? '' : header.sentBytes.length === 0 ? ' dropped' : ' altered';
    return `${header.n} ${bytes.readUInt32LE(0)}${header.injected ? ' injected' : ''}${sent}`;
  });
}

/** What came, with the descriptors left open: their inodes tell memory files apart, their numbers eventfds. */
function received(fd: number): { bytes: Buffer; objects: string[] } {
  const length = receive(fd, scratch.address, scratch.bytes.length);
  const fds = arrival.fds.map(kept);
  const bytes = Buffer.from(scratch.bytes.subarray(0, Math.max(0, length)));
  return { bytes, objects: fds.map(objectOf) };
}

function objectOf(fd: number): string {
  const { kind, inode, id, name } = inspect(fd).identity;
  return kind === 'eventfd' ? `eventfd ${id}` : kind === 'device' ? `${name}` : `${kind} ${inode ?? id}`;
}

describe('a held message', () => {
  it('waits with what is behind it, while the other direction goes on', () => {
    hold('SET_FEATURES');
    const features = message(2, u64(0x40000000n));
    put(front, Buffer.concat([message(3), features, message(1)]));
    stand.settle();
    expect(take(back).bytes).toEqual(message(3));
    expect(held()).toEqual(['3 SET_FEATURES']);
    put(back, message(1, u64(7), 5));
    stand.settle();
    expect(take(front).bytes).toEqual(message(1, u64(7), 5));
    expect(stand.relay.ask('release', { n: 3, by })).toEqual([{ n: 3, done: true, state: 'released' }]);
    stand.settle();
    expect(take(back).bytes).toEqual(Buffer.concat([features, message(1)]));
    expect(held()).toEqual([]);
    const records = stand.records();
    expect(story(records)).toEqual(['connected', '2 3', 'held', '4 1', 'released', '6 2', '7 1']);
    const [, , told, , released, recorded] = records;
    expect(told?.event).toEqual({
      ...{
        event: 'held',
        channel: 'main',
        direction: 'front-to-back',
        name: 'SET_FEATURES',
        rule: 'hold SET_FEATURES',
      },
      ...{
        deadline_ms: 30_000,
        line: 'F→B SET_FEATURES PROTOCOL_FEATURES',
        size: 20,
        bytes: features.toString('hex'),
        fds: [],
      },
    });
    expect(told?.header).toMatchObject({ dir: 'front-to-back', session: 1, epoch: 1 });
    expect(released?.event).toMatchObject({ hold: 3, how: 'released', by, held_ms: expect.any(Number) });
    expect(recorded?.header.heldNs).toBeGreaterThan(0n);
    expect(recorded?.header.sentBytes).toBeUndefined();
    expect(Number(recorded?.header.sentNs) - Number(recorded?.header.receivedNs)).toBeGreaterThanOrEqual(
      Number(recorded?.header.heldNs),
    );
  });

  it('goes on by itself when its time is over, unless it is held for ever', async () => {
    hold('GET_FEATURES', { ms: 20 });
    hold('GET_PROTOCOL_FEATURES', { forever: true });
    put(front, Buffer.concat([message(1), message(15)]));
    stand.settle();
    expect(stand.relay.ask('holds', {})[0]).toMatchObject({ leftMs: expect.any(Number) });
    while (held()[0]?.endsWith(' GET_FEATURES')) stand.relay.turn(50);
    stand.settle();
    expect(take(back).bytes).toEqual(message(1));
    const [forever] = stand.relay.ask('holds', {});
    expect(forever).toMatchObject({ name: 'GET_PROTOCOL_FEATURES' });
    expect(forever?.leftMs).toBeUndefined();
    expect(stand.records().find(({ event }) => event?.event === 'released')?.event).toMatchObject({ how: 'deadline' });
    expect(stand.reports).toContainEqual(expect.objectContaining({ type: 'let-go', how: 'deadline' }));
  });

  it('is let go when the relay ends, and what is behind it is delivered and not held either', () => {
    hold('GET_FEATURES', { forever: true });
    const all = Buffer.concat([message(1), message(15), message(1)]);
    put(front, all);
    stand.settle();
    stand.relay.stop(500);
    while (!stand.relay.finished());
    expect(take(back).bytes).toEqual(all);
  });

  it('keeps its descriptors, the same objects', () => {
    hold('ADD_MEM_REG');
    const [first, second] = [kept(memfdCreate('a', 1)), kept(memfdCreate('b', 1))];
    put(front, message(37, Buffer.alloc(40)), [first, second]);
    stand.settle();
    expect(stand.relay.ask('holds', {})[0]?.fds.map(({ name }) => name)).toEqual(['a', 'b']);
    stand.relay.ask('release', { by });
    stand.settle();
    expect(received(back).objects).toEqual([first, second].map(fd => `memfd ${fstatSync(fd).ino}`));
    const recorded = stand.messages()[0]?.header;
    expect(recorded?.fds.map(({ inode }) => inode)).toEqual([first, second].map(fd => fstatSync(fd).ino));
  });

  it('is delivered before the end of its sender', () => {
    hold('GET_FEATURES');
    put(front, message(1));
    stand.settle();
    close(open.splice(open.indexOf(front), 1)[0] as number);
    stand.settle();
    expect(take(back)).toMatchObject({ end: 'open' });
    stand.relay.ask('release', { by });
    stand.settle();
    expect(take(back)).toMatchObject({ bytes: message(1), end: 'eof' });
  });

  it('is lost with its receiver, and told so', () => {
    hold('SET_LOG_FD');
    const log = kept(memfdCreate('log', 1));
    put(front, message(7), [log]);
    stand.settle();
    close(open.splice(open.indexOf(back), 1)[0] as number);
    stand.settle();
    const records = stand.records();
    expect(story(records)).toEqual(['connected', 'held', '3 7 dropped', 'released', 'closed']);
    expect(records[2]?.header).toMatchObject({ sentNs: 0n, fds: [{ name: 'log' }] });
    expect(records.at(-1)?.event).toMatchObject({ how: 'eof', first: 'back-end', undelivered_bytes: 12 });
    expect(stand.relay.ask('release', { n: 2, by })).toEqual([{ n: 2, done: false, state: 'closed' }]);
  });

  it('is named once: an order that comes late changes nothing and hears why', () => {
    hold('GET_FEATURES');
    put(front, message(1));
    stand.settle();
    stand.relay.ask('drop', { n: 2, by });
    for (const order of ['drop', 'release', 'step'] as const)
      expect([stand.relay.ask(order, { n: 2, by })].flat()).toEqual([{ n: 2, done: false, state: 'released' }]);
    expect(() => stand.relay.ask('drop', { n: 99, by })).toThrow('no message is held as 99');
    stand.settle();
    expect(take(back).bytes.length).toBe(0);
  });
});

describe('orders', () => {
  it('step lets a message go and holds the next of its connection, in either direction', () => {
    connect();
    const other = { front, back };
    connect();
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
    expect(fstatSync(open.find(fd => fstatSync(fd).size === 8192) as number).size).toBe(8192);
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
    ['error', message(3, u64(1), 5)],
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
    connect();
    expect(inject({})).toThrow(/several connections, name one: pair 1, pair 2/);
  });
});

describe('breakpoints', () => {
  it('count, and go when they have fired as often as they should', () => {
    hold('SET_VRING_NUM', { nth: 2, times: 1 });
    for (let i = 0; i < 4; i++) put(front, message(8, u64(i)));
    stand.settle();
    expect(take(back).bytes).toEqual(message(8, u64(0)));
    expect(held()).toHaveLength(1);
    expect(stand.relay.ask('rules', {})).toEqual([]);
    stand.relay.ask('release', { by });
    stand.settle();
    expect(take(back).bytes.length).toBe(60);
  });

  it('look into payloads, and tell why they did not fire', () => {
    hold('SET_VRING_NUM and num > 100');
    put(front, message(8, u64(0)));
    put(front, message(3));
    put(front, message(8, Buffer.from('0100000000010000', 'hex')));
    stand.settle();
    expect(held()).toHaveLength(1);
    expect(stand.relay.ask('rules', {})).toMatchObject([{ seen: 2, matched: 1, fired: 1, last: 'fired' }]);
    stand.relay.ask('remove-rule', {});
    expect(stand.relay.ask('rules', {})).toEqual([]);
    expect(() => stand.relay.ask('remove-rule', { name: 'x' })).toThrow('there is no breakpoint x');
  });

  it('hold messages of migration only where they name them', () => {
    hold('fds > 0 or SET_FEATURES');
    const log = kept(memfdCreate('log', 1));
    put(front, message(7), [log]);
    stand.settle();
    expect(take(back).bytes).toEqual(message(7));
    expect(stand.relay.ask('rules', {})[0]?.last).toMatch(/migration is held only if/);
    hold('SET_LOG_FD');
    put(front, message(7), [log]);
    stand.settle();
    expect(held()).toHaveLength(1);
  });

  it('hold messages of other channels, whose sockets are exchanged only when they are sent', () => {
    hold('SET_BACKEND_REQ_FD');
    const [mine, passed] = socketPair();
    put(front, message(21), [passed]);
    stand.settle();
    close(passed);
    expect(stand.records().some(({ event }) => event?.event === 'interposed')).toBe(false);
    stand.relay.ask('release', { by });
    stand.settle();
    expect(stand.records().some(({ event }) => event?.event === 'interposed')).toBe(true);
    receive(back, scratch.address, 100);
    const theirs = kept(arrival.fds[0] as number);
    hold('BACKEND_CONFIG_CHANGE_MSG');
    put(theirs, message(2, [], 1));
    stand.settle();
    expect(stand.relay.ask('holds', {})).toMatchObject([{ channel: 'backend-req', name: 'BACKEND_CONFIG_CHANGE_MSG' }]);
    stand.relay.ask('release', { by });
    stand.settle();
    expect(take(kept(mine)).bytes).toEqual(message(2, [], 1));
  });

  it('hold messages that would have been passed on in pieces', () => {
    const [mine, passed] = socketPair();
    put(front, message(33), [passed]);
    close(passed);
    stand.settle();
    receive(back, scratch.address, 100);
    const theirs = kept(arrival.fds[0] as number);
    const pixels = message(8, Buffer.alloc(100_000, 7), 0);
    hold('GPU_UPDATE');
    expect(put(theirs, pixels)).toBe(pixels.length);
    stand.settle();
    expect(stand.relay.ask('holds', {})).toMatchObject([{ channel: 'gpu', name: 'GPU_UPDATE' }]);
    stand.relay.ask('release', { by });
    stand.settle();
    expect(take(kept(mine)).bytes).toEqual(pixels);
  });
});

describe('whatever takes a detour', () => {
  /** What one side sends: messages with descriptors or without, some held, some delayed by a turn, some passed at once. */
  const sent = fc.array(fc.record({ id: fc.constantFrom(3, 8, 12, 37), value: fc.nat(1000), fd: fc.boolean() }), {
    maxLength: 12,
  });

  it('arrives as it was sent, in order, with its descriptors', () => {
    const memory = kept(memfdCreate('property', 1));
    hold('SET_VRING_NUM', { forever: true });
    stand.relay.ask('add-rule', {
      rule: armedRule({ name: 'noted', when: 'ADD_MEM_REG', do: [{ tamper: 'note', settings: 'seen' }] }),
      by,
    });
    const property = fc.property(sent, sent, (forth, backward) => {
      const wires = [forth, backward].map(messages =>
        messages.map(({ id, value, fd }) => ({ bytes: message(id, u64(value)), fds: fd ? [memory] : [] })),
      );
      for (const [i, wire] of wires.entries())
        for (const { bytes, fds } of wire) put(i === 0 ? front : back, bytes, fds);
      const got = [back, front].map(() => ({ bytes: [] as Buffer[], fds: 0 }));
      for (let round = 0; round < 30; round++) {
        stand.settle();
        for (const [i, fd] of [back, front].entries()) {
          const taken = take(fd, 20);
          got[i]?.bytes.push(taken.bytes);
          (got[i] as { fds: number }).fds += taken.fds.length;
        }
        stand.relay.ask('release', { by });
      }
      stand.forgetRecords();
      for (const [i, wire] of wires.entries()) {
        expect(Buffer.concat(got[i]?.bytes ?? [])).toEqual(Buffer.concat(wire.map(({ bytes }) => bytes)));
        expect(got[i]?.fds).toBe(wire.filter(({ fds }) => fds.length > 0).length);
      }
    });
    fc.assert(property, { numRuns: 60 });
  });
});
