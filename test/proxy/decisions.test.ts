/** The relay's decisions, which need no socket. */
import { describe, expect, it } from 'vitest';
import { compileFilter } from '../../src/decode/filter/filter.ts';
import type { FdIdentity } from '../../src/decode/frame.ts';
import { Objects } from '../../src/decode/objects.ts';
import { ringOf, useOf, usesEndedBy } from '../../src/decode/uses.ts';
import { delivered } from '../../src/proxy/ending.ts';
import { isPlain, judge } from '../../src/proxy/framing.ts';
import { isArmed, tableOf } from '../../src/proxy/hold/verdicts.ts';
import { message, u64 } from './stand.ts';

const main = 0;
const gpu = 2;

describe('what is done with a message', () => {
  it.each([
    [main, 1, 0, 'gather'],
    [main, 9, 65_536, 'gather'],
    [main, 1, 65_537, 'insane-size'],
    [main, 0, 8, 'wrong-version'],
    [main, 2, 8, 'wrong-version'],
    [main, 0x41414141, 0x41414141, 'insane-size'],
    [gpu, 0, 65_536, 'gather'],
    [gpu, 5, 4_096_020, 'stream'],
    [gpu, 0, 0xffff_ffff, 'insane-size'],
  ])('channel %i, flags %i, %i bytes of payload: %s', (channel, flags, size, judgement) => {
    expect(judge(channel, flags, size)).toBe(judgement);
  });

  it.each([
    [[20], true],
    [[12, 8], true],
    [[5, 15], false],
    [[12, 4, 4], false],
  ])('pieces of %j are plain: %s', (pieces, plain) => {
    expect(isPlain(pieces)).toBe(plain);
  });
});

describe('which messages a filter has gathered', () => {
  it.each([
    ['SET_FEATURES', [2], [1, 3, 255, 300]],
    ['id <= 3', [1, 2, 3], [4, 254]],
    ['id == 5 and size == 1000', [5], [1, 255, 999]],
    ['id > 300', [301, 500], [1, 254]],
    ['UNKNOWN(300)', [300], [1, 254]],
    ['id == 500', [500], [1, 254]],
    ['id == 0x1f4', [500], [1, 254]],
    ['id in {7, 0x1f4}', [7, 500], [1, 254]],
    ['id ~ "^50"', [50, 500], [1, 254]],
    ['0x1f4', [500], [1, 254]],
    ['not SET_FEATURES', [1, 3, 255, 500], [2]],
    ['vring.index == 0', [8, 12, 18], [1, 2, 300]],
    ['main', [1, 255, 500], []],
    ['gpu', [], [1, 255, 500]],
  ])('%s', (filter, armed, others) => {
    const table = tableOf(compileFilter(filter), 'main', 'front-to-back');
    for (const id of armed) expect(isArmed(table, id), `${id}`).toBe(true);
    for (const id of others) expect(isArmed(table, id), `${id}`).toBe(false);
  });
});

describe('how well an end is copied', () => {
  const none = { held: 0, unread: 0, unseen: false };
  it.each([
    ['a close after everything was read', { ...none, how: 'eof' }, 'exact'],
    ['a close with bytes of the survivor unread, in our socket', { ...none, how: 'eof', unread: 3 }, 'exact'],
    ['a close with bytes of the survivor unread, in our memory', { ...none, how: 'eof', held: 3 }, 'softened'],
    ['a reset while the survivor says nothing', { ...none, how: 'reset' }, 'softened'],
    ['a reset with bytes of the survivor in our socket', { ...none, how: 'reset', unread: 1 }, 'exact'],
    [
      'a shutdown of both, one of which may yet close with bytes unread',
      { ...none, how: 'shutdown', unseen: true },
      'softened',
    ],
  ] as const)('%s', (_, ending, how) => {
    expect(delivered(ending)).toBe(how);
  });
});

describe('which descriptors are the same object', () => {
  const file = (inode: number): FdIdentity => ({ kind: 'memfd', dev: 1, inode });
  const event = (id: number): FdIdentity => ({ kind: 'eventfd', id });
  function pass(objects: Objects, session: number, use: string | undefined, ...fds: FdIdentity[]): FdIdentity[] {
    objects.pass(session, use, fds);
    return fds;
  }

  it('files by device and inode, in every session', () => {
    const objects = new Objects();
    const [first] = pass(objects, 1, undefined, file(7));
    objects.endSession(1);
    const [again, other] = pass(objects, 2, 'x', file(7), file(8));
    expect(again?.object).toBe(first?.object);
    expect(other?.object).not.toBe(first?.object);
  });

  it('eventfds as long as somebody is known to hold them', () => {
    const objects = new Objects();
    const [kick] = pass(objects, 1, 'main:12:0', event(5));
    const [call] = pass(objects, 1, 'main:13:0', event(5));
    expect(call?.object).toBe(kick?.object);
    pass(objects, 1, 'main:12:0', event(6));
    const [third] = pass(objects, 1, 'main:12:1', event(5));
    expect(third?.object).toBe(kick?.object);
    objects.end(1, 'main:13:0');
    objects.endSession(1);
    const [later] = pass(objects, 1, 'main:12:0', event(5));
    expect(later?.object).not.toBe(kick?.object);
    expect(later?.sameIdAs).toBe(kick?.object);
  });

  it('an eventfd for a use of nobody knows what is a new object each time', () => {
    const objects = new Objects();
    const [first] = pass(objects, 1, undefined, event(5));
    const [second] = pass(objects, 1, undefined, event(5));
    expect(second?.object).not.toBe(first?.object);
    expect(second?.sameIdAs).toBe(first?.object);
  });

  it('what cannot be told apart is a new object', () => {
    const objects = new Objects();
    const [a, b] = pass(objects, 1, 'x', { kind: 'userfaultfd' }, { kind: 'userfaultfd' });
    expect(a?.object).not.toBe(b?.object);
  });

  it('remembers a bounded number of them', () => {
    const objects = new Objects();
    const [first] = pass(objects, 1, undefined, file(0));
    for (let inode = 1; inode < 10_000; inode++) pass(objects, 1, undefined, file(inode));
    const [again] = pass(objects, 1, undefined, file(0));
    expect(again?.object).not.toBe(first?.object);
  });
});

describe('what descriptors are used for', () => {
  it.each([
    ['SET_VRING_KICK', 12, false, 'main:12:3'],
    ['SET_LOG_FD', 7, false, 'main:7'],
    ['SET_BACKEND_REQ_FD', 21, false, 'main:21'],
    ['a reply', 31, true, undefined],
    ['an unknown message', 999, false, undefined],
  ])('%s', (_, id, reply, use) => {
    expect(useOf('main', id, reply, 3)).toBe(use);
  });

  it('stopping a ring ends its kick and call', () => {
    expect(usesEndedBy('main', 11)).toEqual([12, 13]);
    expect(usesEndedBy('main', 12)).toEqual([]);
    expect(usesEndedBy('gpu', 11)).toEqual([]);
  });

  it('the ring is the low byte of the payload', () => {
    expect(ringOf(message(12, u64(0x105)), 8, true)).toBe(5);
    expect(ringOf(message(12, [0, 0, 0, 0, 0, 0, 1, 5]), 8, false)).toBe(5);
    expect(ringOf(message(3), 0, true)).toBe(0);
  });
});
