import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { on, once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as after } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import { readCapture } from '../../src/capture/reader.ts';
import { repair } from '../../src/capture/repair.ts';

const folder = mkdtempSync(join(tmpdir(), 'vhuscope-killed-'));
afterAll(() => rmSync(folder, { recursive: true }));
const recorder = resolve(import.meta.dirname, 'recording-child.mjs');

/** The lines a recorder prints until it ends. */
async function linesOf(child: ChildProcess): Promise<string[]> {
  let text = '';
  child.stdout?.setEncoding('utf8').on('data', chunk => {
    text += chunk;
  });
  await once(child, 'close');
  return text.split('\n').slice(0, -1);
}

const numbersIn = (path: string): number[] => [...readCapture(path)].map(({ n }) => n);

describe('a recorder that is killed', () => {
  const rounds = Array.from(
    { length: 12 },
    (_, round) => [round, 1 + ((round * 7919) % 300), (round * 13) % 40] as const,
  );

  it.each(rounds)(
    'leaves a readable file with all that was written (%i: every %i records, after %i ms)',
    async (round, every, ms) => {
      const path = join(folder, `${round}.pcapng`);
      const child = spawn(process.execPath, [recorder, path, String(every)], { stdio: ['ignore', 'pipe', 'inherit'] });
      const lines = linesOf(child);
      await once(child.stdout as NodeJS.ReadableStream, 'data');
      await after(ms);
      child.kill('SIGKILL');
      const written = Number.parseInt((await lines).at(-1) as string, 10);

      const numbers = numbersIn(path);
      expect(numbers.length).toBeGreaterThanOrEqual(written);
      expect(numbers.findIndex((n, i) => n !== i + 1)).toBe(-1);
      repair(path);
      expect(repair(path).cut).toBe(0);
      expect(numbersIn(path)).toHaveLength(numbers.length);
      rmSync(path);
    },
  );
});

describe('a recorder whose disk is full', () => {
  it('leaves whole blocks only, says why, and goes on', async () => {
    const path = join(folder, 'full.pcapng');
    // A limit on the file's size gives a partial write and then an error, as a full disk does.
    const script = `trap '' XFSZ; ulimit -f 50; exec "$0" "$@"`;
    const child = spawn('bash', ['-c', script, process.execPath, recorder, path, '40'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const lines = linesOf(child);
    for await (const [chunk] of on(child.stdout as NodeJS.ReadableStream, 'data'))
      if (chunk.includes('size limit')) break;
    child.kill('SIGKILL');
    expect((await lines).at(-1)).toMatch(/^\d+ cannot write .*full\.pcapng: the file has reached its size limit$/);
    expect(repair(path).cut).toBe(0);
    const numbers = numbersIn(path);
    expect(numbers.length).toBeGreaterThan(100);
    expect(numbers.findIndex((n, i) => n !== i + 1)).toBe(-1);
  });
});
