/** The whole engine as it is built: threads, listening sockets, capture file. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, fstatSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { rotatedPath } from '../../src/capture/rotation.ts';
import type { Frame } from '../../src/decode/frame.ts';
import { createEventFd } from '../../src/sys/event-fd.ts';
import { memfdCreate } from '../../src/sys/libc.ts';
import { isHungUp, socketPair } from '../../src/sys/socket.ts';
import { kept, letGo, letGoOfAll } from '../sys/open-fds.ts';
import {
  accepted,
  aroundEachTest,
  arrived,
  at,
  connectAt,
  engine,
  events,
  eventsOf,
  folder,
  frames,
  heard,
  limitFileSize,
  listenAt,
  openLinks,
  socket,
  soon,
  start,
} from './engine-stand.ts';
import { message, put, take, u64 } from './stand.ts';

aroundEachTest();

describe('a connection through the engine', () => {
  it('is recorded with its peers, and nothing is left when the engine stops', async () => {
    const before = openLinks();
    const listener = listenAt(socket('back'));
    chmodSync(at('back'), 0o640);
    await start({ device: { id: 2, from: 'option', reason: '--device', confidence: 'certain' } });
    expect(statSync(at('front')).mode & 0o7777).toBe(0o640);
    const front = connectAt(socket('front'));
    const back = await accepted(listener);
    put(front, message(1));
    expect(await arrived(back, 12)).toEqual(message(1));
    put(back, message(1, u64(9), 5));
    expect(await arrived(front, 20)).toEqual(message(1, u64(9), 5));
    await heard('peer', ({ side }) => side === 'front-end');
    await heard('peer', ({ side }) => side === 'back-end');
    engine?.note('here it went wrong', 2);
    letGo(front);
    await heard('closed');
    await engine?.stop();
    expect(existsSync(at('front'))).toBe(false);
    expect(readdirSync(folder).sort()).toEqual(['back', 'capture.pcapng']);
    const found = frames();
    expect(found.map(({ n }) => n)).toEqual(found.map((_, i) => i + 1));
    expect(found.filter(({ kind }) => kind === 'message').map(({ dir, context }) => [dir, context.device])).toEqual([
      ['front-to-back', 2],
      ['back-to-front', 2],
    ]);
    const told = eventsOf(found);
    expect(told.map(({ event }) => event)).toEqual(
      expect.arrayContaining(['started', 'connected', 'peer', 'note', 'closed', 'peer-exit', 'stopped']),
    );
    expect(told.find(({ event }) => event === 'peer')).toMatchObject({ pid: process.pid, found_by: 'socket-inode' });
    expect(told.filter(({ event }) => event === 'peer-exit')).toMatchObject([{ state: 'alive' }, { state: 'alive' }]);
    letGoOfAll();
    expect(openLinks()).toEqual(before);
  });

  it('describes in an event what were more descriptors than there was time for', async () => {
    const listener = listenAt(socket('back'));
    await start();
    const front = connectAt(socket('front'));
    const back = await accepted(listener);
    const memory = kept(memfdCreate('ram', 1));
    const inode = fstatSync(memory).ino;
    const [end, otherEnd] = socketPair().map(kept) as [number, number];
    const kick = kept(createEventFd());
    put(front, message(5, u64(0)), [...new Array(34).fill(memory), kick, end, memory]);
    await arrived(back, 20);
    const told = await soon(() => eventsOf(frames()).find(({ event }) => event === 'fdinfo'));
    const [record] = frames().filter(({ kind }) => kind === 'message');
    expect(record).toMatchObject({ n: told.of, fdCount: 37 });
    expect(record?.fds).toHaveLength(32);
    expect(told.fds).toMatchObject([
      { index: 32, kind: 'memfd', name: 'ram', inode },
      { index: 33, kind: 'memfd', inode },
      { index: 34, kind: 'eventfd' },
      { index: 36, kind: 'memfd', inode },
    ]);
    // Ours and no copy: peers that are looked into at the same time open and close files of their own.
    await soon(() => (openLinks().filter(link => link.startsWith('/memfd:ram')).length === 1 ? true : undefined));
    expect(isHungUp(otherEnd)).toBe(false);
    letGo(end);
    expect(isHungUp(otherEnd)).toBe(true);
  });

  it('what became of the peers is recorded to the end, of each once', async () => {
    const listener = listenAt(socket('back'));
    await start();
    const program = `require('node:net').connect(${JSON.stringify(at('front'))}, function () {
      this.write(Buffer.from('010000000100000000000000', 'hex'));
    }).on('close', () => process.kill(process.pid, 'SIGKILL')).resume()`;
    for (const epoch of [1, 2]) {
      const child = spawn(process.execPath, ['-e', program], { stdio: 'inherit' });
      const exited = once(child, 'exit');
      const back = await accepted(listener);
      await arrived(back, 12);
      await heard('peer', ({ side, connection }) => side === 'back-end' && connection === epoch);
      if (epoch === 1) letGo(back);
      else await engine?.stop();
      await exited;
    }
    const told = events.filter(event => event.type === 'peer-exit');
    expect(told.map(({ connection, side }) => [connection, side])).toEqual([
      [1, 'front-end'],
      [2, 'front-end'],
      [2, 'back-end'],
    ]);
    const found = eventsOf(frames());
    const recorded = found.filter(({ event }) => event === 'peer-exit');
    expect(recorded).toMatchObject(told.map(({ side, pid, state, after_ms }) => ({ side, pid, state, after_ms })));
    expect(found.at(-1)).toEqual({ event: 'stopped' });
  });

  it('a stop delivers what has been sent', async () => {
    const listener = listenAt(socket('back'));
    await start();
    const front = connectAt(socket('front'));
    const back = await accepted(listener);
    let sent = 0;
    while (put(front, message(8, u64(sent))) === 20) sent++;
    expect(sent).toBeGreaterThan(100);
    const stopped = engine?.stop();
    expect((await arrived(back, sent * 20)).length).toBe(sent * 20);
    await stopped;
    expect(take(back).end).toBe('eof');
    expect(frames().filter(({ kind }) => kind === 'message').length).toBe(sent);
  });
});

describe('the capture', () => {
  it('a disk that is full stops the recording, not the messages', async () => {
    const listener = listenAt(socket('back'));
    await start({}, { path: '/dev/full' });
    const front = connectAt(socket('front'));
    const back = await accepted(listener);
    put(front, message(1));
    expect(await arrived(back, 12)).toEqual(message(1));
    expect((await heard('recording-failed')).message).toContain('/dev/full');
    put(front, message(1));
    expect(await arrived(back, 12)).toEqual(message(1));
    await engine?.stop();
    expect((await heard('recorded')).lost).toBeGreaterThan(0);
  });

  it('where it is required, connections end with it', async () => {
    const listener = listenAt(socket('back'));
    await start({}, { required: true });
    const front = connectAt(socket('front'));
    const back = await accepted(listener);
    put(front, message(1));
    await arrived(back, 12);
    const restore = limitFileSize(statSync(at('capture.pcapng')).size + 10);
    try {
      put(front, message(1));
      await heard('recording-failed');
      await soon(() => (take(back).end === 'eof' ? true : undefined));
      expect(existsSync(at('front'))).toBe(false);
    } finally {
      restore();
    }
  });

  it('where it is required, connections end with the first record that is lost too', async () => {
    const listener = listenAt(socket('back'));
    await start({}, { required: true }, 1 << 14);
    const front = connectAt(socket('front'));
    const back = await accepted(listener);
    put(front, Buffer.concat(Array.from({ length: 2000 }, () => message(1))));
    await heard('recording-behind');
    await soon(() => (take(back).end === 'open' ? undefined : true));
    expect(existsSync(at('front'))).toBe(false);
  });

  it('one that cannot be made is an error at once', async () => {
    await expect(start({}, { path: at('no/such/folder') })).rejects.toThrow(/no\/such\/folder/);
    expect(existsSync(at('front'))).toBe(false);
  });

  it('goes on in new files that repeat what is needed to read them', async () => {
    const listener = listenAt(socket('back'));
    await start({}, { rotation: { size: 50_000, keep: 2 } });
    const front = connectAt(socket('front'));
    const back = await accepted(listener);
    put(front, message(2, u64(0x40000000n)));
    put(front, message(8, u64(3)));
    await arrived(back, 40);
    const rotatedTo = (number: number): boolean =>
      events.some(event => event.type === 'recording' && event.path === rotatedPath(at('capture.pcapng'), number));
    while (!rotatedTo(3)) {
      for (let k = 0; k < 20; k++) put(front, message(19, u64(k)));
      await arrived(back, 400);
      await sleep(10);
    }
    await engine?.stop();
    const files = readdirSync(folder)
      .filter(name => name.endsWith('.pcapng'))
      .sort();
    expect(files.length).toBe(2);
    // A file that was begun after the end of the connection has nothing of it to repeat.
    const holdsMessages = (all: Frame[]) => all.some(({ kind, carried }) => kind === 'message' && !carried);
    const last = files.map(name => frames(at(name))).findLast(holdsMessages) as Frame[];
    const carried = last.filter(frame => frame.carried);
    const names = carried.map(frame =>
      frame.kind === 'event' ? eventsOf([frame])[0]?.event : Buffer.from(frame.bytes).readUInt32LE(0),
    );
    expect(names.filter(name => name !== 'peer')).toEqual(['started', 'connected', 2, 8]);
    const numbers = last.filter(frame => !frame.carried).map(({ n }) => n);
    expect(numbers).toEqual(numbers.map((_, i) => (numbers[0] as number) + i));
  });

  it('goes on in a new file when somebody asks, and each message is in one of them', async () => {
    const listener = listenAt(socket('back'));
    await start({}, { rotation: {} });
    const front = connectAt(socket('front'));
    const back = await accepted(listener);
    put(front, message(2, u64(0x40000000n)));
    await arrived(back, 20);
    // A message is recorded when it is on its way: it may have come before it is in the file.
    const isRecorded = () => frames(at('capture.pcapng')).some(({ kind }) => kind === 'message');
    await expect.poll(isRecorded, { timeout: 10_000 }).toBe(true);
    // One file does for those who ask at the same time; whoever asks later gets another.
    const both = await Promise.all([engine?.rotate('ann'), engine?.rotate('bob')]);
    expect(new Set(both)).toEqual(new Set([at('capture.pcapng')]));
    put(front, message(8, u64(3)));
    await arrived(back, 20);
    await engine?.stop();
    const [first, second] = [1, 2].map(number => frames(rotatedPath(at('capture.pcapng'), number))) as [
      Frame[],
      Frame[],
    ];
    const messages = (all: Frame[]) =>
      all.flatMap(({ kind, carried, bytes }) =>
        kind === 'message' ? [`${Buffer.from(bytes).readUInt32LE(0)}${carried ? ' again' : ''}`] : [],
      );
    expect([messages(first), messages(second)]).toEqual([['2'], ['2 again', '8']]);
    const asked = eventsOf(second).filter(({ event }) => event === 'rotated');
    expect(asked).toEqual(['ann', 'bob'].map(by => ({ event: 'rotated', from: 'capture.pcapng', by })));
    await expect(engine?.rotate('ann')).rejects.toThrow('the recording has ended');
  });

  it('stays in one file that was not meant to be followed by others', async () => {
    await start();
    await expect(engine?.rotate('ann')).rejects.toThrow('start it with --rotate');
  });

  it('stays in its file where no other can be made, and says why', async () => {
    await start({}, { rotation: {} });
    mkdirSync(rotatedPath(at('capture.pcapng'), 2));
    await expect(engine?.rotate('ann')).rejects.toThrow(/capture\.000002\.pcapng/);
    rmSync(rotatedPath(at('capture.pcapng'), 2), { recursive: true });
    expect(await engine?.rotate('ann')).toBe(at('capture.pcapng'));
  });
});
