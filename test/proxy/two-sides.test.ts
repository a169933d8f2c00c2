/** What the capture says of both sides where a rule has changed what one of them said: negotiation, and descriptors. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { armedRule } from '../../src/proxy/hold/rule.ts';
import { createEventFd } from '../../src/sys/event-fd.ts';
import { close } from '../../src/sys/libc.ts';
import { message, put, Stand, take, u64 } from './stand.ts';

let stand: Stand;
let peers: { front: number; back: number };
const made: number[] = [];

beforeEach(() => {
  stand = new Stand();
  peers = stand.connect();
});
afterEach(() => {
  for (const fd of made.splice(0)) close(fd);
  stand.close();
  close(peers.front);
  close(peers.back);
});

function rule(when: string, tamper: string, settings: unknown): void {
  stand.relay.ask('set-rules', {
    rules: [armedRule({ name: 'rule', when, do: [{ tamper, settings }] })],
  });
}

function eventFd(): number {
  const fd = createEventFd();
  made.push(fd);
  return fd;
}

describe('features that a rule forces upon the back-end', () => {
  it('are in the records of the back-end, and not in those of the front-end', () => {
    rule('SET_PROTOCOL_FEATURES', 'force', { protocol: ['REPLY_ACK'] });
    for (const [from, bytes] of [
      [peers.front, message(16, u64(1))],
      [peers.front, message(1)],
      [peers.back, message(1, u64(0), 5)],
    ] as const) {
      put(from, bytes);
      stand.settle();
    }
    const known = stand.messages().map(({ header }) => [header.dir, header.context.protocolFeatures]);
    expect(known).toEqual([
      ['front-to-back', undefined],
      ['front-to-back', 1n],
      ['back-to-front', 9n],
    ]);
  });

  it('have the back-end asked for what the front-end did not ask for', () => {
    rule('SET_PROTOCOL_FEATURES', 'force', { protocol: ['REPLY_ACK'] });
    put(peers.front, Buffer.concat([message(16, u64(1)), message(3, [], 9)]));
    stand.settle();
    put(peers.back, message(3, u64(0), 5));
    stand.settle();
    const [, owner, reply] = stand.messages();
    expect(reply?.header.answers).toBe(owner?.header.n);
  });
});

describe('descriptors', () => {
  it('that a rule takes away stand with what arrived, and not with what was sent', () => {
    rule('SET_VRING_KICK', 'fds', []);
    put(peers.front, message(12, u64(0)), [eventFd()]);
    stand.settle();
    expect(take(peers.back)).toMatchObject({ bytes: message(12, u64(0)), fds: [] });
    const [kick] = stand.messages();
    expect(kick?.header.fds.map(({ kind }) => kind)).toEqual(['eventfd']);
    expect(kick?.header.sentFds).toEqual([]);
  });

  it('that are exchanged and doubled stand there as they were sent', () => {
    rule('SET_VRING_KICK', 'fds', [{ fresh: 'memfd', size: 8192 }, 0, 0]);
    put(peers.front, message(12, u64(0)), [eventFd()]);
    stand.settle();
    expect(take(peers.back).fds.map(({ inodes }) => inodes.length)).toEqual([3]);
    const { fds = [], sentFds = [] } = stand.messages()[0]?.header ?? {};
    expect(sentFds.map(({ kind }) => kind)).toEqual(['memfd', 'eventfd', 'eventfd']);
    expect(sentFds[0]?.size).toBe(8192);
    expect(sentFds[1]).toEqual(fds[0]);
  });

  it('that go with a message of ours stand in its record', () => {
    rule('SET_OWNER', 'inject', { message: 'SET_VRING_KICK index=1', fds: 'eventfd', where: 'before' });
    put(peers.front, message(3));
    stand.settle();
    expect(take(peers.back).fds.length).toBe(1);
    const [kick, owner] = stand.messages();
    expect(kick?.header.injected).toBe(true);
    expect(kick?.header.fds.map(({ kind }) => kind)).toEqual(['eventfd']);
    expect(owner?.header.fds).toEqual([]);
  });
});
