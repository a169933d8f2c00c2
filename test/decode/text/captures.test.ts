/** The corpus: whatever real peers said, a line of it reads back to the same bytes. */
import { readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { FileSource } from '../../../src/capture/byte-source.ts';
import { CaptureReader } from '../../../src/capture/reader.ts';
import { LineWriter } from '../../../src/decode/text/line.ts';
import { encodeLine, parseLine } from '../../../src/decode/text/parse.ts';

const folder = resolve(import.meta.dirname, '../../../captures');
const captures = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(name => name.endsWith('.pcapng'));

/** Messages of a capture whose line does not read back, and how many records there are. */
function unequal(path: string): { lines: string[]; records: number } {
  const reader = new CaptureReader(new FileSource(path));
  const writer = new LineWriter();
  const lines: string[] = [];
  let records = 0;
  for (const frame of reader.frames()) {
    records++;
    if (frame.kind !== 'message') continue;
    writer.out.truncate(0);
    writer.write(frame, { sinceFirstNs: 0 });
    const text = writer.out.textFrom(0);
    const bytes = encodeLine(parseLine(text), frame.context);
    if (Buffer.compare(bytes, frame.bytes) !== 0) lines.push(text);
  }
  return { lines, records };
}

describe('lines of the corpus', () => {
  it.each(captures)('%s', name => {
    const { lines, records } = unequal(join(folder, name));
    expect(lines).toEqual([]);
    expect(records).toBeGreaterThan(0);
  });

  it('of QEMU and virtiofsd are those of fs.txt (vitest -u writes it anew)', async () => {
    const reader = new CaptureReader(new FileSource(join(folder, 'fs.pcapng')));
    const writer = new LineWriter();
    for (const frame of reader.frames()) {
      if (frame.kind !== 'message') continue;
      writer.said(frame);
      writer.out.ascii('\n');
    }
    await expect(writer.out.textFrom(0)).toMatchFileSnapshot('fs.txt');
  });

  it('looks where the captures are', () => {
    expect(readdirSync(folder, { recursive: true, encoding: 'utf8' })).toContain('README.md');
  });
});
