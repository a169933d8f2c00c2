/**
 * Every descriptor is owned exactly once: whatever happens, none is left, here or in flight. VHUSCOPE_PASSES and
 * VHUSCOPE_CONNECTS say how many messages with descriptors and how many connections, for a long run by hand.
 */
import { closeSync, readdirSync, readFileSync, writeSync } from 'node:fs';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createEventFd } from '../../src/sys/event-fd.ts';
import { close, errno, Memory, memfdCreate, pipe } from '../../src/sys/libc.ts';
import { openFilesLimit, setOpenFilesLimit } from '../../src/sys/limits.ts';
import { socketPair } from '../../src/sys/socket.ts';
import { arrival, receive } from '../../src/sys/transfer.ts';
import { message, put, Stand, take, u64 } from './stand.ts';

const passes = Number(process.env.VHUSCOPE_PASSES ?? 100_000);
const connects = Number(process.env.VHUSCOPE_CONNECTS ?? 1000);
const long = { timeout: Math.max(60_000, passes, connects * 10) };

const memory = memfdCreate('accounting', 1);
const kick = createEventFd();
afterAll(() => {
  close(memory);
  close(kick);
});

const openFds = (): string[] => readdirSync('/proc/self/fd').sort();
let before: string[];
const limit = openFilesLimit().soft;
beforeEach(() => {
  before = openFds();
});
afterEach(() => {
  setOpenFilesLimit(limit);
  expect(openFds()).toEqual(before);
});

/** The lowest limit under which so many descriptors can still be opened. */
function leaveRoomFor(count: number): void {
  const free: number[] = [];
  for (let i = 0; i < count; i++) free.push(createEventFd());
  setOpenFilesLimit(Math.max(...free) + 1);
  for (const fd of free) close(fd);
}

