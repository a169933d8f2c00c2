import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, describe, expect, it } from 'vitest';
import { writeCapture } from '../capture/frames.ts';
import { capture } from './captured.ts';
import { conversation } from './conversation.ts';

const main = resolve(import.meta.dirname, '../../dist/cli/main.js');
const run = promisify(execFile);
const folder = mkdtempSync(join(tmpdir(), 'vhuscope-read-'));
afterAll(() => rmSync(folder, { recursive: true }));
const env = { ...process.env, LC_ALL: 'C.UTF-8' };

const whole = join(folder, 'whole.pcapng');
writeCapture(whole, conversation).close();

/** A copy of the capture without its last bytes. */
function torn(name: string): string {
  const path = join(folder, name);
  writeFileSync(path, readFileSync(whole));
  truncateSync(path, statSync(path).size - 70);
  return path;
}

async function read(...args: string[]) {
  try {
    return { code: 0, ...(await run(process.execPath, [main, 'read', ...args], { env })) };
  } catch (error) {
    return error as { code: number; stdout: string; stderr: string };
  }
}

const lines = [
  '     1    0.000000  ─── connected, session 1.1: front-end qemu-system-x86 (pid 4711), back-end virtio\\x1bfsd (pid 4712)',
  '     2    0.001000  F→B GET_FEATURES',
  '     3    0.002000  F←B └ GET_FEATURES = NOTIFY_ON_EMPTY|LOG_ALL|RING_INDIRECT_DESC|RING_EVENT_IDX|PROTOCOL_FEATURES|VERSION_1  # 990 µs',
  '     4    0.003000  F→B SET_PROTOCOL_FEATURES MQ|LOG_SHMFD|REPLY_ACK|BACKEND_REQ|BACKEND_SEND_FD|HOST_NOTIFIER|CONFIGURE_MEM_SLOTS',
  '     5    0.004000  F→B ADD_MEM_REG need_reply region={guest_address=0x0 size=0x10000000 user_address=0x7fcf33fff000} fd=memfd#2:256M',
  '     6    0.005000  F←B └ ADD_MEM_REG = ok  # 990 µs',
  '     7    0.006000  F→B SET_VRING_CALL index=0 fd=eventfd#3',
  '     8    0.007000  F→B SET_VRING_CALL index=1 fd=eventfd#4',
  '     9    0.008000  F→B SET_VRING_NUM index=1 +4000 !length=6  # num needs 4 bytes, 2 left',
  '    10    0.009000  ─── the front-end closed the connection',
];

