/**
 * The tap invariant: any schedule of bytes, descriptors, pauses and closes through the relay gives each side what it
 * gets without it. Each schedule is played twice, over one socket pair and through the relay, and everything that each
 * side sees is compared.
 */

import { fstatSync, readdirSync } from 'node:fs';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { armedRule } from '../../src/proxy/hold/rule.ts';
import { close, errno, Memory, memfdCreate, setsockopt } from '../../src/sys/libc.ts';
import { shutDown, socketPair } from '../../src/sys/socket.ts';
import { arrival, receive } from '../../src/sys/transfer.ts';
import { message, put, Stand } from './stand.ts';

const memories = Array.from({ length: 5 }, (_, i) => memfdCreate(`tap-${i}`, 1));
const inodeOf = new Map(memories.map(fd => [fstatSync(fd).ino, fd]));
afterAll(() => {
  for (const fd of memories) close(fd);
});

type Side = 0 | 1;
type Step =
  | { do: 'send'; side: Side; bytes: Buffer; fds: number[]; cuts: number[]; fdCut: number; piled: boolean }
  | { do: 'read'; side: Side; count: number }
  | { do: 'shut' | 'close'; side: Side };

/** What one side saw, in order. */
interface Seen {
  bytes: Buffer[];
  /** Descriptors by the unit they came with: a message, or a byte. */
  fds: string[];
  end: string;
  /** Whether each send was taken. */
  sent: boolean[];
}

/** The two ends that a schedule is played on. */
interface Stage {
  ends: [number, number];
  settle(): void;
}

const scratch = new Memory(1 << 17);

/** Reads one unit: a whole message (header, then exactly its payload), or one byte. False where there is none. */
function readUnit(fd: number, seen: Seen, unit: 'message' | 'byte'): boolean {
  let want = unit === 'byte' ? 1 : 12;
  let have = 0;
  const inodes: number[] = [];
  for (;;) {
    const result = receive(fd, scratch.address + have, want - have);
    for (const each of arrival.fds) {
      inodes.push(fstatSync(each).ino);
      close(each);
    }
    if (result <= 0) {
      if (result === 0) seen.end = 'eof';
      else if (result !== -errno.EAGAIN) seen.end = 'reset';
      if (have > 0) seen.bytes.push(Buffer.from(scratch.bytes.subarray(0, have)));
      if (inodes.length > 0) seen.fds.push(`cut: ${inodes}`);
      return false;
    }
    have += result;
    if (have < want) continue;
    if (unit === 'message' && want === 12) want = 12 + (scratch.u32[2] as number);
    if (have < want) continue;
    if (inodes.length > 0) seen.fds.push(`${Buffer.concat(seen.bytes).length}: ${inodes.map(ino => inodeOf.get(ino))}`);
    seen.bytes.push(Buffer.from(scratch.bytes.subarray(0, have)));
    return true;
  }
}

function play(steps: readonly Step[], stage: Stage, unit: 'message' | 'byte'): [Seen, Seen] {
  const seen: [Seen, Seen] = [newSeen(), newSeen()];
  const open: [boolean, boolean] = [true, true];
  for (const step of steps) {
    const { side } = step;
    const fd = stage.ends[side];
    if (!open[side]) continue;
    if (step.do === 'send') {
      const ends = [...new Set([...step.cuts.filter(cut => cut < step.bytes.length), step.bytes.length])];
      ends.sort((a, b) => a - b);
      let from = 0;
      ends.forEach((end, i) => {
        const fds = i === Math.min(step.fdCut, ends.length - 1) ? step.fds.map(n => memories[n] as number) : [];
        seen[side].sent.push(put(fd, step.bytes.subarray(from, end), fds) === end - from);
        from = end;
        // What is piled up meets the relay together with what follows.
        if (!step.piled) stage.settle();
      });
      continue;
    }
    stage.settle();
    if (step.do === 'read') for (let i = 0; i < step.count && readUnit(fd, seen[side], unit); i++);
    else if (step.do === 'shut') shutDown(fd, 'write');
    else {
      close(fd);
      open[side] = false;
    }
    stage.settle();
  }
  // An end on both sides, so that half a message at the very end must come out too.
  for (const side of [0, 1] as const) if (open[side]) shutDown(stage.ends[side], 'write');
  stage.settle();
  for (const side of [0, 1] as const) while (open[side] && readUnit(stage.ends[side], seen[side], unit));
  for (const side of [0, 1] as const) if (open[side]) close(stage.ends[side]);
  stage.settle();
  return seen;
}

const newSeen = (): Seen => ({ bytes: [], fds: [], end: 'open', sent: [] });

function direct(): Stage {
  return { ends: socketPair(), settle: () => {} };
}

const side = fc.constantFrom<Side>(0, 1);
const fds = fc.array(fc.nat({ max: 4 }), { maxLength: 3 });
const wholeMessage = fc
  .tuple(fc.constantFrom(1, 2, 5, 12, 37, 60, 999), fc.uint8Array({ maxLength: 80 }), fc.constantFrom(1, 5, 9, 13))
  .map(([id, payload, flags]) => message(id, payload, flags));
const sendOf = (bytes: fc.Arbitrary<Buffer>, leastCut = 1): fc.Arbitrary<Step> =>
  fc.record({
    do: fc.constant('send' as const),
    side,
    bytes,
    fds,
    cuts: fc.array(fc.integer({ min: leastCut, max: 60 }), { maxLength: 3 }),
    fdCut: fc.nat({ max: 3 }),
    piled: fc.boolean(),
  });
