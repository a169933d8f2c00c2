/** An engine as it is built, with sockets for its peers: threads, listening sockets, capture file. */
import { mkdtempSync, readdirSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect } from 'vitest';
import { readCapture } from '../../src/capture/reader.ts';
import type { Frame } from '../../src/decode/frame.ts';
import type { Engine, EngineEvent, EngineOptions, PairOptions } from '../../src/proxy/engine.ts';
import { Memory, prlimit } from '../../src/sys/libc.ts';
import { type Address, acceptFrom, bindTo, connectTo, openSocket, startListening } from '../../src/sys/socket.ts';
import { kept, letGoOfAll } from '../sys/open-fds.ts';
import { take } from './stand.ts';

const built = resolve(import.meta.dirname, '../../dist/proxy/engine.js');
const { startEngine } = (await import(built)) as typeof import('../../src/proxy/engine.ts');

export let folder: string;
export let engine: Engine | undefined;
export let events: EngineEvent[];
let wake: () => void = () => {};
export const at = (name: string): string => join(folder, name);
export const socket = (name: string): Address => ({ path: at(name) });

/** Gives each test of a file a folder and no engine, and ends what it has started. */
export function aroundEachTest(): void {
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'vhuscope-engine-'));
    events = [];
  });
  afterEach(async () => {
    await engine?.stop(0);
    engine = undefined;
    letGoOfAll();
    rmSync(folder, { recursive: true, force: true });
  });
}

export const frontListens: PairOptions = {
  name: 'vm',
  frontEnd: { role: 'listen', address: { path: '' } },
  backEnd: { role: 'connect', address: { path: '' } },
};

export async function start(
  pair: Partial<PairOptions> = {},
  capture: Partial<EngineOptions['capture']> = {},
  ringBytes = 1 << 20,
): Promise<void> {
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
      ringBytes,
    },
    event => {
      events.push(event);
      wake();
    },
  );
}

/** Waits for an event; one that has come already counts. */
export async function heard<Type extends EngineEvent['type']>(
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

export function listenAt(address: Address): number {
  const fd = kept(openSocket());
  bindTo(fd, address);
  startListening(fd);
  return fd;
}

export function connectAt(address: Address): number {
  const fd = kept(openSocket());
  expect(connectTo(fd, address)).toBe(0);
  return fd;
}

/** Repeats until there is a result; sockets here are not waited for otherwise. */
export async function soon<Result>(attempt: () => Result | undefined): Promise<Result> {
  for (;;) {
    const result = attempt();
    if (result !== undefined) return result;
    await sleep(2);
  }
}

/** What is open, apart from the inotify instance that Node makes for itself and keeps. */
export function openLinks(): string[] {
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
export function limitFileSize(bytes: number): () => void {
  const value = new Memory(32);
  const fileSize = 1;
  prlimit(0, fileSize, 0, value.address + 16);
  value.setPointer(0, bytes);
  value.bytes.copyWithin(8, 24, 32);
  prlimit(0, fileSize, value.address, 0);
  return () => void prlimit(0, fileSize, value.address + 16, 0);
}

export const accepted = (listener: number): Promise<number> =>
  soon(() => {
    const fd = acceptFrom(listener);
    return fd >= 0 ? kept(fd) : undefined;
  });
export const arrived = (fd: number, bytes: number): Promise<Buffer> => {
  let all = Buffer.alloc(0);
  return soon(() => {
    all = Buffer.concat([all, take(fd).bytes]);
    return all.length >= bytes ? all : undefined;
  });
};
export const frames = (path = at('capture.pcapng')): Frame[] => [...readCapture(path)];
export const eventsOf = (found: readonly Frame[]): ({ event: string } & Record<string, unknown>)[] =>
  found.filter(({ kind }) => kind === 'event').map(({ bytes }) => JSON.parse(Buffer.from(bytes).toString()));
