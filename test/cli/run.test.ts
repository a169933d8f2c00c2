import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { rowsOf, useStand } from './stand.ts';

const stand = useStand();

/** A front-end with QEMU's options: asks for the features on the chardev's socket and ends as it is told. */
const frontEnd = `
  const option = process.argv.find(word => word.startsWith('socket,'));
  const socket = require('net').connect(/path=([^,]*)/.exec(option)[1]);
  socket.write(Buffer.from('010000000100000000000000', 'hex'));
  socket.on('error', error => { console.log(error.code); process.exit(5); });
  socket.on('data', data => {
    console.log(data.toString('hex'));
    if (process.argv.includes('wait')) process.on('SIGUSR2', () => process.exit(9));
    else process.exit(process.argv.includes('fail') ? 3 : 0);
  });
`;

function commandLine(socket: string, ...words: string[]): string[] {
  writeFileSync(stand.path('vm.cjs'), frontEnd);
  const chardev = ['-chardev', `socket,id=c,path=${socket}`, '-device', 'vhost-user-fs-pci,chardev=c,tag=t'];
  return ['--', process.execPath, stand.path('vm.cjs'), ...chardev, ...words];
}

/** The parent of a process; undefined for what is none. */
function parentOf(pid: string): number | undefined {
  try {
    return Number(/^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${Number(pid)}/status`, 'utf8'))?.[1]);
  } catch {
    return undefined;
  }
}

describe('vhuscope run', () => {
  it('records a front-end from its first byte and passes its output on', async () => {
    await stand.backEnd(stand.path('b'));
    const run = stand.vhuscope('run', '-w', 'c.pcapng', ...commandLine('b'));
    expect(await run.ended).toBe(0);
    expect(run.out().toString()).toMatch(/^0100000005000000/);
    const rows = rowsOf(stand.path('c.pcapng'));
    expect(rows.map(row => row.message?.name ?? '').filter(Boolean)).toEqual(['GET_FEATURES', 'GET_FEATURES']);
    expect(rows.find(row => row.message)?.frame).toMatchObject({ pair: 'c', context: { device: 26 } });
    const events = rows
      .filter(({ frame }) => frame.kind === 'event')
      .map(({ frame }) => Buffer.from(frame.bytes).toString());
    expect(events).toContainEqual(expect.stringMatching(/"event":"device".*-device vhost-user-fs-pci,chardev=c,tag=t/));
    expect(events).toContainEqual(expect.stringMatching(/"event":"peer-exit","side":"front-end".*"exited"/));
  });

  it.each([
    ['its exit status', ['fail'], 3],
    ['128 + the number of its signal', [], 128 + 9],
  ])('ends with %s', async (_, words, status) => {
    await stand.backEnd(stand.path('b'));
    const run = stand.vhuscope(
      'run',
      '--quiet',
      '-w',
      'c',
      ...commandLine('b', ...words, ...(status > 128 ? ['wait'] : [])),
    );
    if (status > 128) {
      while (!run.out().includes('0100000005')) await new Promise(done => run.child.stdout?.once('data', done));
      const children = readdirSync('/proc').filter(pid => parentOf(pid) === run.child.pid);
      expect(children).toHaveLength(1);
      process.kill(Number(children[0]), 'SIGKILL');
    }
    expect({ status: await run.ended, err: run.err() }).toEqual({ status, err: '' });
  });

  it('hands a signal on', async () => {
    await stand.backEnd(stand.path('b'));
    const run = stand.vhuscope('run', '-w', 'c', ...commandLine('b', 'wait'));
    while (!run.out().includes('0100000005')) await new Promise(done => run.child.stdout?.once('data', done));
    run.child.kill('SIGUSR2');
    expect(await run.ended).toBe(9);
  });

  it('shows the front-end an absent back-end as it is', async () => {
    const run = stand.vhuscope('run', '-w', 'c', ...commandLine('b'));
    expect({ status: await run.ended, out: run.out().toString() }).toEqual({ status: 5, out: 'ENOENT\n' });
  });

  it('only prints with --dry-run', async () => {
    const run = stand.vhuscope(
      'run',
      '--dry-run',
      'qemu',
      '-chardev',
      'socket,id=c,path=/b',
      '-device',
      'vhost-user-fs-pci,chardev=c',
    );
    expect(await run.ended).toBe(0);
    expect(run.out().toString()).toBe(
      '# c (fs): front-end connects at /run/vhuscope/c.sock, back-end listens at /b; from -chardev socket,id=c,path=/b\n' +
        'qemu -chardev socket,id=c,path=/run/vhuscope/c.sock -device vhost-user-fs-pci,chardev=c\n',
    );
    expect(readdirSync(stand.folder)).toEqual([]);
  });

  it.each<[string[], number, RegExp]>([
    [['true'], 2, /no vhost-user socket in the command/],
    [
      ['qemu', '-chardev', 'pty,id=c', '-device', 'vhost-user-fs-pci,chardev=c'],
      2,
      /-chardev pty,id=c: vhost-user needs a socket/,
    ],
    [
      ['no-such-vm', '-chardev', 'socket,id=c,path=/b', '-device', 'vhost-user-fs-pci,chardev=c'],
      127,
      /no such command/,
    ],
    [['qemu', '-readconfig', 'none.cfg'], 1, /ENOENT.*none\.cfg/],
  ])('%j ends with %i', async (words, status, message) => {
    const run = stand.vhuscope('run', '-w', 'c', '--', ...words);
    expect({ status: await run.ended, err: run.err() }).toEqual({ status, err: expect.stringMatching(message) });
  });
});
