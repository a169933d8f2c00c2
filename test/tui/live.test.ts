/** Stepping into a live session by keys: the built program in a terminal, real sockets, a second viewer beside it. */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Pty } from './pty.ts';

const program = resolve(import.meta.dirname, '../../dist/cli/main.js');
const enter = '\r';

let folder = '';
let pty: Pty;
const env = () => ({ XDG_RUNTIME_DIR: folder, TMPDIR: folder });

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'vhuscope-live-'));
  pty = new Pty(['demo', '-w', join(folder, 'demo.pcapng')], { env: env() });
  await pty.until(/live 1 connection/);
});
afterEach(async () => {
  pty.process.kill('SIGKILL');
  await pty.ended;
  pty.close();
  rmSync(folder, { recursive: true, force: true });
});

async function vhuscope(...args: string[]): Promise<string> {
  const run = await promisify(execFile)(process.execPath, [program, ...args], { env: { ...process.env, ...env() } });
  return run.stdout;
}

/** Quits, and reads what was recorded. */
async function recorded(...filter: string[]): Promise<string> {
  pty.type('q');
  expect((await pty.ended).status).toBe(0);
  return vhuscope('read', join(folder, 'demo.pcapng'), ...filter);
}

it('a message is held, changed in the form and let go', async () => {
  pty.type('B');
  await pty.until(/hold:/);
  pty.type('once SET_VRING_NUM');
  await pty.until(/hold: once SET_VRING_NUM/);
  pty.type(enter);
  await pty.until(/\w+ held, \d+ s left/);
  pty.type('0');
  await pty.until(/SET_VRING_NUM {2}goes on in \d+ s/);
  // Who comes with ctl sees the same.
  const [held] = JSON.parse(await vhuscope('ctl', 'holds', '--json'));
  expect(held).toMatchObject({ name: 'SET_VRING_NUM', rule: 'b1' });
  pty.type('e');
  await pty.until(/num +64 = 0x40/);
  pty.type('jjjjj');
  pty.type(enter);
  await pty.until(/num: 64/);
  pty.type('\x15' + '32');
  await pty.until(/num: 32/);
  pty.type(enter);
  await pty.until(/num +32 = 0x20/);
  pty.type('a');
  await pty.until(/\d+ goes on/);
  expect(JSON.parse(await vhuscope('ctl', 'holds', '--json'))).toEqual([]);
  pty.type(`1G\\altered${enter}2`);
  await pty.until(/held for .*sent on otherwise.*! num +64 +32/s);
  const said = await recorded('released or edited');
  expect(said).toMatch(new RegExp(`${held.n} goes on after \\d+ ms \\(released by .*\\(tui, pid \\d+\\)\\)`));
  expect(said).toMatch(/was changed/);
  const [altered] = (await vhuscope('read', join(folder, 'demo.pcapng'), '--json', 'altered')).trim().split('\n');
  expect(JSON.parse(altered ?? '')).toMatchObject({
    name: 'SET_VRING_NUM',
    altered: { received: '0800000001000000080000000000000040000000', sent: '0800000001000000080000000000000020000000' },
  });
});

it('one steps from message to message, and lets all go', async () => {
  pty.type('B');
  await pty.until(/hold:/);
  pty.type(`once SET_OWNER${enter}`);
  await pty.until(/\w+ held, /);
  pty.type('0s');
  await pty.until(/F→B GET_FEATURES {2}goes on/);
  await pty.until(/the front-end has waited for the reply to GET_FEATURES/);
  pty.type('s');
  await pty.until(/F←B GET_FEATURES {2}goes on/);
  pty.type('A');
  await pty.until(/nothing is held/);
  const said = await recorded('released');
  expect(said.match(/goes on after/g)).toHaveLength(3);
});

it('a message of our own is sent, and its reply kept', async () => {
  pty.type('i');
  await pty.until(/message:/);
  pty.type('GET_QUEUE_N');
  await pty.until(/F->B GET_QUEUE_NUM/);
  pty.type('\t');
  await pty.until(/message: F->B GET_QUEUE_NUM/);
  pty.type(enter);
  await pty.until(/a message of our own/);
  pty.type('jj ');
  await pty.until(/\[x\] keep the reply/);
  pty.type('a');
  await pty.until(/sent as \d+/);
  const said = await recorded('injected or dropped');
  expect(said).toMatch(/F→B GET_QUEUE_NUM/);
  expect(said).toMatch(/GET_QUEUE_NUM = 1 .*not sent on/);
});
