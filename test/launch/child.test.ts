import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { descriptorsNamed, StartError } from '../../src/launch/child.ts';
import { makePrivateFolder, removePrivateFolder } from '../../src/launch/private-folder.ts';

const dist = resolve(import.meta.dirname, '../../dist');

let folder: string;
/** Leaders of the process groups that a test has started. */
const groups: number[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vhuscope-'));
});
afterEach(() => {
  for (const group of groups.splice(0)) {
    try {
      process.kill(-group, 'SIGKILL');
    } catch {
      // All of it has ended, as it should.
    }
  }
  rmSync(folder, { recursive: true });
});

describe('descriptors that a command line names', () => {
  it.each<[string, number[]]>([
    ['qemu -netdev tap,fd=30,vhostfd=31 -netdev tap,fds=32:33,vhostfds=34:35', [30, 31, 32, 33, 34, 35]],
    ['qemu -add-fd fd=3,set=1 -drive file=/dev/fdset/1 -incoming fd:12 -bios /dev/fd/7', [3, 7, 12]],
    ['qemu -netdev {"type":"tap","fd":"9","vhost":true}', [9]],
    ['cloud-hypervisor --net fd=[3,4],mac=12:34:56:78:90:ab', [3, 4]],
    ['qemu -chardev fd=0 -m 512 -drive fd=abc -x offd=9', []],
  ])('%s', (line, numbers) => expect(descriptorsNamed(line.split(' '))).toEqual(numbers));
});

describe('a child', () => {
  /** Runs a command through startChild in a shell that has prepared its own limits, umask and descriptors. */
  function started(preparation: string, ...command: string[]): ChildProcess & { text: string } {
    const script = join(folder, 'start.mjs');
    writeFileSync(
      script,
      `import { startChild } from '${dist}/launch/child.js';
       import { openFilesLimit, setOpenFilesLimit } from '${dist}/sys/limits.js';
       const withOpenFiles = (soft, action) => {
         const { soft: ours } = openFilesLimit();
         setOpenFilesLimit(soft);
         try { return action(); } finally { setOpenFilesLimit(ours); }
       };
       try {
         process.exitCode = await (await startChild(process.argv.slice(2), { withOpenFiles })).ended;
       } catch (error) {
         console.error(error.message);
         process.exitCode = error.status;
       }`,
    );
    const line = `${preparation}\n"$0" "$@"\nexit $?`;
    const shell = spawn('bash', ['-c', line, process.execPath, script, ...command], {
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    if (shell.pid !== undefined) groups.push(shell.pid);
    const result = Object.assign(shell, { text: '' });
    for (const stream of [shell.stdout, shell.stderr]) {
      stream?.on('data', chunk => {
        result.text += chunk;
      });
    }
    return result;
  }

  async function outcome(child: ChildProcess & { text: string }) {
    const [status] = await once(child, 'close');
    return { status, text: child.text };
  }

  it('has the limits, umask, folder and environment of before', async () => {
    const preparation = `cd ${folder}; ulimit -Sn 700; umask 027; export MARK=here`;
    const child = started(
      preparation,
      'bash',
      '-c',
      'echo $(ulimit -Sn) $(umask) $PWD $MARK; grep SigBlk /proc/self/status',
    );
    expect(await outcome(child)).toEqual({ status: 0, text: `700 0027 ${folder} here\nSigBlk:\t0000000000000000\n` });
  });

  it('inherits the descriptors its command line names, and no other', async () => {
    writeFileSync(join(folder, 'a'), 'the text');
    const preparation = `exec 8<${folder}/a 9<${folder}/a`;
    const child = started(
      preparation,
      'bash',
      '-c',
      'cat <&8; for fd in 8 9; do test -e /proc/$$/fd/$fd; echo $?; done',
      'fd=8',
    );
    expect(await outcome(child)).toEqual({ status: 0, text: 'the text0\n1\n' });
  });

  it.each<[string, number, RegExp]>([
    ['exit 7', 7, /^$/],
    ['kill -KILL $$', 137, /^$/],
    ['kill -TERM $$', 143, /^$/],
  ])('that ends with %s gives %i', async (script, status, text) => {
    expect(await outcome(started('', 'bash', '-c', script))).toEqual({ status, text: expect.stringMatching(text) });
  });

  it('that does not exist gives 127, one that is no program 126', async () => {
    writeFileSync(join(folder, 'data'), 'x');
    expect(await outcome(started('', join(folder, 'none')))).toEqual({
      status: 127,
      text: `cannot start '${folder}/none': no such command\n`,
    });
    expect(await outcome(started('', join(folder, 'data')))).toMatchObject({
      status: 126,
      text: expect.stringMatching(/^cannot start '.*data': .*EACCES/),
    });
  });

  it('that is in no folder of PATH gives 127 also where one of them may not be looked into', () => {
    writeFileSync(join(folder, 'data'), 'x');
    const path = process.env.PATH;
    process.env.PATH = `${path}:${folder}`;
    const refused = Object.assign(new Error('spawn EACCES'), { code: 'EACCES' });
    try {
      expect(new StartError('none-of-that-name', refused)).toMatchObject({
        status: 127,
        message: "cannot start 'none-of-that-name': no such command",
      });
      expect(new StartError('data', refused).status).toBe(126);
    } finally {
      process.env.PATH = path;
    }
  });

  it.each(['SIGTERM', 'SIGHUP', 'SIGINT', 'SIGUSR1', 'SIGUSR2'] as const)('is handed %s', async signal => {
    const name = signal.slice(3);
    const child = started(
      'exec "$0" "$@"',
      'bash',
      '-c',
      `trap 'echo got; exit 9' ${name}; echo ready; while :; do sleep 0.05; done`,
    );
    while (!child.text.includes('ready')) await once(child.stdout as NodeJS.ReadableStream, 'data');
    child.kill(signal);
    expect(await outcome(child)).toEqual({ status: 9, text: 'ready\ngot\n' });
  });
});

describe('the private folder', () => {
  it('lies in the runtime folder, can be entered by nobody else, and can be removed twice', () => {
    const made = makePrivateFolder({ XDG_RUNTIME_DIR: folder });
    expect(made.startsWith(join(folder, 'vhuscope-'))).toBe(true);
    expect(statSync(made).mode & 0o777).toBe(0o700);
    writeFileSync(join(made, 'x'), '');
    removePrivateFolder(made);
    removePrivateFolder(made);
    expect(existsSync(made)).toBe(false);
  });

  it.each(['none', 'a b', `${'long'.repeat(15)}`, 'relative'])('does not lie in %s', name => {
    const base = name === 'relative' ? '.' : join(folder, name);
    if (name !== 'none' && name !== 'relative') mkdirSync(base);
    const made = makePrivateFolder({ XDG_RUNTIME_DIR: base });
    expect(made.startsWith(base)).toBe(false);
    removePrivateFolder(made);
  });
});