const read: fc.Arbitrary<Step> = fc.record({
  do: fc.constant('read' as const),
  side,
  count: fc.integer({ min: 1, max: 4 }),
});
const end: fc.Arbitrary<Step> = fc.record({ do: fc.constantFrom('shut' as const, 'close' as const), side });

/** Rules that some messages are armed for, and none is changed by. */
const idleRules = [5, 37, 999].map(id =>
  armedRule({ name: `${id}`, when: `id == ${id} and size == 64M`, do: [{ tamper: 'drop', settings: true }] }),
);

/** Plays a schedule both ways and compares; whatever it did, no descriptor is left. */
function same(
  steps: readonly Step[],
  setting: ConstructorParameters<typeof Stand>[0],
  unit: 'message' | 'byte',
  rules = idleRules.slice(0, 0),
): void {
  const before = readdirSync('/proc/self/fd').length;
  const expected = play(steps, direct(), unit);
  const stand = new Stand(setting);
  stand.relay.ask('set-rules', { rules });
  const { front, back } = stand.connect();
  const got = play(steps, { ends: [front, back], settle: () => stand.settle() }, unit);
  const softened = stand.reports.some(report => report.type === 'closed' && report.delivered === 'softened');
  stand.close();
  for (const i of [0, 1] as const) {
    if (softened && expected[i].end === 'reset') expected[i].end = got[i].end;
    expect(Buffer.concat(got[i].bytes).toString('hex')).toBe(Buffer.concat(expected[i].bytes).toString('hex'));
    expect(got[i].fds).toEqual(expected[i].fds);
    expect(got[i].end).toBe(expected[i].end);
    expect(got[i].sent).toEqual(expected[i].sent);
  }
  expect(readdirSync('/proc/self/fd').length).toBe(before);
}

describe('through the relay each side gets what it gets without it', () => {
  it('messages, cut anywhere, with descriptors anywhere', () => {
    const schedule = fc.array(fc.oneof({ weight: 5, arbitrary: sendOf(wholeMessage) }, read), { maxLength: 12 });
    fc.assert(
      fc.property(schedule, steps => same(steps, {}, 'message')),
      { numRuns: 300 },
    );
  });

  it('messages and closes', () => {
    const step = fc.oneof({ weight: 6, arbitrary: sendOf(wholeMessage) }, { weight: 2, arbitrary: read }, end);
    fc.assert(
      fc.property(fc.array(step, { maxLength: 12 }), steps => same(steps, {}, 'message')),
      { numRuns: 300 },
    );
  });

  it('messages one behind the other, some of which rules look into, and closes', () => {
    const row = fc.array(wholeMessage, { minLength: 1, maxLength: 25 }).map(messages => Buffer.concat(messages));
    const step = fc.oneof(
      { weight: 3, arbitrary: sendOf(wholeMessage) },
      { weight: 3, arbitrary: sendOf(row).map(step => ({ ...step, fds: [] })) },
      { weight: 2, arbitrary: read },
      end,
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 12 }), steps => same(steps, {}, 'message', idleRules)),
      { numRuns: 300 },
    );
  });

  it('anything at all, byte for byte, where cuts are kept', () => {
    // Whether a descriptor is one to put ourselves into is known from the fourth byte on: until then it is held back.
    const garbage = fc.uint8Array({ minLength: 4, maxLength: 70 }).map(bytes => Buffer.from(bytes));
    const step = fc.oneof(
      { weight: 4, arbitrary: sendOf(garbage, 4) },
      { weight: 3, arbitrary: sendOf(wholeMessage, 4) },
      { weight: 2, arbitrary: read },
      end,
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 12 }), steps => same(steps, { preserveSegments: true }, 'byte')),
      { numRuns: 300 },
    );
  });
});

/** Has a socket take so little that even a small message may be taken in part. */
function shrink(fd: number): void {
  const value = new Memory(8);
  const [socketLevel, sendBuffer] = [1, 7];
  setsockopt(fd, socketLevel, sendBuffer, value.address, 4);
}

it('no message is lost, doubled, or passes a rule unseen where the target takes only some at a time', () => {
  const some = fc.array(fc.constantFrom(1, 2, 5, 12, 37, 999), { minLength: 100, maxLength: 400 });
  const reads = fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 3, maxLength: 10 });
  fc.assert(
    fc.property(some, reads, (ids, counts) => {
      const stand = new Stand();
      stand.relay.ask('set-rules', { rules: idleRules });
      const [front, ourFront] = socketPair();
      const [back, ourBack] = socketPair();
      shrink(ourBack);
      stand.pair.join(ourFront, ourBack);
      const queue = ids.map((id, i) => message(id, Buffer.alloc((i * 577) % 3600, i)));
      const expected = Buffer.concat(queue);
      const seen = newSeen();
      for (let i = 0, next = 0; next < queue.length || Buffer.concat(seen.bytes).length < expected.length; i++) {
        expect(i).toBeLessThan(10_000);
        while (next < queue.length && put(front, queue[next] as Buffer) > 0) next++;
        stand.settle();
        for (let n = counts[i % counts.length] as number; n > 0 && readUnit(back, seen, 'message'); n--);
        stand.settle();
      }
      expect(Buffer.concat(seen.bytes).equals(expected)).toBe(true);
      expect(Buffer.concat(stand.messages().map(({ bytes }) => bytes)).equals(expected)).toBe(true);
      const looked = stand.relay.ask('rules', {}).map(({ name, seen }) => [name, seen]);
      expect(looked).toEqual([5, 37, 999].map(id => [`${id}`, ids.filter(each => each === id).length]));
      for (const fd of [front, back]) close(fd);
      stand.close();
    }),
    { numRuns: 30 },
  );
});
