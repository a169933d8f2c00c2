/** Sides that hear of a close a little later: what they send until then. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Poller } from '../../src/proxy/poller.ts';
import { Survivors } from '../../src/proxy/survivors.ts';
import { createEventFd } from '../../src/sys/event-fd.ts';
import { socketPair } from '../../src/sys/socket.ts';
import { kept, letGoOfAll, openFds } from '../sys/open-fds.ts';
import { message, put, take } from './stand.ts';

let poller: Poller;
beforeEach(() => {
  poller = new Poller(() => {});
});
afterEach(() => {
  poller.close();
  letGoOfAll();
});

it('what comes while it waits is taken and counted, with its descriptors, and it sees a plain end', () => {
  const survivors = new Survivors(poller);
  const kick = kept(createEventFd());
  const [theirs, ours] = socketPair();
  kept(theirs);
  const before = openFds();
  const told: number[] = [];
  survivors.add(ours, bytes => told.push(bytes));
  put(theirs, message(12, [0, 0, 0, 0, 0, 0, 0, 0]), [kick]);
  put(theirs, message(1));
  survivors.close();
  expect(told).toEqual([32]);
  expect(take(theirs).end).toBe('eof');
  expect(openFds()).toHaveLength(before.length - 1);
});

it('what lay unread before makes a reset, as it would without us, and is not told', () => {
  const survivors = new Survivors(poller);
  const [theirs, ours] = socketPair();
  kept(theirs);
  put(theirs, message(1));
  const told: number[] = [];
  survivors.add(ours, bytes => told.push(bytes));
  survivors.close();
  expect(told).toEqual([]);
  expect(take(theirs).end).toBe('reset');
});

it('lets it know after 200 ms in any case', async () => {
  const [theirs, ours] = socketPair();
  kept(theirs);
  new Survivors(poller).add(ours, () => {});
  poller.turn(0);
  expect(take(theirs).end).toBe('open');
  const began = performance.now();
  while (take(theirs).end === 'open') poller.turn(50);
  expect(performance.now() - began).toBeGreaterThan(100);
});
