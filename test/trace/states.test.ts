import { join, resolve } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { decodeFrame } from '../../src/decode/message.ts';
import { fold, newSession, type Session } from '../../src/decode/session/session.ts';
import { States } from '../../src/trace/states.ts';
import { Trace } from '../../src/trace/trace.ts';

const folder = resolve(import.meta.dirname, '../../captures');
const traces: Trace[] = [];
afterAll(() => {
  for (const trace of traces) trace.close();
});

function opened(name: string): Trace {
  const trace = Trace.open(join(folder, `${name}.pcapng`));
  traces.push(trace);
  while (trace.advance());
  return trace;
}

/** The session of each row's connection after that row, folded in the plainest way. */
function folded(trace: Trace): (Session | undefined)[] {
  const sessions = new Map<string, Session>();
  return Array.from({ length: trace.length }, (_, row) => {
    const frame = trace.frame(row);
    const key = `${frame.session}/${frame.epoch}`;
    if (frame.kind === 'message') sessions.set(key, fold(sessions.get(key) ?? newSession, frame, decodeFrame(frame)));
    return sessions.get(key);
  });
}

/** Rows in an order that jumps about and visits each of them once. */
function shuffled(length: number): number[] {
  let step = 37;
  while (length % step === 0) step += 2;
  return Array.from({ length }, (_, i) => (i * step) % length);
}

describe.each(['fs', 'reconnect', 'hotplug', 'qemu10-gpu', 'net'])('the states of %s', name => {
  const trace = opened(name);
  const expected = folded(trace);

  it.each([
    ['every row is marked', { distance: 1, most: 100_000 }],
    ['marks run out again and again', { distance: 1, most: 4 }],
    ['one mark serves for all', {}],
  ])('are those of a plain fold, in any order, where %s', (_, marking) => {
    const states = new States(trace, marking);
    while (states.advance(7));
    expect(states.length).toBe(trace.length);
    for (const row of shuffled(trace.length)) {
      const { connection } = states.at(row) ?? {};
      expect(connection?.state ?? newSession).toEqual(expected[row] ?? newSession);
    }
  });
});

describe('the state at a row', () => {
  it('is not known before the row was folded', () => {
    const states = new States(opened('fs'));
    expect(states.at(0)).toBeUndefined();
    expect(states.advance(10)).toBe(true);
    expect(states.at(9)?.row).toBe(9);
    expect(states.at(10)).toBeUndefined();
    expect(states.at(-1)).toBeUndefined();
  });

  it('names the requests that wait, and after a reconnection what was before', () => {
    const trace = opened('reconnect');
    const states = new States(trace);
    while (states.advance());
    const rows = Array.from({ length: trace.length }, (_, row) => row);
    const asks = rows.find(row => trace.row(row).message?.name === 'GET_FEATURES') as number;
    const waits = (row: number) => states.at(row)?.connection?.waiting.main.map(({ message }) => message.name);
    expect(waits(asks)).toEqual(['GET_FEATURES']);
    expect(waits(trace.replyTo(asks))).toEqual([]);
    const second = rows.find(row => trace.row(row).message && trace.frame(row).epoch === 2) as number;
    const { connection, connections } = states.at(second) as NonNullable<ReturnType<States['at']>>;
    expect(connection?.previous?.negotiation.virtio.accepted).toBeDefined();
    expect(connections).toEqual([connection]);
    const closed = rows.findLast(row => trace.frame(row).epoch === 1) as number;
    expect(states.at(closed)?.connections).toMatchObject([{ epoch: 1, endedAt: expect.any(Number) }]);
  });
});
