/** The whole engine as it is built: threads, listening sockets, capture file. */
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readCapture } from '../../src/capture/reader.ts';
import { rotatedPath } from '../../src/capture/rotation.ts';
import type { Frame } from '../../src/decode/frame.ts';
import type { Engine, EngineEvent, EngineOptions, PairOptions } from '../../src/proxy/engine.ts';
import { close, errno, Memory, prlimit } from '../../src/sys/libc.ts';
import {
  type Address,
  acceptFrom,
  bindTo,
  connectTo,
  openSocket,
  socketPair,
  startListening,
} from '../../src/sys/socket.ts';
import { message, put, take, u64 } from './stand.ts';

const built = resolve(import.meta.dirname, '../../dist/proxy/engine.js');
const { startEngine } = (await import(built)) as typeof import('../../src/proxy/engine.ts');

let folder: string;
let engine: Engine | undefined;
let events: EngineEvent[];
let wake: () => void = () => {};
const open: number[] = [];
const kept = (fd: number): number => {
  open.push(fd);
  return fd;
};
const at = (name: string): string => join(folder, name);
const socket = (name: string): Address => ({ path: at(name) });

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vhuscope-engine-'));
  events = [];
});
afterEach(async () => {
  await engine?.stop(0);
  engine = undefined;
  for (const fd of open.splice(0)) close(fd);
  rmSync(folder, { recursive: true, force: true });
});

const frontListens: PairOptions = {
  name: 'vm',
  frontEnd: { role: 'listen', address: { path: '' } },
  backEnd: { role: 'connect', address: { path: '' } },
};

async function start(pair: Partial<PairOptions> = {}, capture: Partial<EngineOptions['capture']> = {}): Promise<void> {
  engine = await startEngine(
    {
      pairs: [
        {
          ...frontListens,
          frontEnd: { role: 'listen', address: socket('front') },
          backEnd: { role: 'connect', address: socket('back') },
          ...pair,
        },
      ],
      capture: { path: at('capture.pcapng'), ...capture },
      version: 'vhuscope test',
      ringBytes: 1 << 20,
    },
    event => {
      events.push(event);
      wake();
    },
  );
}

/** Waits for an event; one that has come already counts. */
async function heard<Type extends EngineEvent['type']>(
  type: Type,
  which: (event: Extract<EngineEvent, { type: Type }>) => boolean = () => true,
): Promise<Extract<EngineEvent, { type: Type }>> {
  for (;;) {
    const found = events.find(event => event.type === type && which(event as Extract<EngineEvent, { type: Type }>));
    if (found !== undefined) return found as Extract<EngineEvent, { type: Type }>;
    await new Promise<void>(resolve => {
      wake = resolve;
    });
  }
}

function listenAt(address: Address): number {
  const fd = kept(openSocket());
  bindTo(fd, address);
  startListening(fd);
  return fd;
}

function connectAt(address: Address): number {
  const fd = kept(openSocket());
  expect(connectTo(fd, address)).toBe(0);
  return fd;
}

/** Repeats until there is a result; sockets here are not waited for otherwise. */
async function soon<Result>(attempt: () => Result | undefined): Promise<Result> {
  for (;;) {
    const result = attempt();
    if (result !== undefined) return result;
    await sleep(2);
  }
}

/** What is open, apart from the inotify instance that Node makes for itself and keeps. */
function openFds(): string[] {
  const links = readdirSync('/proc/self/fd').map(fd => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`);
    } catch {
      return 'gone';
    }
  });
  return links.filter(link => link !== 'anon_inode:inotify' && link !== 'gone').sort();
}

/** RLIMIT_FSIZE for this process; returns what takes it back. */
function limitFileSize(bytes: number): () => void {
  const value = new Memory(32);
  const fileSize = 1;
  prlimit(0, fileSize, 0, value.address + 16);
  value.setPointer(0, bytes);
  value.bytes.copyWithin(8, 24, 32);
  prlimit(0, fileSize, value.address, 0);
  return () => void prlimit(0, fileSize, value.address + 16, 0);
}

const accepted = (listener: number): Promise<number> =>
  soon(() => {
    const fd = acceptFrom(listener);
    return fd >= 0 ? kept(fd) : undefined;
  });
const arrived = (fd: number, bytes: number): Promise<Buffer> => {
  let all = Buffer.alloc(0);
  return soon(() => {
    all = Buffer.concat([all, take(fd).bytes]);
    return all.length >= bytes ? all : undefined;
  });
};
const frames = (path = at('capture.pcapng')): Frame[] => [...readCapture(path)];
const eventsOf = (found: readonly Frame[]): ({ event: string } & Record<string, unknown>)[] =>
  found.filter(({ kind }) => kind === 'event').map(({ bytes }) => JSON.parse(Buffer.from(bytes).toString()));

describe('a connection through the engine', () => {
  it('is recorded with its peers, and nothing is left when the engine stops', async () => {
    const before = openFds();
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
    close(open.splice(open.indexOf(front), 1)[0] as number);
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
    for (const fd of open.splice(0)) close(fd);
    expect(openFds()).toEqual(before);
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
    close(open.splice(open.indexOf(listener), 1)[0] as number);
    await heard('waiting');
    expect(existsSync(at('front'))).toBe(false);
    rmSync(at('back'));
    listenAt(socket('back'));
    await heard('listening');
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
    const listener = listenAt(socket('front'));
    await start({
      frontEnd: { role: 'connect', address: socket('front') },
      backEnd: { role: 'listen', address: socket('back') },
    });
    const first = connectAt(socket('back'));
    const front = await accepted(listener);
    put(front, message(1));
    expect(await arrived(first, 12)).toEqual(message(1));
    connectAt(socket('back'));
    await soon(() => (take(front).end === 'eof' ? true : undefined));
    await accepted(listener);
    await heard('queued');
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

describe('places to listen at', () => {
  it('a socket file that nobody uses is replaced', async () => {
    listenAt(socket('back'));
    const stale = openSocket();
    bindTo(stale, socket('front'));
    close(stale);
    await start();
    connectAt(socket('front'));
    await heard('connected');
  });

  it.each([
    ['in use by another process', () => listenAt(socket('front'))],
    ['exists and is not a socket', () => writeFileSync(at('front'), 'precious')],
    ['exists and is not a socket', () => mkdirSync(at('front'))],
    ['no such file or directory', () => rmSync(folder, { recursive: true })],
  ])('%s: an error, and everything stays as it is', async (reason, prepare) => {
    prepare();
    const before = existsSync(at('front')) && statSync(at('front')).ino;
    await expect(start()).rejects.toThrow(reason);
    expect(existsSync(at('front')) && statSync(at('front')).ino).toBe(before);
  });

  it('a path that is too long', async () => {
    const address = socket('x'.repeat(120));
    await expect(start({ frontEnd: { role: 'listen', address } })).rejects.toThrow(/Linux allows 107/);
  });

  it('the same place for both sides', async () => {
    await expect(start({ backEnd: { role: 'connect', address: socket('front') } })).rejects.toThrow(
      `both sides of vm are ${at('front')}`,
    );
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
});
