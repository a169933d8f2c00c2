import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ListeningPlace } from '../../src/proxy/listening-place.ts';
import { getxattr, Memory, setxattr } from '../../src/sys/libc.ts';
import { bindTo, openSocket } from '../../src/sys/socket.ts';
import { kept, letGoOfAll } from '../sys/open-fds.ts';

const attribute = 'security.selinux';
const label = 'system_u:object_r:svirt_t:s0:c1,c2\0';
const buffer = new Memory(256);
let folder: string;
const at = (name: string): string => join(folder, name);

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vhuscope-place-'));
  bindTo(kept(openSocket()), { path: at('back') });
});
afterEach(() => {
  letGoOfAll();
  rmSync(folder, { recursive: true });
});

/** Gives a file the label; false where that is not allowed, or the file system keeps none. */
function mark(path: string): boolean {
  const length = buffer.bytes.write(label);
  return setxattr(path, attribute, buffer.address, length, 0) === 0;
}

function labelOf(path: string): string {
  const length = getxattr(path, attribute, buffer.address, 256);
  return buffer.bytes.toString('utf8', 0, Math.max(0, length));
}

describe('the place of a listening socket', () => {
  it('is left as it is by us where somebody else has taken it', () => {
    const place = new ListeningPlace({ path: at('front') }, at('back'));
    kept(place.open().fd);
    rmSync(at('front'));
    bindTo(kept(openSocket()), { path: at('front') });
    const theirs = statSync(at('front')).ino;
    place.remove();
    expect(statSync(at('front')).ino).toBe(theirs);
  });

  it('is free again once we are gone', () => {
    const place = new ListeningPlace({ path: at('front') }, at('back'));
    kept(place.open().fd);
    place.remove();
    expect(existsSync(at('front'))).toBe(false);
  });
});

describe('the security label of a listening socket', () => {
  it('is that of the socket it stands in for', () => {
    const marked = mark(at('back'));
    const { fd, problems } = new ListeningPlace({ path: at('front') }, at('back')).open();
    kept(fd);
    expect(problems).toEqual([]);
    expect(labelOf(at('front'))).toBe(marked ? label : '');
  });
});