describe('vhuscope read', () => {
  it('prints a line for each record', async () => {
    const { stdout, stderr, code } = await read(whole);
    expect(stdout.split('\n')).toEqual([...lines, '']);
    expect({ stderr, code }).toEqual({ stderr: '', code: 0 });
  });

  it('prints records as JSON, with their bytes on demand', async () => {
    const { stdout } = await read(whole, '--json', '--raw');
    const records = stdout
      .trim()
      .split('\n')
      .map(line => JSON.parse(line));
    expect(records[2]).toEqual({
      n: 3,
      capture: '0x63',
      pair: 'fs',
      device: 'fs',
      time: '2025-11-22T08:26:40.002000000Z',
      t: 0.002,
      received_ns: 5_002_000_000,
      sent_ns: 5_002_010_000,
      session: 1,
      epoch: 1,
      channel: 'main',
      dir: 'back-to-front',
      type: 'reply',
      id: 1,
      name: 'GET_FEATURES',
      flags: { version: 1, reply: true, need_reply: false },
      payload: {
        features: {
          value: '0x175000000',
          names: [
            'NOTIFY_ON_EMPTY',
            'LOG_ALL',
            'RING_INDIRECT_DESC',
            'RING_EVENT_IDX',
            'PROTOCOL_FEATURES',
            'VERSION_1',
          ],
        },
      },
      size: 8,
      offset: 0,
      fds: [],
      phase: 'negotiation',
      answers: 2,
      latency_ns: 990_000,
      raw: '0100000005000000080000000000007501000000',
    });
    expect(records[0]).toMatchObject({ type: 'event', name: 'connected', payload: { front_end: { pid: 4711 } } });
    expect(records[8]).toMatchObject({
      payload: { index: 1 },
      rest: '4000',
      problems: [{ path: 'num', offset: 16, message: 'needs 4 bytes, 2 left' }],
    });
  });

  it('prints bytes alone', async () => {
    const { stdout } = await read(whole, '--raw', '-c', '2');
    expect(stdout).toBe('010000000100000000000000\n');
  });

  it.each<[string[], string[]]>([
    [['SET_VRING_CALL and vring.index == 1'], [lines[7] as string]],
    [['vring.index', '==', '1', 'and', 'fds', '>', '0'], [lines[7] as string]],
    [['problem'], [lines[8] as string]],
    [['connected or closed'], [lines[0] as string, lines[9] as string]],
    [['-c', '1', 'reply'], [lines[2] as string]],
    [['--epoch', '2'], []],
  ])('prints what a filter lets through: %j', async (args, expected) => {
    const { stdout, code } = await read(whole, ...args);
    expect(stdout.split('\n')).toEqual([...expected, '']);
    expect(code).toBe(0);
  });

  it('points at what is wrong in a filter', async () => {
    expect(await read(whole, 'reply and vring.indx == 0')).toMatchObject({
      code: 2,
      stdout: '',
      stderr: [
        'vhuscope: read: in the filter: there is no field vring.indx (did you mean vring.index?)',
        '  reply and vring.indx == 0',
        '            ^\n',
      ].join('\n'),
    });
  });

  it('prints fields in columns', async () => {
    const { stdout } = await read(whole, 'fds > 0', '--fields', 'n,t,name,fd.kind,fd.size,mem.user_addr');
    expect(stdout.split('\n')).toEqual([
      '5\t0.004000000\tADD_MEM_REG\tmemfd\t268435456\t0x7fcf33fff000',
      '7\t0.006000000\tSET_VRING_CALL\teventfd\t\t',
      '8\t0.007000000\tSET_VRING_CALL\teventfd\t\t',
      '',
    ]);
    const csv = await read(whole, 'problem', '--fields', 'n,name,problems', '--csv');
    expect(csv.stdout).toBe('n,name,problems\n9,SET_VRING_NUM,1\n');
    expect(await read(whole, '--fields', 'nam')).toMatchObject({
      code: 2,
      stderr: 'vhuscope: read: there is no field nam (did you mean name?)\n',
    });
  });

  it('prints every field and every byte below a line', async () => {
    const { stdout } = await read(whole, '-v', '-x', 'problem');
    expect(stdout.split('\n').slice(0, 1)).toEqual([lines[8]]);
    expect(stdout).toMatch(/^ +@000c {4}index: 1 .*# ring$/m);
    expect(stdout).toMatch(/!! needs 4 bytes, 2 left$/m);
    expect(stdout).toMatch(/^ +00010 {4}40 00 +\|@\.\|$/m);
  });

  it('tells the phase of a message, and the functions of QEMU that send it', async () => {
    const { stdout } = await read(
      capture('fs'),
      '--fields',
      'n,phase,path',
      'phase == stop and GET_VRING_BASE',
      '-c',
      '1',
    );
    const path = 'vuf_set_status,vuf_stop,vhost_dev_stop,do_vhost_virtqueue_stop,vhost_user_get_vring_base';
    const [n = ''] = stdout.split('\t');
    expect(stdout).toBe(`${n}\tstop\t${path}\n`);
    const verbose = await read(capture('fs'), '-v', `n == ${n}`);
    expect(verbose.stdout).toContain(`phase stop, sent by ${path.replaceAll(',', ' > ')}\n`);
    const json = await read(capture('fs'), '--json', `n == ${Number(n) + 1}`);
    expect(JSON.parse(json.stdout)).toMatchObject({ phase: 'stop' });
  });

  it('says of requests which reply answers them', async () => {
    const text = await read(whole, '--joined', 'GET_FEATURES');
    expect(text.stdout.split('\n')).toEqual([`${lines[1]}  # answered by 3, 990 µs`, lines[2], '']);
    const json = await read(whole, '--joined', '--json', 'n == 2');
    expect(JSON.parse(json.stdout)).toMatchObject({ answered_by: 3, latency_ns: 990_000 });
  });

  it.each([
    [['--json', '--fields', 'n'], 'read: --json and --fields do not go together'],
    [['--csv'], 'read: --csv needs --fields'],
    [['--follow', '--joined'], 'read: --joined looks ahead, --follow cannot'],
  ])('refuses %j', async (args, message) => {
    expect(await read(whole, ...args)).toMatchObject({ code: 2, stdout: '', stderr: `vhuscope: ${message}\n` });
  });

  it('prints what is whole of a torn capture, then says where it was cut', async () => {
    const path = torn('torn.pcapng');
    const { stdout, stderr, code } = await read(path);
    expect(stdout.split('\n')).toEqual([...lines.slice(0, -1), '']);
    expect(stderr).toMatch(/^vhuscope: .*torn\.pcapng: cut here: the last \d+ bytes, from offset \d+ on, .*--repair/);
    expect(code).toBe(1);
  });

  it('repairs a torn capture', async () => {
    const path = torn('repaired.pcapng');
    const first = await read('--repair', path, '-c', '1');
    expect(first.stderr).toMatch(/cut back to \d+ bytes, \d+ bytes of a torn block are gone/);
    expect(await read(path)).toMatchObject({ code: 0, stderr: '' });
  });

  it.each([
    ['missing.pcapng', undefined, /^vhuscope: cannot read .*missing\.pcapng: there is no such file\n$/],
    ['empty.pcapng', '', /^vhuscope: .*empty\.pcapng is empty: nothing was recorded\n$/],
    ['text.pcapng', 'hello, world', /^vhuscope: .*text\.pcapng is not a pcapng capture\n$/],
    ['old.pcap', '\xd4\xc3\xb2\xa1aaaaaaaa', /it is a classic pcap file/],
  ])('says what is wrong with %s', async (name, content, expected) => {
    const path = join(folder, name);
    if (content !== undefined) writeFileSync(path, content, 'latin1');
    const { stdout, stderr, code } = await read(path);
    expect({ stdout, code }).toEqual({ stdout: '', code: 1 });
    expect(stderr).toMatch(expected);
  });

  it('follows a capture while it grows', async () => {
    const path = join(folder, 'growing.pcapng');
    const bytes = readFileSync(whole);
    const half = bytes.length >> 1;
    writeFileSync(path, bytes.subarray(0, half));
    const child = spawn(process.execPath, [main, 'read', '--follow', path, '-c', '10'], { env });
    let seen = '';
    child.stdout.on('data', data => {
      if (seen === '') appendFileSync(path, bytes.subarray(half));
      seen += data;
    });
    const [code] = await once(child, 'close');
    expect(seen.split('\n')).toEqual([...lines, '']);
    expect(code).toBe(0);
  });

  it('ends quietly when its reader goes away', async () => {
    const big = join(folder, 'big.pcapng');
    const many = Array.from({ length: 4000 }, () => conversation).flat();
    writeCapture(big, many).close();
    const child = spawn(process.execPath, [main, 'read', big], { env });
    let errors = '';
    child.stderr.on('data', data => {
      errors += data;
    });
    await once(child.stdout, 'data');
    child.stdout.destroy();
    const [code] = await once(child, 'close');
    expect({ code, errors }).toEqual({ code: 0, errors: '' });
  });
});
