import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readCapture } from '../../src/capture/reader.ts';
import { decodeFrame } from '../../src/decode/message.ts';
import { examine } from '../../src/trace/examination.ts';

const main = new URL('../../dist/cli/main.js', import.meta.url).pathname;
const folder = mkdtempSync(join(tmpdir(), 'vhuscope-demo-test-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Runs the demo with a temporary folder of its own. */
function demo(...args: string[]): string {
  return execFileSync(process.execPath, [main, 'demo', ...args], {
    encoding: 'utf8',
    cwd: folder,
    env: { ...process.env, TMPDIR: folder, NO_COLOR: '1' },
  });
}

describe('vhuscope demo', () => {
  it('shows a whole session, with a reconnect, and keeps the capture where it was told to', () => {
    const output = demo('-w', 'kept.pcapng');
    const path = join(folder, 'kept.pcapng');
    expect(output).toContain(path);
    const frames = [...readCapture(path)];
    const names = frames.filter(({ kind }) => kind === 'message').map(frame => decodeFrame(frame).name);
    for (const name of new Set(names)) expect(output).toContain(name);
    expect(names.filter(name => name === 'SET_OWNER')).toHaveLength(2);
    expect(names).toContain('BACKEND_CONFIG_CHANGE_MSG');
    expect(new Set(frames.map(({ epoch }) => epoch).filter(epoch => epoch > 0))).toEqual(new Set([1, 2]));
    expect(frames.flatMap(frame => (frame.kind === 'message' ? decodeFrame(frame).problems : []))).toEqual([]);
    // Both sides are one process, which has outlived the first connection: what became of it is told at the second.
    const events = frames.filter(({ kind }) => kind === 'event');
    const told = events.map(({ epoch, bytes }) => ({ epoch, ...JSON.parse(Buffer.from(bytes).toString()) }));
    expect(told.filter(({ event }) => event === 'peer-exit').map(({ epoch, side }) => `${epoch} ${side}`)).toEqual([
      '2 front-end',
      '2 back-end',
    ]);
    expect(told.filter(({ event, epoch }) => event === 'peer' && epoch === 0)).toEqual([]);
    expect(told.at(-1)).toMatchObject({ event: 'stopped' });
    const { findings, verdicts } = examine(path);
    expect([findings, verdicts]).toEqual([[], []]);
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it('leaves nothing behind but a capture that only its owner can read', () => {
    const output = demo();
    const path = /the capture is +(\S+)/.exec(output)?.[1] ?? '';
    expect(existsSync(path)).toBe(true);
    const home = join(path, '..');
    expect(statSync(home).mode & 0o777).toBe(0o700);
    expect(readdirSync(home)).toEqual(['demo.pcapng']);
  });
});
