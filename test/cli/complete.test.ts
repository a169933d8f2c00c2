import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Command } from '../../src/cli/command.ts';
import { completionsOf } from '../../src/cli/complete.ts';

const main = resolve(import.meta.dirname, '../../dist/cli/main.js');
const run = promisify(execFile);

const definition: Command = {
  name: 'read',
  summary: 'print a capture',
  about: 'Prints a capture.',
  arguments: [{ name: '<file>', meaning: 'a capture', completes: 'file' }],
  options: [
    { flags: '--colour <when>', meaning: 'when', choices: ['always', 'never'] },
    { flags: '-j, --json', meaning: 'as JSON' },
  ],
  examples: [],
  run: async () => 0,
};

describe('completion', () => {
  afterEach(() => void vi.restoreAllMocks());

  it.each<[string[], string[]]>([
    [['re'], ['read\tprint a capture', ':4']],
    [
      ['read', '--c'],
      ['--colour\twhen', ':4'],
    ],
    [
      ['read', '--colour', ''],
      ['always\t', 'never\t', ':4'],
    ],
    [
      ['read', '-'],
      ['-j\tas JSON', ':4'],
    ],
    [['read', ''], [':0']],
  ])('of %j offers %j', (words, offers) => {
    const lines: string[] = [];
    vi.spyOn(console, 'log').mockImplementation(line => void lines.push(line));
    completionsOf([definition], words).parse(words);
    expect(lines).toEqual(offers);
  });

  it.each<[string[], string[]]>([
    [['read', 'vm.pcapng', 'vring.ind'], ['vring.index']],
    [['read', '--json', 'a.pcapng', 'b.pcapng', 'not', 'SET_VRING_KI'], ['SET_VRING_KICK']],
    [['read', 'vm.pcapng', 'vring.index', 'ha'], ['has']],
    [['read', 'vm.pcapng', 'chan'], ['channel']],
    [['read', 'vm.pcapng', 'fd.kind==ev'], ['fd.kind==eventfd']],
    [['read', 'vm.pcapng', 'fd.kind', '==', 'ev'], ['eventfd']],
    // The first word is a file.
    [['read', 'vring.ind'], []],
  ])('of %j offers words of the filter language: %j', async (words, expected) => {
    const { stdout } = await run(process.execPath, [main, 'complete', '--', ...words]);
    const lines = stdout.trimEnd().split('\n');
    expect(lines.slice(0, -1).map(line => line.split('\t')[0])).toEqual(expected);
  });

  it('prints a script for bash that needs nothing else, and answers what it asks', async () => {
    const { stdout: script } = await run(process.execPath, [main, 'complete', 'bash']);
    const ask = 'compopt() { :; }; COMP_WORDS=(vhuscope comp) COMP_CWORD=1; __vhuscope_complete; echo $COMPREPLY';
    const call = `vhuscope() { '${process.execPath}' '${main}' "$@"; }\n${script}\n${ask}`;
    expect((await run('bash', ['--norc', '-c', call])).stdout).toBe('complete\n');
    expect((await run(process.execPath, [main, 'complete', '--', 'compl'])).stdout).toMatch(/^complete\t.*\n:4\n$/);
  });
});
