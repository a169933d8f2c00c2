import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';

const root = resolve(import.meta.dirname, '../..');
const main = resolve(root, 'dist/cli/main.js');
const run = promisify(execFile);

/** Exit status and output of the built program. */
async function vhuscope(...args: string[]) {
  try {
    return { code: 0, ...(await run(process.execPath, [main, ...args])) };
  } catch (error) {
    return error as { code: number; stdout: string; stderr: string };
  }
}

describe('vhuscope', () => {
  it('prints the version of the package', async () => {
    const { version } = JSON.parse(readFileSync(resolve(root, 'package.json'), 'utf8'));
    expect(await vhuscope('--version')).toMatchObject({ code: 0, stdout: `${version}\n`, stderr: '' });
  });

  it.each([
    [['complet'], "vhuscope: unknown command 'complet'\n(Did you mean complete?)\n"],
    [['complete', 'csh'], "vhuscope: complete: expected one of bash, zsh, fish, not 'csh'\n"],
  ])('%j ends with status 2 and a line on stderr', async (args, stderr) => {
    expect(await vhuscope(...args)).toMatchObject({ code: 2, stdout: '', stderr });
  });

  it('lists the commands on stderr and ends with status 2 when none is named', async () => {
    const { code, stdout, stderr } = await vhuscope();
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/^Usage: vhuscope COMMAND/);
  });

  it('ends quietly when nobody reads its output', async () => {
    const child = spawn(process.execPath, [main, 'complete', 'bash'], { stdio: ['ignore', 'pipe', 'pipe'] });
    let stderr = '';
    child.stderr.on('data', chunk => {
      stderr += chunk;
    });
    child.stdout.destroy();
    const [code] = await once(child, 'close');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });
});
