import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { capture, vhuscope } from './captured.ts';

const folder = mkdtempSync(join(tmpdir(), 'vhuscope-check-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('vhuscope check', () => {
  it('leaves out what a baseline knows', async () => {
    const baseline = join(folder, 'known.json');
    const written = await vhuscope('check', capture('unshared-blk'), '--write-baseline', baseline);
    expect({ code: written.code, stderr: written.stderr }).toEqual({
      code: 0,
      stderr: `vhuscope: 1 finding in ${baseline} are known from now on\n`,
    });
    const again = await vhuscope('check', capture('unshared-blk'), '--baseline', baseline, '--json');
    expect(again).toMatchObject({ code: 0, stderr: 'vhuscope: 1 known finding left out\n' });
    expect(JSON.parse(again.stdout).findings).toEqual([]);
    const other = await vhuscope('check', capture('blk'), '--baseline', baseline);
    expect(other.stderr).toBe('vhuscope: 1 known finding did not occur any more\n');
  });

  it('follows a capture while it grows, and says at the end what it was', async () => {
    const path = join(folder, 'growing.pcapng');
    const bytes = readFileSync(capture('unshared-blk'));
    writeFileSync(path, bytes.subarray(0, 2000));
    const main = resolve(import.meta.dirname, '../../dist/cli/main.js');
    const child = spawn(process.execPath, [main, 'check', '--live', path], { stdio: ['ignore', 'pipe', 'pipe'] });
    let out = '';
    const seen = (words: string) =>
      new Promise<void>(done => {
        const look = () => {
          if (out.includes(words)) done();
        };
        child.stdout.on('data', look);
        look();
      });
    child.stdout.on('data', data => {
      out += data;
    });
    appendFileSync(path, bytes.subarray(2000));
    await seen('error MEM-13');
    child.kill('SIGINT');
    const [status] = await once(child, 'exit');
    expect(status).toBe(1);
    expect(out.trimEnd().split('\n').at(-1)).toBe(
      `${path}: 26 messages on 1 connection: guest memory is not shared with the back-end, 1 error`,
    );
    expect(out.match(/MEM-13/g)).toHaveLength(1);
  });

  it('says what it watches while nothing comes, and in --json what it found as data', async () => {
    const path = join(folder, 'silent.pcapng');
    writeFileSync(path, '');
    const main = resolve(import.meta.dirname, '../../dist/cli/main.js');
    const child = spawn(process.execPath, [main, 'check', '--live', '--json', path], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const said = { stdout: '', stderr: '' };
    const seen = (stream: 'stdout' | 'stderr', words: string) =>
      new Promise<void>(done => {
        child[stream].on('data', data => {
          said[stream] += data;
          if (said[stream].includes(words)) done();
        });
      });
    const watching = seen('stderr', '\n');
    const found = seen('stdout', '"verdict"');
    await watching;
    expect(said).toEqual({ stdout: '', stderr: `vhuscope: watching ${path}; Ctrl-C for the verdict\n` });
    appendFileSync(path, readFileSync(capture('unshared-blk')));
    await found;
    child.kill('SIGTERM');
    const [status] = await once(child, 'close');
    expect(status).toBe(1);
    const objects = said.stdout
      .trimEnd()
      .split('\n')
      .map(line => JSON.parse(line));
    expect(objects.filter(one => one.finding).map(one => one.finding.rule)).toContain('MEM-13');
    expect(objects.filter(one => one.verdict).map(one => one.verdict.title)).toEqual([
      'guest memory is not shared with the back-end',
    ]);
    const whole = await vhuscope('check', '--json', capture('unshared-blk'));
    expect({ ...objects.at(-1), file: capture('unshared-blk') }).toEqual(JSON.parse(whole.stdout));
  });

  it('holds both sides of a migration against each other', async () => {
    const sides = [capture('migration-net-source'), capture('migration-net-destination')];
    const { code, stdout } = await vhuscope('check', '--migration', ...sides);
    expect(code).toBe(0);
    expect(stdout).toContain('ok   rings                 ring 0 goes on at 6, ring 1 goes on at 12\n');
    const json = await vhuscope('diff', '--migration', '--json', ...sides);
    expect(JSON.parse(json.stdout).devices[0].brownOutNs).toBeGreaterThan(0);
    expect((await vhuscope('check', '--migration', sides[0] as string, capture('fs'))).code).toBe(1);
  });

  it.each([
    [[capture('fs'), '--baseline', '/nonexistent'], 1, 'cannot read the baseline'],
    [[capture('fs'), '--baseline', capture('fs')], 1, 'is no baseline of vhuscope'],
    [['--live', capture('fs'), capture('fs')], 2, '--live takes one capture'],
    [[capture('fs'), '--probe', 'split-header'], 2, '--probe and --patience go with --back-end'],
    [['--live', '/no/such.pcapng'], 1, 'vhuscope: cannot read /no/such.pcapng: there is no such file'],
    [['--live', 'no-such-engine'], 1, 'no engine named no-such-engine'],
    [['--migration', capture('fs')], 2, '--migration takes two captures'],
  ])('says what is wrong with %j', async (args, status, words) => {
    const { code, stderr } = await vhuscope('check', ...args);
    expect({ code, stderr }).toEqual({ code: status, stderr: expect.stringContaining(words) });
  });
});

describe('vhuscope explain --in', () => {
  it.each([
    [['SET_MEM_TABLE', '--in', capture('net')], /in this capture:\n +37 .*SET_MEM_TABLE need_reply/],
    [['MEM-13', '--in', capture('unshared-blk')], /in this capture:\n +found: ring 0 is set up .*\(record \d+\)\n/],
    [['MEM-13', '--in', capture('blk')], /not in this capture\n/],
    [['memory-not-shared', '--in', capture('unshared-net')], /diagnosed: guest memory is not shared/],
    [
      ['Failed to read msg header. Read 0 instead of 12. Original request 11.', '--in', capture('reconnect')],
      /diagnosed: a peer died: .*SET_VRING_ENABLE/,
    ],
    [['REPLY_ACK', '--in', capture('fs')], /in this capture:\n +7 .*GET_PROTOCOL_FEATURES/],
  ])('%j', async (args, says) => {
    const { code, stdout } = await vhuscope('explain', ...args);
    expect(code).toBe(0);
    expect(stdout).toMatch(says);
  });

  it('also as JSON', async () => {
    const { stdout } = await vhuscope('explain', 'GET_VRING_BASE', '--in', capture('fs'), '--json');
    expect(JSON.parse(stdout).in_capture).toMatchObject({ count: 4 });
  });
});
