import { fstatSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { armedRule } from '../../src/proxy/hold/rule.ts';
import { close, memfdCreate } from '../../src/sys/libc.ts';
import { socketPair } from '../../src/sys/socket.ts';
import { arrival, receive } from '../../src/sys/transfer.ts';
import { kept, letGo } from '../sys/open-fds.ts';
import { aroundEachTest, back, by, front, held, hold, received, scratch, stand, story } from './hold-stand.ts';
import { message, put, take, u64 } from './stand.ts';

aroundEachTest();

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
    letGo(front);
    stand.settle();
    expect(take(back)).toMatchObject({ end: 'open' });
    const [gone] = stand.relay.ask('holds', {});
    expect(gone).toMatchObject({ gone: 'front-end' });
    expect(gone?.waits).toBeUndefined();
    stand.relay.ask('release', { by });
    stand.settle();
    expect(take(back)).toMatchObject({ bytes: message(1), end: 'eof' });
  });

  it('is lost with its receiver, and told so', () => {
    hold('SET_LOG_FD');
    const log = kept(memfdCreate('log', 1));
    put(front, message(7), [log]);
    stand.settle();
    letGo(back);
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
