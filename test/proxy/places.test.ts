/** Where the engine can listen, and where not. */
import { existsSync, mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { close } from '../../src/sys/libc.ts';
import { bindTo, openSocket } from '../../src/sys/socket.ts';
import { aroundEachTest, at, connectAt, folder, heard, listenAt, socket, start } from './engine-stand.ts';

aroundEachTest();

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
    ['there is no such folder; make it first', () => rmSync(folder, { recursive: true })],
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
