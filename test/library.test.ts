import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';

const root = resolve(import.meta.dirname, '..');

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vhuscope-'));
  mkdirSync(join(folder, 'node_modules'));
  symlinkSync(root, join(folder, 'node_modules/vhuscope'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** A program of somebody who has installed vhuscope. */
function run(program: string): string {
  writeFileSync(join(folder, 'program.mjs'), program);
  return execFileSync(process.execPath, ['program.mjs'], { cwd: folder, encoding: 'utf8' });
}

it('decodes and encodes as a library', () => {
  const text = run(`
    import { decodeMessage, encodeMessage } from 'vhuscope/decode';
    const bytes = encodeMessage({ channel: 'main', name: 'SET_VRING_NUM', payload: { index: 1, num: 256 } });
    const message = decodeMessage(bytes, { channel: 'main', dir: 'front-to-back', context: {} });
    console.log(message.name, JSON.stringify(message.payload));
  `);
  expect(text).toBe('SET_VRING_NUM {"index":1,"num":256}\n');
});

it('compares two captures as a library', () => {
  const captures = JSON.stringify(['fs', 'rust-virtiofsd'].map(name => join(root, `captures/${name}.pcapng`)));
  const text = run(`
    import { accountOf, compare } from 'vhuscope';
    const [a, b] = ${captures}.map(path => accountOf(path).connections[0]);
    console.log(compare(a, a).same, compare(a, b).same);
  `);
  expect(text).toBe('true false\n');
});

it('complains about a missing capture as a library', () => {
  const text = run(`
    import { CaptureError, readCapture } from 'vhuscope';
    try { [...readCapture('none.pcapng')]; } catch (error) { console.log(error instanceof CaptureError, error.message); }
  `);
  expect(text).toMatch(/^true cannot read none\.pcapng: /);
});

it('has types a strict program compiles against', () => {
  writeFileSync(
    join(folder, 'program.mts'),
    `import { type Message, decodeMessage } from 'vhuscope/decode';
     import { Trace } from 'vhuscope';
     export const message: Message = decodeMessage(new Uint8Array(12), { channel: 'main', dir: undefined, context: {} });
     export const open: (path: string) => Trace = Trace.open;`,
  );
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  const options = [
    '--noEmit',
    '--strict',
    '--module',
    'nodenext',
    '--target',
    'es2023',
    '--types',
    'node',
    '--typeRoots',
    join(root, 'node_modules/@types'),
  ];
  expect(execFileSync(process.execPath, [tsc, ...options, 'program.mts'], { cwd: folder, encoding: 'utf8' })).toBe('');
});
