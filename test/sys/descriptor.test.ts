import { execFileSync } from 'node:child_process';
import { closeSync, fstatSync, ftruncateSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { inspect, isPipeOrSocket } from '../../src/sys/descriptor.ts';
import { createEventFd } from '../../src/sys/event-fd.ts';
import { close, fcntl, memfdCreate } from '../../src/sys/libc.ts';
import { socketPair } from '../../src/sys/socket.ts';

const folder = mkdtempSync(join(tmpdir(), 'vhuscope-descriptor-'));
afterAll(() => rmSync(folder, { recursive: true }));

const addSeals = 1033;
const shrinkAndGrow = 0x2 | 0x4;

describe('a descriptor tells what it is', () => {
  it('a memfd: name, size, seals, inode', () => {
    const fd = memfdCreate('guest-ram', 0x3);
    ftruncateSync(fd, 1 << 20);
    fcntl(fd, addSeals, shrinkAndGrow);
    const stat = fstatSync(fd);
    expect(inspect(fd).identity).toEqual({
      kind: 'memfd',
      name: 'guest-ram',
      size: 1 << 20,
      seals: shrinkAndGrow,
      access: 'rw',
      inode: stat.ino,
      dev: stat.dev,
    });
    expect(isPipeOrSocket(fd)).toBe(false);
    closeSync(fd);
  });

  it('a huge memfd is closed elsewhere', () => {
    const fd = memfdCreate('huge', 0x1);
    ftruncateSync(fd, 2 ** 31);
    expect(inspect(fd).slowToClose).toBe(true);
    closeSync(fd);
  });

  it('an eventfd: the number that other tools show', () => {
    const fd = createEventFd();
    const shown = execFileSync('cat', [`/proc/${process.pid}/fdinfo/${fd}`], { encoding: 'utf8' });
    expect(inspect(fd).identity).toEqual({
      kind: 'eventfd',
      access: 'rw',
      id: Number(/eventfd-id:\s*(\d+)/.exec(shown)?.[1]),
    });
    close(fd);
  });

  it('sockets and pipes: their inode', () => {
    const pair = socketPair();
    for (const fd of pair) {
      expect(inspect(fd).identity).toEqual({ kind: 'socket', access: 'rw', id: fstatSync(fd).ino });
      expect(isPipeOrSocket(fd)).toBe(true);
      close(fd);
    }
    execFileSync('mkfifo', [join(folder, 'pipe')]);
    const fifo = openSync(join(folder, 'pipe'), 'r+');
    expect(inspect(fifo).identity).toEqual({ kind: 'pipe', access: 'rw', id: fstatSync(fifo).ino });
    closeSync(fifo);
  });

  it.each([
    ['r', 'r'],
    ['r+', 'rw'],
    ['a', 'w'],
  ] as const)('a file opened %s', (mode, access) => {
    const path = join(folder, 'file');
    closeSync(openSync(path, 'a'));
    const fd = openSync(path, mode);
    const stat = fstatSync(fd);
    const { identity } = inspect(fd);
    expect(identity).toEqual({ kind: 'file', name: path, size: 0, access, inode: stat.ino, dev: stat.dev });
    closeSync(fd);
  });

  it('a device node', () => {
    const fd = openSync('/dev/null', 'r');
    expect(inspect(fd).identity).toMatchObject({ kind: 'device', name: '/dev/null', access: 'r' });
    closeSync(fd);
  });

  it('a descriptor that is not open is unknown', () => {
    expect(inspect(99_999).identity).toEqual({ kind: 'unknown' });
  });
});
