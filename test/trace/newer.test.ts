/** A capture from a version of the format that this reader does not know: read as far as the format promises, once complained about. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { FileSource } from '../../src/capture/byte-source.ts';
import { CaptureFile } from '../../src/capture/capture-file.ts';
import { pduTags } from '../../src/capture/pseudo-header.ts';
import { CaptureReader } from '../../src/capture/reader.ts';
import type { Frame } from '../../src/decode/frame.ts';
import { LineWriter } from '../../src/decode/text/line.ts';
import { accountOf } from '../../src/trace/accounting.ts';
import { examine } from '../../src/trace/examination.ts';

const folder = mkdtempSync(join(tmpdir(), 'vhuscope-newer-'));
afterAll(() => rmSync(folder, { recursive: true }));
const recorded = resolve(import.meta.dirname, '../../captures/fs.pcapng');

/** A recording of real peers whose records, from one on, say that they are of another version. */
function recordedAs(version: number, first = 0): string {
  const bytes = readFileSync(recorded);
  let at = 0;
  for (let i = 0; ; i++) {
    at = bytes.indexOf(pduTags, at) + pduTags.length;
    if (at < pduTags.length) break;
    if (i >= first) bytes[at] = version;
  }
  const path = join(folder, `${version}-${first}.pcapng`);
  writeFileSync(path, bytes);
  return path;
}

function read(path: string): { frames: Frame[]; problems: string[] } {
  const source = new FileSource(path);
  const reader = new CaptureReader(source);
  const frames = [...reader.frames()];
  source.close();
  return { frames, problems: reader.problems.map(({ message }) => message) };
}

/** What is said of a record, without what only the unread part tells. */
function said(frame: Frame): string {
  const writer = new LineWriter();
  writer.write({ ...frame, session: 1, epoch: 1, fds: [], fdCount: 0 }, { sinceFirstNs: 0 });
  return writer.out
    .textFrom(0)
    .replace('└ ', '')
    .replace(/ {2}# answers .*/, '');
}

const known = read(recorded).frames;
const path = recordedAs(7);

describe('a capture of a newer version', () => {
  it('shows its messages and events all the same, with their numbers and times', () => {
    const { frames } = read(path);
    expect(frames.map(said)).toEqual(known.map(said));
    expect(frames.map(({ wallNs }) => wallNs)).toEqual(known.map(({ wallNs }) => wallNs));
  });

  it('is complained about once, with the number of records', () => {
    const complaint = `${path}: ${known.length} records are written in version 7 of the format, and this vhuscope knows version 1`;
    const { problems } = read(path);
    expect(problems.map(text => text.slice(0, complaint.length))).toEqual([complaint]);
    const file = new CaptureFile(path);
    while (file.advance());
    expect(file.problems.map(({ message }) => message)).toEqual(problems);
    expect(file.frame(5)).toMatchObject({ kind: 'message' });
    file.close();
    const mixed = read(recordedAs(2, 40));
    expect(mixed.problems).toHaveLength(1);
    expect(mixed.problems[0]).toContain(`: ${known.length - 40} records are written in version 2`);
  });

  it('accuses nobody', () => {
    const { findings, verdicts, messages, unread } = examine(path);
    expect({ findings, verdicts, messages, unread: unread.length }).toEqual({
      findings: [],
      verdicts: [],
      messages: 0,
      unread: 1,
    });
    expect(accountOf(path).connections).toEqual([]);
  });
});
