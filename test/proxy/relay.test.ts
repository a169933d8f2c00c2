import { fstatSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { createEventFd } from '../../src/sys/event-fd.ts';
import { close, Memory, memfdCreate } from '../../src/sys/libc.ts';
import { socketPair } from '../../src/sys/socket.ts';
import { arrival, receive } from '../../src/sys/transfer.ts';
import { kept, letGo, openFds } from '../sys/open-fds.ts';
import { aroundEachTest, connected, stand } from './one-connection.ts';
import { message, put, take, u64 } from './stand.ts';

const scratch = new Memory(128);

aroundEachTest();

describe('messages', () => {
  it('go through unchanged, both ways, and are recorded with request and reply paired', () => {
    const { front, back } = connected({
      device: { id: 26, from: 'option', reason: '--device', confidence: 'certain' },
    });
    put(front, message(1));
    stand.settle();
    expect(take(back).bytes).toEqual(message(1));
    put(back, message(1, u64(0x140000000n), 5));
    put(front, message(2, u64(0x40000000n)));
    stand.settle();
    expect(take(front).bytes).toEqual(message(1, u64(0x140000000n), 5));
    expect(take(back).bytes).toEqual(message(2, u64(0x40000000n)));
    put(front, message(8, u64(256)));
    stand.settle();
    const records = stand.records();
    expect(records.map(({ header, event }) => event?.event ?? `${header.dir} ${header.n}`)).toEqual([
      'connected',
      'front-to-back 2',
      'back-to-front 3',
      'front-to-back 4',
      'front-to-back 5',
    ]);
    const [, request, reply, , later] = records.map(({ header }) => header);
    expect(request).toMatchObject({ session: 1, epoch: 1, channel: 'main', wireLength: 12, offset: 0 });
    expect(request?.context).toEqual({ device: 26, deviceFrom: 'option' });
    expect(reply).toMatchObject({ reply: true, answers: 2, wireLength: 20 });
    expect(later?.context).toEqual({ device: 26, deviceFrom: 'option', features: 0x40000000n });
    expect(later?.offset).toBe(32);
    expect(Number(later?.sentNs)).toBeGreaterThan(Number(later?.receivedNs));
    expect(records[3]?.bytes).toEqual(message(2, u64(0x40000000n)));
  });

  it('keep their descriptors, with their first byte, even when several messages lie in the socket', () => {
    const { front, back } = connected();
    const memory = kept(memfdCreate('ram', 1));
    const kick = kept(createEventFd());
    put(front, message(36));
    put(front, message(37, Buffer.alloc(40)), [memory]);
    put(front, message(3));
    put(front, message(12, u64(0)), [kick]);
    stand.settle();
    const taken = take(back, 4);
    expect(taken.fds).toEqual([
      { at: 12, inodes: [fstatSync(memory).ino] },
      { at: 76, inodes: [fstatSync(kick).ino] },
    ]);
    const records = stand.messages();
    expect(records.map(({ header }) => header.fds.map(fd => [fd.kind, fd.object]))).toEqual([
      [],
      [['memfd', 1]],
      [],
      [['eventfd', 2]],
    ]);
    expect(records[1]?.header.fds[0]).toMatchObject({ name: 'ram', inode: fstatSync(memory).ino });
  });

  it('arrive whole, however they were cut, and the record says how', () => {
    const { front, back } = connected();
    const bytes = message(8, u64(7));
    const memory = kept(memfdCreate('late', 1));
    put(front, bytes.subarray(0, 5));
    stand.settle();
    expect(take(back).bytes.length).toBe(0);
    put(front, bytes.subarray(5, 14), [memory]);
    stand.settle();
    put(front, bytes.subarray(14));
    stand.settle();
    expect(take(back)).toEqual({ bytes, fds: [{ at: 0, inodes: [fstatSync(memory).ino] }], end: 'open' });
    expect(stand.messages()[0]?.header).toMatchObject({ seg: [5, 9, 6], fdAt: 5 });
  });

  it('keep their cuts when asked to', () => {
    const { front, back } = connected({ preserveSegments: true });
    const bytes = message(8, u64(7));
    const memory = kept(memfdCreate('late', 1));
    put(front, bytes.subarray(0, 5));
    stand.settle();
    put(front, bytes.subarray(5, 14), [memory]);
    stand.settle();
    put(front, bytes.subarray(14));
    stand.settle();
    expect(take(back, 5)).toEqual({ bytes, fds: [{ at: 5, inodes: [fstatSync(memory).ino] }], end: 'open' });
  });

  it('up to 253 descriptors in one message', () => {
    const { front, back } = connected();
    const memory = kept(memfdCreate('x', 1));
    put(front, message(5, u64(0)), new Array(253).fill(memory));
    stand.settle();
    expect(take(back).fds[0]?.inodes.length).toBe(253);
    expect(stand.messages()[0]?.header).toMatchObject({ fdCount: 253 });
  });

  it('more than that where they came with several of its bytes: each lot goes with its own', () => {
    const { front, back } = connected();
    const memory = kept(memfdCreate('x', 1));
    const bytes = message(5, u64(0));
    put(front, bytes.subarray(0, 12), new Array(200).fill(memory));
    put(front, bytes.subarray(12), new Array(200).fill(memory));
    stand.settle();
    const taken = take(back);
    expect(taken.bytes).toEqual(bytes);
    expect(taken.fds.map(({ at, inodes }) => [at, inodes.length])).toEqual([
      [0, 200],
      [12, 200],
    ]);
    expect(stand.messages()[0]?.header).toMatchObject({ fdCount: 400 });
  });

  it('that lie in the socket one behind the other go together, each with a record of its own', () => {
    const { front, back } = connected();
    const sent = Array.from({ length: 100 }, (_, i) => message(8 + (i % 2), Buffer.alloc(8 + (i % 7), i)));
    for (const each of sent) put(front, each);
    stand.settle();
    expect(take(back).bytes).toEqual(Buffer.concat(sent));
    const records = stand.messages();
    expect(records.map(({ bytes }) => bytes)).toEqual(sent);
    expect(records.map(({ header }) => header.offset)).toEqual(
      sent.map((_, i) => Buffer.concat(sent.slice(0, i)).length),
    );
    for (const { header } of records) expect(header.sentNs >= header.receivedNs).toBe(true);
    expect(new Set(records.map(({ header }) => header.receivedNs)).size).toBeLessThan(10);
  });

  it('that could not be sent any more are left unread, so that the sender learns of it', () => {
    const { front, back } = connected();
    for (let i = 0; i < 5; i++) put(front, message(8, u64(i)));
    letGo(back);
    stand.settle();
    expect(take(front).end).toBe('reset');
    const closed = stand.records().find(({ event }) => event?.event === 'closed');
    expect(closed?.event).toMatchObject({ undelivered_bytes: 100, delivered: 'exact' });
  });

  it.each([8, 1000, 4000])('of 12 and %d bytes wait when the other side does not read, and no byte is lost', size => {
    const { front, back } = connected();
    let sent = 0;
    const bytes = message(8, Buffer.alloc(size, 1));
    for (let idle = 0; idle < 3; ) {
      if (put(front, bytes) === bytes.length) sent++;
      else idle++;
      stand.settle();
    }
    let received = 0;
    for (let length = 1; length > 0; stand.settle()) {
      length = take(back).bytes.length;
      received += length;
    }
    expect(received).toBe(sent * bytes.length);
    expect(stand.messages().length).toBe(sent);
  });
});

describe('what is no message', () => {
  it.each([
    ['garbage', Buffer.alloc(100, 0x41), 'insane-size'],
    ['a size of 4 GiB', Buffer.from('010000000100000000ffffff', 'hex'), 'insane-size'],
    ['a wrong version', Buffer.concat([message(1, [], 2), Buffer.from('more')]), 'wrong-version'],
  ])('%s is forwarded as it came', (_, bytes, reason) => {
    const { front, back } = connected();
    const memory = kept(memfdCreate('x', 1));
    put(front, bytes);
    put(front, Buffer.from('abc'), [memory]);
    stand.settle();
    put(front, message(1));
    stand.settle();
    const taken = take(back, 1);
    expect(taken.bytes).toEqual(Buffer.concat([bytes, Buffer.from('abc'), message(1)]));
    expect(taken.fds).toEqual([{ at: bytes.length, inodes: [fstatSync(memory).ino] }]);
    expect(stand.reports.find(report => report.type === 'raw')).toMatchObject({ reason });
    const raw = stand.records().filter(record => record.header.kind === 'raw');
    expect(Buffer.concat(raw.map(record => record.bytes))).toEqual(taken.bytes);
    // The other direction still knows messages.
    put(back, message(1, u64(1), 5));
    stand.settle();
    expect(take(front).bytes.length).toBe(20);
    expect(stand.messages().length).toBe(1);
  });

  it('half a message and then the end arrives as just that', () => {
    const { front, back } = connected();
    put(front, message(8, u64(7)).subarray(0, 15));
    stand.settle();
    expect(take(back)).toEqual({ bytes: Buffer.alloc(0), fds: [], end: 'open' });
    letGo(front);
    stand.settle();
    const taken = take(back);
    expect(taken.bytes).toEqual(message(8, u64(7)).subarray(0, 15));
    expect(taken.end).toBe('eof');
  });
});

describe('sockets that are passed over the main connection', () => {
  it('become channels of their own', () => {
    const { front, back } = connected();
    const [mine, passed] = socketPair();
    kept(mine);
    put(front, message(21), [passed]);
    close(passed);
    stand.settle();
    expect(stand.records().map(record => record.event?.event)).toEqual(['connected', undefined, 'interposed']);
    const before = openFds().length;
    const given = takeFd(back);
    put(given, message(1, Buffer.alloc(32), 9));
    stand.settle();
    expect(take(mine).bytes).toEqual(message(1, Buffer.alloc(32), 9));
    put(mine, message(1, u64(0), 5));
    stand.settle();
    expect(take(given).bytes).toEqual(message(1, u64(0), 5));
    const records = stand.records().filter(({ header }) => header.channel === 'backend-req');
    expect(records.map(({ header }) => [header.dir, header.answers])).toEqual([
      ['back-to-front', undefined],
      ['front-to-back', records[0]?.header.n],
    ]);
    close(given);
    stand.settle();
    expect(take(mine).end).toBe('eof');
    expect(openFds()).toHaveLength(before - 2);
  });

  it.each([
    ['a pipe-like descriptor', () => createEventFd(), {}],
    ['any, when switched off', () => socketPair()[0], { interpose: false }],
  ])('%s is passed on as it is, and the record says so', (_, make, setting) => {
    const { front, back } = connected(setting);
    const fd = kept(make());
    put(front, message(21), [fd]);
    stand.settle();
    expect(take(back).fds[0]?.inodes).toEqual([fstatSync(fd).ino]);
    // Behind the message that brought it.
    expect(stand.records().map(record => record.event?.event)).toEqual(['connected', undefined, 'not-interposed']);
  });

  it('long messages of the gpu channel are cut through, with 4 KiB of them recorded', () => {
    const { front, back } = connected({ snapLength: { gpu: 4096 } });
    const [mine, passed] = socketPair();
    kept(mine);
    put(front, message(33), [passed]);
    close(passed);
    stand.settle();
    const given = kept(takeFd(back));
    const update = message(8, Buffer.alloc(600_000, 0x55), 0);
    let sent = 0;
    const parts: Buffer[] = [];
    while (parts.reduce((sum, part) => sum + part.length, 0) < update.length) {
      const result = put(given, update.subarray(sent));
      if (result > 0) sent += result;
      stand.settle();
      parts.push(take(mine).bytes);
    }
    expect(Buffer.concat(parts).equals(update)).toBe(true);
    put(given, message(3, [], 0));
    stand.settle();
    const records = stand.messages().filter(({ header }) => header.channel === 'gpu');
    expect(records.map(({ header, bytes }) => [header.wireLength, bytes.length, header.snapped ?? false])).toEqual([
      [update.length, 4096, true],
      [12, 12, false],
    ]);
  });
});

/** Takes one message and keeps its descriptor. */
function takeFd(socket: number): number {
  receive(socket, scratch.address, 100);
  return arrival.fds[0] as number;
}
