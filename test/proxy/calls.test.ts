/** How many system calls a message takes on its way, counted where they are made. */
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Stand as RelayStand } from './stand.ts';

const calls = vi.hoisted(() => new Map<string, number>());

vi.mock('../../src/sys/libc.ts', async original => {
  const libc = await original<typeof import('../../src/sys/libc.ts')>();
  const names = ['recvmsg', 'recv', 'sendmsg', 'send', 'sendmmsg', 'epollWait', 'epollCtl'] as const;
  const counted = (name: (typeof names)[number]) => ({
    [name]: (...args: unknown[]) => {
      calls.set(name, (calls.get(name) ?? 0) + 1);
      return (libc[name] as (...args: unknown[]) => number)(...args);
    },
  });
  return Object.assign({ ...libc }, ...names.map(counted));
});

// Other files have loaded the modules before, with the calls as they are.
vi.resetModules();
afterAll(() => void vi.resetModules());
const { armedRule } = await import('../../src/proxy/hold/rule.ts');
const { close } = await import('../../src/sys/libc.ts');
const { message, put, Stand, take, u64 } = await import('./stand.ts');

let stand: RelayStand;
let front: number;
let back: number;

beforeEach(() => {
  stand = new Stand();
  ({ front, back } = stand.connect());
  // The first byte of a connection costs more.
  put(front, message(3));
  stand.settle();
  take(back);
});
afterEach(() => {
  for (const fd of [front, back]) close(fd);
  stand.close();
});

/** A hundred rules that nothing here matches. */
function arm(when: (i: number) => string): void {
  const rules = Array.from({ length: 100 }, (_, i) =>
    armedRule({ name: `r${i}`, when: when(i), do: [{ tamper: 'drop', settings: true }] }),
  );
  stand.relay.ask('set-rules', { rules });
}

/** What the relay calls from a sender's `bytes` until they have all arrived. */
function callsFor(from: number, to: number, bytes: Buffer): Record<string, number> {
  put(from, bytes);
  calls.clear();
  while (stand.relay.turn(0) > 0);
  const counts = Object.fromEntries([...calls].sort());
  expect(take(to).bytes).toEqual(bytes);
  return counts;
}

const request = message(1, u64(0));
const reply = message(1, u64(0), 5);
const single = { epollWait: 2, recvmsg: 1, recv: 1, send: 1 };

describe('a round trip', () => {
  it.each([
    ['no rules', undefined],
    ['a hundred rules about other messages', (i: number) => `SET_VRING_ADDR and vring.index == ${i}`],
  ])('takes a look, a send and a read each way, with %s', (_, when) => {
    if (when !== undefined) arm(when);
    expect(callsFor(front, back, request)).toEqual(single);
    expect(callsFor(back, front, reply)).toEqual(single);
  });

  it('takes no more calls than reading header and payload did where rules look into it', () => {
    arm(i => `size == ${i + 1000}`);
    expect(callsFor(front, back, request)).toEqual({ epollWait: 2, recvmsg: 2, recv: 1, send: 1 });
  });
});

describe('messages that lie one behind the other', () => {
  const row = (count: number, id: (i: number) => number): Buffer =>
    Buffer.concat(Array.from({ length: count }, (_, i) => message(id(i), u64(i))));

  it('go together, whatever rules there are about others', () => {
    arm(i => `SET_VRING_ADDR and vring.index == ${i}`);
    expect(
      callsFor(
        front,
        back,
        row(60, () => 1),
      ),
    ).toEqual(single);
  });

  it('go together up to the first that a rule is about, and behind it', () => {
    arm(i => `id == 35 and size == ${i + 1000}`);
    const bytes = row(40, i => (i === 20 ? 35 : 1));
    expect(callsFor(front, back, bytes)).toEqual({ epollWait: 2, recvmsg: 2, recv: 2, send: 3 });
  });

  it('take no look each where rules are about all of them', () => {
    arm(i => `size == ${i + 1000}`);
    const {
      recvmsg = 0,
      recv = 0,
      send,
    } = callsFor(
      front,
      back,
      row(50, () => 1),
    );
    expect(send).toBe(50);
    // One look, one read for the first, two for each of the others, and one that finds nothing more.
    expect(recvmsg + recv).toBe(101);
  });
});
