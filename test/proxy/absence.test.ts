/** Which socket is there while a side is not, and how both sides are brought together. */
import { chmodSync, existsSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { readCapture } from '../../src/capture/reader.ts';
import { jsonBody } from '../../src/decode/text/event.ts';
import { close, errno, fcntl } from '../../src/sys/libc.ts';
import { acceptFrom, connectTo, openSocket, socketPair } from '../../src/sys/socket.ts';
import { kept, letGo } from '../sys/open-fds.ts';
import {
  accepted,
  aroundEachTest,
  arrived,
  at,
  connectAt,
  engine,
  events,
  heard,
  listenAt,
  socket,
  soon,
  start,
} from './engine-stand.ts';
import { message, put, take, u64 } from './stand.ts';

aroundEachTest();

/** A front-end that listens, and a back-end that came to us and was joined with it. */
async function joinedByBackEnd(): Promise<{ listener: number; front: number; back: number }> {
  const listener = listenAt(socket('front'));
  await start({
    frontEnd: { role: 'connect', address: socket('front') },
    backEnd: { role: 'listen', address: socket('back') },
  });
  await heard('listening');
  const back = connectAt(socket('back'));
  const front = await accepted(listener);
  put(front, message(1));
  expect(await arrived(back, 12)).toEqual(message(1));
  return { listener, front, back };
}

describe('who is not there', () => {
  it('we listen only while the back-end does, and it is never woken by a probe', async () => {
    await start();
    await heard('waiting');
    expect(existsSync(at('front'))).toBe(false);
    const listener = listenAt(socket('back'));
    await heard('listening');
    expect(existsSync(at('front'))).toBe(true);
    expect(acceptFrom(listener)).toBe(-errno.EAGAIN);
    events.length = 0;
    letGo(listener);
    await heard('waiting');
    rmSync(at('back'));
    listenAt(socket('back'));
    await heard('listening');
  });

  it('whoever connects meets what it would meet without us', async () => {
    const met = (): number => {
      const fd = openSocket();
      const result = connectTo(fd, socket('front'));
      close(fd);
      return result;
    };
    const back = listenAt(socket('back'));
    chmodSync(at('back'), 0o640);
    await start();
    expect(met()).toBe(0);
    // Its owner dies: the file stays.
    letGo(back);
    await soon(() => (met() === -errno.ECONNREFUSED ? true : undefined));
    expect(statSync(at('front')).mode & 0o777).toBe(0o640);
    expect(await heard('waiting')).toMatchObject({ why: 'left-behind' });
    rmSync(at('back'));
    await soon(() => (met() === -errno.ENOENT ? true : undefined));
    listenAt(socket('back'));
    await soon(() => (met() === 0 ? true : undefined));
    await engine?.stop();
    expect(existsSync(at('front'))).toBe(false);
  });

  it('a socket of ours that refuses is not left behind', async () => {
    writeFileSync(at('back'), '');
    await start();
    expect(statSync(at('front')).isSocket()).toBe(true);
    await engine?.stop();
    expect(existsSync(at('front'))).toBe(false);
  });

  it('a front-end may wait for its back-end when that is asked for', async () => {
    await start({ waitBackEnd: true });
    const front = connectAt(socket('front'));
    put(front, message(1));
    await heard('absent');
    const back = await accepted(listenAt(socket('back')));
    expect(await arrived(back, 12)).toEqual(message(1));
  });

  it('a front-end that listens: its old connection ends before the new one begins, and waiting is told', async () => {
    const { listener, front } = await joinedByBackEnd();
    connectAt(socket('back'));
    await soon(() => (take(front).end === 'eof' ? true : undefined));
    await accepted(listener);
    await heard('queued');
  });

  it('a back-end that tries again at once does not find us listening for a front-end that ends', async () => {
    const { listener, front, back } = await joinedByBackEnd();
    // One after the other, as a process does that ends.
    letGo(front);
    await sleep(5);
    letGo(listener);
    rmSync(at('front'));
    await soon(() => (take(back).end === 'eof' ? true : undefined));
    const again = openSocket();
    expect(connectTo(again, socket('back'))).toBe(-errno.ENOENT);
    close(again);
  });

  it('what a side sends before it hears of the close is told, and it sees a plain end', async () => {
    const { front, back } = await joinedByBackEnd();
    letGo(front);
    await heard('closed');
    put(back, message(1, u64(0), 5));
    const { end } = await soon(() => {
      const taken = take(back);
      return taken.end === 'open' ? undefined : taken;
    });
    expect(end).toBe('eof');
    await engine?.stop();
    const told = [...readCapture(at('capture.pcapng'))].map(frame => jsonBody(frame));
    expect(told.filter(body => body?.event === 'unheard')).toEqual([{ event: 'unheard', side: 'back-end', bytes: 20 }]);
    expect(connectAt(socket('front'))).toBeGreaterThan(0);
  });

  it('two sides that listen are connected to each other once both are there', async () => {
    const frontListener = listenAt(socket('front'));
    await start({
      frontEnd: { role: 'connect', address: socket('front') },
      backEnd: { role: 'connect', address: socket('back') },
    });
    expect(acceptFrom(frontListener)).toBe(-errno.EAGAIN);
    const backListener = listenAt(socket('back'));
    const [front, back] = [await accepted(frontListener), await accepted(backListener)];
    put(back, message(1, u64(1), 5));
    expect((await arrived(front, 20)).length).toBe(20);
  });

  it('two sides that connect are brought together', async () => {
    await start({
      frontEnd: { role: 'listen', address: { abstract: `vhuscope-front-${process.pid}` } },
      backEnd: { role: 'listen', address: socket('back') },
    });
    const front = connectAt({ abstract: `vhuscope-front-${process.pid}` });
    put(front, message(1));
    const back = connectAt(socket('back'));
    expect(await arrived(back, 12)).toEqual(message(1));
  });

  it('a listening socket that was handed over, of the kind that waits', async () => {
    const back = listenAt(socket('back'));
    const ours = listenAt(socket('handed'));
    const [getStatusFlags, setStatusFlags, nonBlocking] = [3, 4, 0o4000];
    fcntl(ours, setStatusFlags, fcntl(ours, getStatusFlags, 0) & ~nonBlocking);
    await start({ frontEnd: { role: 'fd', fd: ours } });
    for (let i = 0; i < 2; i++) {
      const front = connectAt(socket('handed'));
      const there = await accepted(back);
      put(front, message(1));
      expect(await arrived(there, 12)).toEqual(message(1));
    }
  });

  it('a socket that was handed over', async () => {
    const listener = listenAt(socket('back'));
    const [front, ours] = socketPair();
    kept(front);
    await start({ frontEnd: { role: 'fd', fd: ours } });
    const back = await accepted(listener);
    put(front, message(1));
    expect(await arrived(back, 12)).toEqual(message(1));
  });
});
