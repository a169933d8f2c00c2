import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { close } from '../../src/sys/libc.ts';
import { connectionOf, describeProcess, findPeer, holdersOf } from '../../src/sys/process.ts';
import { bindTo, connectTo, openSocket, socketPair, startListening } from '../../src/sys/socket.ts';

describe('a process', () => {
  it('is described by what /proc shows', () => {
    const info = describeProcess(process.pid);
    expect(info).toMatchObject({ pid: process.pid, executable: process.execPath });
    expect(info.commandLine?.[0]).toBeTypeOf('string');
    expect(info.startTicks).toBeGreaterThan(0);
  });

  it('that does not exist is only a number', () => {
    expect(describeProcess(2 ** 22 + 1)).toEqual({ pid: 2 ** 22 + 1 });
  });
});

describe('the peer of a connection', () => {
  let folder: string;
  const children: number[] = [];

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'vhuscope-'));
  });
  afterEach(() => {
    for (const pid of children.splice(0)) process.kill(pid, 'SIGKILL');
    rmSync(folder, { recursive: true });
  });

  it('is the process that holds the socket, not the one that called listen()', async () => {
    // We listen; a child inherits the listening socket and is the one that accepts.
    const path = join(folder, 's');
    const listener = openSocket();
    bindTo(listener, { path });
    startListening(listener);
    const script = "require('net').createServer(() => process.send('have it')).listen({ fd: 4 })";
    const child = spawn(process.execPath, ['-e', script, 'a\x1b]0;name\x07'], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc', listener],
    });
    children.push(child.pid as number);
    close(listener);
    const fd = openSocket();
    expect(connectTo(fd, { path })).toBe(0);
    await once(child, 'message');
    const connection = connectionOf(fd);
    expect(connection.credentials?.pid).toBe(process.pid);
    const peer = await findPeer(connection);
    expect(peer).toMatchObject({ foundBy: 'socket-inode', holders: [child.pid] });
    expect(peer?.process).toMatchObject({ pid: child.pid, executable: process.execPath });
    expect(peer?.process.commandLine?.at(-1)).toBe('a\x1b]0;name\x07');
    close(fd);
  });

  it('falls back to the credentials where the other end is gone, and says why', async () => {
    const [ours, theirs] = socketPair();
    const connection = connectionOf(ours);
    close(theirs);
    expect(await findPeer(connection)).toMatchObject({
      foundBy: 'credentials',
      process: { pid: process.pid },
      holders: [],
      reason: expect.stringMatching(/^no process that can be seen holds it: it was closed/),
    });
    close(ours);
  });

  it('has no holder once all are gone', async () => {
    const [one, other] = socketPair();
    const { inode } = connectionOf(one);
    expect((await holdersOf(inode)).pids).toEqual([process.pid]);
    close(one);
    close(other);
    expect((await holdersOf(inode)).pids).toEqual([]);
  });
});
