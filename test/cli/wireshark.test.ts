import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const root = resolve(import.meta.dirname, '../..');
const shipped = readFileSync(join(root, 'docs/wireshark/vhuscope.lua'), 'utf8');

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'vhuscope-'));
});
afterEach(() => rmSync(home, { recursive: true }));

/** Runs `vhuscope wireshark` for a user with that home; `tshark` is the text of a script of that name. */
function wireshark(args: readonly string[], tshark?: string) {
  const bin = join(home, 'bin');
  mkdirSync(bin, { recursive: true });
  if (tshark !== undefined) writeFileSync(join(bin, 'tshark'), `#!/bin/sh\n${tshark}\n`, { mode: 0o755 });
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [join(root, 'dist/cli/main.js'), 'wireshark', ...args],
    {
      encoding: 'utf8',
      env: { HOME: home, PATH: bin },
    },
  );
  return { status, stdout: stdout.trimEnd(), stderr: stderr.trimEnd() };
}

describe('vhuscope wireshark', () => {
  it('installs the dissectors where Wireshark looks, and says so', () => {
    const target = join(home, '.local/lib/wireshark/plugins/vhuscope.lua');
    expect(wireshark(['path'])).toEqual({ status: 0, stdout: target, stderr: '' });
    const written = `wrote ${target}; Wireshark loads it when it starts`;
    expect(wireshark(['install'])).toEqual({ status: 0, stdout: written, stderr: '' });
    expect(readFileSync(target, 'utf8')).toBe(shipped);
    expect(wireshark(['install']).stdout).toBe(`${target} is up to date`);
    writeFileSync(target, 'an older version');
    expect(wireshark(['install']).stdout).toBe(`replaced ${target}; Wireshark loads it when it starts`);
    expect(readFileSync(target, 'utf8')).toBe(shipped);
  });

  it.each([
    ['where tshark says', 'printf "Temp:\\t/tmp\\nPersonal Lua Plugins: \\t/some where/lua\\n"', '/some where/lua'],
    ['in the usual folder where tshark does not say', 'echo nothing', '.local/lib/wireshark/plugins'],
    ['in the usual folder where tshark fails', 'exit 1', '.local/lib/wireshark/plugins'],
  ])('puts them %s', (_, tshark, folder) => {
    expect(wireshark(['path'], tshark).stdout).toBe(join(resolve(home, folder), 'vhuscope.lua'));
  });

  it('takes another folder', () => {
    expect(wireshark(['install', '--folder', join(home, 'a/b')]).stdout).toContain(`wrote ${home}/a/b/vhuscope.lua`);
  });

  it('says what keeps it from writing', () => {
    writeFileSync(join(home, 'file'), '');
    const { status, stderr } = wireshark(['install', '--folder', join(home, 'file')]);
    expect(status).toBe(1);
    expect(stderr).toContain(`the dissectors cannot be written to ${home}/file/vhuscope.lua: `);
    expect(stderr).toContain('try --folder');
  });

  it('knows no other action', () => {
    expect(wireshark(['remove'])).toMatchObject({ status: 2, stderr: expect.stringContaining("there is no 'remove'") });
  });
});
