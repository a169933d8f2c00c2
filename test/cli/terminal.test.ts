import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { cutLine, surfaceOf } from '../../src/cli/terminal.ts';

const terminal = { isTTY: true, columns: 80 };

describe('surfaceOf', () => {
  it.each([
    ['a terminal', {}, terminal, { LANG: 'en_US.UTF-8' }, { colour: true, ascii: false, width: 80 }],
    ['a pipe', {}, {}, { LANG: 'en_US.UTF-8' }, { colour: false, ascii: false, width: undefined }],
    ['NO_COLOR', {}, terminal, { LANG: 'C.utf8', NO_COLOR: '1' }, { colour: false, ascii: false, width: 80 }],
    ['another locale', {}, terminal, { LANG: 'en_US.UTF-8', LC_ALL: 'C' }, { colour: true, ascii: true, width: 80 }],
    ['--color always', { color: 'always' }, {}, { LANG: 'C.UTF-8' }, { colour: true, ascii: false, width: undefined }],
    ['--ascii', { ascii: true }, terminal, { LANG: 'C.UTF-8' }, { colour: true, ascii: true, width: 80 }],
  ] as const)('%s', (_, options, stream, env, expected) => {
    expect(surfaceOf(options, stream, env)).toEqual(expected);
  });
});

describe('cutLine', () => {
  it.each([
    ['fits here', 9, 'fits here'],
    ['too long', 7, 'too lo…'],
    ['\x1b[1mbold\x1b[0m and more', 6, '\x1b[1mbold\x1b[0m …\x1b[0m'],
    ['🙂🙂🙂🙂', 3, '🙂🙂…'],
  ])('%j at %i', (line, width, expected) => {
    expect(cutLine(line, width, false)).toBe(expected);
  });
});

describe('what is shown where the locale has only ASCII', () => {
  it.each([
    [['diff', 'captures/fs.pcapng', 'captures/blk.pcapng'], ' -> '],
    [['report', 'captures/unshared-blk.pcapng'], 'F->B'],
    [['check', 'captures/unshared-blk.pcapng'], 'size=...,share=on'],
    [
      ['check', '--migration', 'captures/migration-net-source.pcapng', 'captures/migration-net-destination.pcapng'],
      'ok',
    ],
    [['explain', 'ring', 'num', '--in', 'captures/fs.pcapng'], ''],
    [['explain', 'SET_VRING_KICK', '--in', 'captures/fs.pcapng'], 'F->B'],
  ])('%j', async (args, words) => {
    const main = resolve(import.meta.dirname, '../../dist/cli/main.js');
    const shown = (LC_ALL: string) =>
      spawnSync(process.execPath, [main, ...args], {
        cwd: resolve(import.meta.dirname, '../..'),
        env: { ...process.env, LC_ALL },
        encoding: 'utf8',
      }).stdout;
    const ascii = shown('C');
    expect(ascii).toContain(words);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: all of ASCII
    expect(ascii).toMatch(/^[\x00-\x7f]*$/);
    if (words !== '' && words !== 'ok') expect(shown('C.UTF-8')).not.toContain(words);
  });
});
