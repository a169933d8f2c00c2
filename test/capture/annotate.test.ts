/** Notes behind the last record of a finished capture. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, chmodSync, copyFileSync, mkdtempSync, readFileSync, rmSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { CaptureFile } from '../../src/capture/capture-file.ts';
import { interfaceDescription, sectionHeader } from '../../src/capture/pcapng/build.ts';
import { readCapture } from '../../src/capture/reader.ts';
import { eventSentence } from '../../src/decode/text/event.ts';

const original = resolve(import.meta.dirname, '../../captures/fs.pcapng');
let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vhuscope-note-'));
  path = join(folder, 'fs.pcapng');
  copyFileSync(original, path);
  chmodSync(path, 0o600);
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Writes a note about the record of a row. */
function noted(row: number, text: string): number {
  const file = new CaptureFile(path);
  try {
    while (file.advance());
    return file.note(file.frame(row), { text, author: 'somebody', of: file.frame(row).n });
  } finally {
    file.close();
  }
}

it('stands behind what was there, which stays as it was', () => {
  const before = readFileSync(path);
  expect(noted(27, 'no memory “here”?')).toBe(55);
  expect(noted(27, 'indeed')).toBe(56);
  const after = readFileSync(path);
  expect(after.subarray(0, before.length).equals(before)).toBe(true);
  const frames = [...readCapture(path)];
  expect(frames.length).toBe(56);
  const [note, second] = frames.slice(54);
  expect(note).toMatchObject({
    n: 55,
    kind: 'event',
    pair: frames[0]?.pair,
    captureId: frames[0]?.captureId,
    session: 0,
  });
  expect(note && eventSentence(note)).toBe('note on 28 by somebody: no memory “here”?');
  expect(second && eventSentence(second)).toBe('note on 28 by somebody: indeed');
});

it('brings a section of its own where the last one does not know the pair', () => {
  appendFileSync(path, Buffer.concat([sectionHeader(), interfaceDescription({ name: 'other/main' })]));
  noted(27, 'here');
  expect([...readCapture(path)].at(-1)).toMatchObject({ n: 55, pair: [...readCapture(original)][0]?.pair });
});

it('is not written into a file that is torn', () => {
  truncateSync(path, readFileSync(path).length - 10);
  const before = readFileSync(path);
  expect(() => noted(3, 'x')).toThrow(/takes no note: its last block is not whole; vhuscope read --repair/);
  expect(readFileSync(path).equals(before)).toBe(true);
});

it('is not written into a file that is being recorded', async () => {
  // Something else has it open for writing, as a recorder would.
  const writer = spawn('sh', ['-c', 'exec 3>>"$1"; echo open; read _', 'sh', path], {
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  try {
    await once(writer.stdout, 'data');
    expect(() => noted(3, 'x')).toThrow(new RegExp(`takes no note: process ${writer.pid} records into it`));
  } finally {
    writer.stdin.end();
    await once(writer, 'exit');
  }
  expect(noted(3, 'x')).toBe(55);
});