describe('descriptors', () => {
  it(`${passes} messages with descriptors`, long, () => {
    const stand = new Stand();
    const { front, back } = stand.connect();
    const region = message(37, Buffer.alloc(40));
    const ring = message(12, u64(0));
    const inflight = message(31, Buffer.alloc(24), 5);
    for (let i = 0; i < passes / 25; i++) {
      for (let k = 0; k < 10; k++) {
        put(front, region, [memory]);
        put(front, ring, [kick]);
      }
      for (let k = 0; k < 5; k++) put(back, inflight, [memory, kick]);
      stand.settle();
      stand.forgetRecords();
      expect(take(back).fds.length + take(front).fds.length).toBe(25);
    }
    expect(stand.relay.recording.last).toBe(Math.ceil(passes / 25) * 25 + 1);
    close(front);
    close(back);
    stand.close();
  });

  it(`${connects} sessions that end in the middle of things`, long, () => {
    const stand = new Stand();
    for (let i = 0; i < connects; i++) {
      const { front, back } = stand.connect();
      const [mine, passed] = socketPair();
      put(front, message(21), [passed]);
      close(passed);
      put(front, message(5, u64(0)), [memory, kick, memory]);
      if (i % 2) stand.settle();
      if (i % 3 === 0) take(back);
      put(front, message(37, Buffer.alloc(40)).subarray(0, 20), [memory]);
      if (i % 5) stand.settle();
      put(back, message(1, u64(1), 5).subarray(0, 4), [kick]);
      for (const fd of i % 7 ? [front, back, mine] : [back, mine, front]) {
        close(fd);
        if (i % 4 === 0) stand.settle();
      }
      stand.settle();
      stand.records();
    }
    stand.close();
  });

  it('the pipe of a device state ends when the back-end closes it, also while nobody takes records', () => {
    const stand = new Stand({}, 1 << 16);
    const { front, back } = stand.connect();
    // Until the ring is full, and lost is what comes: the recorder stands still.
    while (stand.relay.recording.last < 2000) {
      put(front, message(9, u64(1)));
      stand.settle();
      take(back);
    }
    const ends = new Memory(8);
    pipe(ends.address, 0o2004000); // a read that would have to wait fails
    const [readEnd, writeEnd] = [ends.u32[0] as number, ends.u32[1] as number];
    put(front, message(42, u64(0)), [writeEnd]);
    close(writeEnd);
    stand.settle();
    expect(receive(back, ends.address, 8)).toBe(8);
    const [state] = arrival.fds as [number];
    writeSync(state, 'state');
    closeSync(state);
    expect(readFileSync(readEnd, 'utf8')).toBe('state');
    close(readEnd);
    const kept = stand.messages().length;
    expect(kept).toBeLessThan(2000);
    close(front);
    close(back);
    stand.close();
  });

  it('a descriptor table that is full: what the kernel dropped is recorded, the message goes on', () => {
    const stand = new Stand();
    const { front, back } = stand.connect();
    stand.settle();
    put(front, message(5, u64(0)), [memory, memory, memory, memory]);
    leaveRoomFor(2);
    stand.settle();
    setOpenFilesLimit(limit);
    expect(take(back).fds[0]?.inodes.length).toBe(2);
    expect(stand.messages()[0]?.header).toMatchObject({ ctrunc: true });
    expect(stand.reports.map(report => report.type)).toEqual(['connected', 'speaking', 'ctrunc']);
    close(front);
    close(back);
    stand.close();
  });

  it('no descriptors left for a pair of sockets: the original is passed on', () => {
    const stand = new Stand();
    const { front, back } = stand.connect();
    const [mine, passed] = socketPair();
    put(front, message(21), [passed]);
    close(passed);
    leaveRoomFor(2);
    stand.settle();
    setOpenFilesLimit(limit);
    expect(take(back).fds.length).toBe(1);
    expect(stand.reports.find(report => report.type === 'not-interposed')).toMatchObject({
      why: expect.stringContaining('EMFILE'),
    });
    for (const fd of [mine, front, back]) close(fd);
    stand.close();
  });

  it('a peer that is gone before a message with descriptors arrives', () => {
    const stand = new Stand();
    const { front, back } = stand.connect();
    put(front, message(1));
    stand.settle();
    close(back);
    put(front, message(37, Buffer.alloc(40)), [memory]);
    stand.settle();
    close(front);
    stand.close();
  });

  it('a flood of descriptors with hardly any bytes', () => {
    const stand = new Stand();
    const { front, back } = stand.connect();
    const bytes = message(8, u64(1));
    for (let i = 0; i < bytes.length; i++) {
      put(front, bytes.subarray(i, i + 1), new Array(253).fill(memory));
      stand.settle();
    }
    expect(stand.reports.find(report => report.type === 'raw')).toMatchObject({ reason: 'descriptor-flood' });
    const taken = take(back, 1);
    expect(taken.bytes).toEqual(bytes);
    expect(taken.fds.map(({ at, inodes }) => [at, inodes.length])).toEqual(
      bytes.length === 0 ? [] : [...bytes].map((_, i) => [i, 253]),
    );
    close(front);
    close(back);
    stand.close();
  });

  it('too many descriptors in flight for an unprivileged user: the message waits until they are taken', () => {
    const stand = new Stand();
    const first = stand.connect();
    const second = stand.connect();
    const privileged = process.geteuid?.() === 0;
    stand.settle();
    // 600 descriptors lie in a socket that nobody reads from.
    for (let i = 0; i < 3; i++) put(first.front, message(5, u64(i)), new Array(200).fill(memory));
    stand.settle();
    put(second.front, message(37, Buffer.alloc(40)), [memory]);
    setOpenFilesLimit(Math.min(limit, 550));
    if (privileged) process.seteuid?.(65_534);
    try {
      stand.settle();
      expect(put(first.front, message(1), [memory])).toBe(-errno.ETOOMANYREFS);
      expect(take(second.back).bytes.length).toBe(0);
    } finally {
      if (privileged) process.seteuid?.(0);
      setOpenFilesLimit(limit);
    }
    expect(take(first.back).fds.length).toBe(3);
    const records = stand.messages();
    for (let waited = 0; waited < 400 && records.length < 4; waited++) {
      stand.relay.turn(5);
      records.push(...stand.messages());
    }
    expect(take(second.back).fds.length).toBe(1);
    for (const fd of [first.front, first.back, second.front, second.back]) close(fd);
    stand.close();
  });
});
