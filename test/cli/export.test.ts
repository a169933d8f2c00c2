/** `vhuscope export`, the built program. */
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, describe, expect, it } from 'vitest';
import { readCapture } from '../../src/capture/reader.ts';

const root = resolve(import.meta.dirname, '../..');
const main = join(root, 'dist/cli/main.js');
const capture = join(root, 'captures/fs.pcapng');
const env = { ...process.env, LC_ALL: 'C.UTF-8' };
const folder = mkdtempSync(join(tmpdir(), 'vhuscope-export-'));
afterAll(() => rmSync(folder, { recursive: true }));

async function vhuscope(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  try {
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [main, ...args], { env });
    return { code: 0, stdout, stderr };
  } catch (error) {
    return error as { code: number; stdout: string; stderr: string };
  }
}

describe('vhuscope export', () => {
  it('writes what a filter lets through into a smaller capture, record by record the same', async () => {
    const path = join(folder, 'part.pcapng');
    expect(await vhuscope('export', capture, 'GET_VRING_BASE', '-o', path)).toMatchObject({
      code: 0,
      stdout: '',
      stderr: `vhuscope: 4 records in ${path}\n`,
    });
    const whole = [...readCapture(capture)].filter(({ n }) => n >= 44 && n <= 47);
    expect([...readCapture(path)]).toEqual(whole);
  });

  it.each([
    ['.txt', []],
    ['.json', ['--json']],
    ['.hex', ['--raw']],
  ])('%s is what read prints', async (ending, flags) => {
    const path = join(folder, `all${ending}`);
    expect((await vhuscope('export', capture, '-o', path)).code).toBe(0);
    const { stdout } = await vhuscope('read', capture, ...flags);
    expect(stdout.length).toBeGreaterThan(1000);
    expect(readFileSync(path, 'utf8')).toBe(stdout);
  });

  it('makes a table', async () => {
    const path = join(folder, 'all.csv');
    await vhuscope('export', capture, 'GET_FEATURES', '-o', path);
    const [names, first] = readFileSync(path, 'utf8').split('\n');
    expect(names).toMatch(/^n,t,pair,session,epoch,channel,dir,type,name,size/);
    expect(first).toMatch(/^4,0\.025806/);
  });

  it('writes over nothing, and says what it cannot do', async () => {
    const path = join(folder, 'mine.pcapng');
    writeFileSync(path, 'mine');
    expect(await vhuscope('export', capture, '-o', path)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('there already'),
    });
    expect(readFileSync(path, 'utf8')).toBe('mine');
    const unknown = await vhuscope('export', capture, '-o', join(folder, 'all.doc'));
    expect(unknown).toMatchObject({ code: 2, stderr: expect.stringContaining('.pcapng, .txt, .json, .csv, .hex') });
    expect(await vhuscope('export', capture, 'no.such == 1', '-o', join(folder, 'x.txt'))).toMatchObject({ code: 2 });
    expect(existsSync(join(folder, 'x.txt'))).toBe(false);
    expect(await vhuscope('export', capture)).toMatchObject({ code: 2, stderr: expect.stringContaining('-o') });
  });
});
