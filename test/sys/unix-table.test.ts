import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { close } from '../../src/sys/libc.ts';
import { parseAnswers } from '../../src/sys/sock-diag.ts';
import { bindTo, openSocket, startListening } from '../../src/sys/socket.ts';
import {
  isListening,
  parseProcNetUnix,
  pidOfForeignListener,
  receptionAt,
  unixSockets,
} from '../../src/sys/unix-table.ts';

/** As the kernel prints it, with a name that holds a line end, and one that tries to look like a line. */
const table = `Num       RefCount Protocol Flags    Type St Inode Path
000000005202ef4b: 00000002 00000000 00010000 0001 01 28090 /run/fs.sock
0000000000000000: 00000003 00000000 00000000 0001 03 28091
000000009e78d2fb: 00000002 00000000 00010000 0001 01 28141 @abstract name
000000005202ef4c: 00000003 00000000 00000000 0001 03 28092 /run/fs.sock
000000005202ef4d: 00000002 00000000 00010000 0001 01 28093 /tmp/two
lines: 1
000000005202ef4e: 00000002 00000000 00000000 0002 01 28094 /run/log socket
`;

describe('/proc/net/unix', () => {
  it('is read line by line, names as they are', () => {
    expect(parseProcNetUnix(table)).toEqual([
      { inode: 28090, type: 1, listening: true, address: { path: '/run/fs.sock' } },
      { inode: 28091, type: 1, listening: false },
      { inode: 28141, type: 1, listening: true, address: { abstract: 'abstract name' } },
      { inode: 28092, type: 1, listening: false, address: { path: '/run/fs.sock' } },
      { inode: 28093, type: 1, listening: true, address: { path: '/tmp/two\nlines: 1' } },
      { inode: 28094, type: 2, listening: false, address: { path: '/run/log socket' } },
    ]);
  });

  it.each(['', 'Num       RefCount\n', 'rubbish\n\n\0'])('gives nothing for %j', text => {
    expect(parseProcNetUnix(text)).toEqual([]);
  });
});

describe('the answers of the socket monitor', () => {
  /** Recorded on a little-endian machine: one end of a socketpair, asked for by inode. */
  const recorded = Buffer.from(
    '300000001400000001000000926a0000010101003f9e00007f0100000000000008000200409e00000500060000000000',
    'hex',
  );

  it('tell the peer', () => {
    const { sockets } = parseAnswers(recorded);
    expect(sockets).toEqual([{ inode: 40511, type: 1, listening: false, peer: 40512 }]);
  });

  it('never throw', () => {
    for (let length = 0; length < recorded.length; length++) parseAnswers(recorded.subarray(0, length));
    for (let at = 0; at < recorded.length; at++) {
      const bytes = Buffer.from(recorded);
      bytes[at] = 0xff;
      expect(parseAnswers(bytes).sockets.length).toBeLessThanOrEqual(1);
    }
  });
});

describe('who listens', () => {
  let folder: string;
  let server: Server | undefined;

  const listen = async (path: string) => {
    server = createServer().listen(path);
    await once(server, 'listening');
  };

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'vhuscope-'));
  });
  afterEach(() => {
    server?.close();
    server = undefined;
    rmSync(folder, { recursive: true });
  });

  it('is known by path, also through a relative one and after a rename', async () => {
    const path = join(folder, 'a');
    await listen(path);
    expect(isListening({ path })).toBe(true);
    renameSync(path, join(folder, 'b'));
    expect(isListening({ path })).toBe(false);
    expect(isListening({ path: join(folder, 'b') })).toBe(true);
  });

  it('is nobody where there is no socket, a file, or a socket whose listener has died', async () => {
    const dead = join(folder, 'dead');
    const script = `require('net').createServer().listen(${JSON.stringify(dead)}, () => process.kill(process.pid, 9))`;
    expect(spawnSync(process.execPath, ['-e', script]).signal).toBe('SIGKILL');
    writeFileSync(join(folder, 'file'), '');
    await listen(join(folder, 'other'));
    for (const name of ['dead', 'file', 'none']) expect(isListening({ path: join(folder, name) }), name).toBe(false);
  });

  it('tells what a connection would meet', async () => {
    const path = join(folder, 'a');
    expect(receptionAt({ path })).toBe('absent');
    writeFileSync(path, '');
    expect(receptionAt({ path })).toBe('refusing');
    rmSync(path);
    await listen(path);
    expect(receptionAt({ path })).toBe('listening');
    expect(receptionAt({ abstract: `vhuscope-nobody-${process.pid}` })).toBe('refusing');
  });

  it('is somebody in another network namespace, whom only /proc shows', async () => {
    const path = join(folder, 'far');
    const script = `require('net').createServer().listen(${JSON.stringify(path)}, () => console.log('listening'))`;
    const command = ['--user', '--map-root-user', '--net', process.execPath, '-e', script];
    const far = spawn('unshare', command, { stdio: ['ignore', 'pipe', 'inherit'] });
    try {
      await once(far.stdout, 'data');
      expect(receptionAt({ path })).toBe('refusing');
      expect(pidOfForeignListener(path)).toBe(far.pid);
      expect(pidOfForeignListener(join(folder, 'near'))).toBeUndefined();
    } finally {
      far.kill('SIGKILL');
      await once(far, 'exit');
    }
  });

  it('is known by abstract name', () => {
    const name = `vhuscope-test-${process.pid}`;
    const fd = openSocket();
    bindTo(fd, { abstract: name });
    expect(isListening({ abstract: name })).toBe(false);
    startListening(fd);
    expect(isListening({ abstract: name })).toBe(true);
    expect(isListening({ abstract: `${name}x` })).toBe(false);
    close(fd);
    expect(isListening({ abstract: name })).toBe(false);
  });

  it('is the same in both lists', async () => {
    const path = join(folder, 'a');
    await listen(path);
    for (const sockets of [unixSockets(), parseProcNetUnix(readFileSync('/proc/net/unix', 'utf8'))]) {
      expect(sockets.filter(({ listening }) => listening)).toContainEqual(
        expect.objectContaining({ type: 1, address: { path } }),
      );
    }
  });
});
