/** Captures in the hands of the tools that come with Wireshark. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as after } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import { FileSource } from '../../../src/capture/byte-source.ts';
import { CaptureReader } from '../../../src/capture/reader.ts';
import { repair } from '../../../src/capture/repair.ts';
import type { Frame } from '../../../src/decode/frame.ts';
import { piece, writeCapture } from '../../capture/frames.ts';
import { run } from '../programs.ts';

const folder = mkdtempSync(join(tmpdir(), 'vhuscope-tools-'));
afterAll(() => rmSync(folder, { recursive: true }));
const file = (name: string): string => join(folder, name);

const records = Array.from({ length: 60 }, (_, i) => {
  const channel = i % 3 === 2 ? 'backend-req' : 'main';
  const dir = i % 2 ? 'back-to-front' : 'front-to-back';
  const bytes = new Uint8Array(i === 30 ? 600_000 : 12 + i).fill(i);
  return piece(i + 1, { channel, dir, bytes, fds: [{ kind: 'memfd', size: 4096 * i, name: 'ram' }] });
});
const one = file('one.pcapng');
const writer = writeCapture(one, records, { hardware: 'x86_64', os: 'Linux 6.1' });
writer.lost(1, 4);
writer.close();
writeCapture(
  file('other.pcapng'),
  records.map(record => ({ ...record, pair: 'net', captureId: 7n, wallNs: record.wallNs + 500n })),
).close();

function framesOf(path: string): Frame[] {
  const reader = new CaptureReader(new FileSource(path));
  const frames = [...reader.frames()];
  expect(reader.problems).toEqual([]);
  return frames;
}

/** What tells frames apart, with bytes as text. */
const plain = (frames: readonly Frame[]): unknown[] =>
  frames.map(frame => ({ ...frame, bytes: Buffer.from(frame.bytes).toString('base64') }));

const fields = (path: string, ...names: string[]): string[][] =>
  run('tshark', ['-r', path, '-T', 'fields', ...names.flatMap(name => ['-e', name])])
    .trimEnd()
    .split('\n')
    .map(line => line.split('\t'));

describe('capinfos', () => {
  it('is content and tells what was written', () => {
    const text = run('capinfos', [one]);
    for (const line of [
      'Number of packets:   62',
      'File encapsulation:  Wireshark Upper PDU export',
      'File timestamp precision:  nanoseconds (9)',
      'Capture hardware:    x86_64',
      'Capture oper-sys:    Linux 6.1',
      'Name = fs/main',
      'Name = fs/backend-req',
    ])
      expect(text).toContain(line);
  });
});

describe('tshark', () => {
  it('sees interface, direction, number, time and lengths of every packet', () => {
    const rows = fields(one, 'frame.interface_name', 'frame.packet_flags', 'frame.packet_id', 'frame.time_epoch');
    const whole = rows.filter(([, , n], i) => n !== rows[i - 1]?.[2]);
    expect(whole).toEqual(
      records.map(({ channel, dir, n, wallNs }) => [
        `fs/${channel}`,
        dir === 'back-to-front' ? '0x00000001' : '0x00000002',
        `${n}`,
        `${wallNs / 1_000_000_000n}.${`${wallNs % 1_000_000_000n}`.padStart(9, '0')}`,
      ]),
    );
    const long = fields(one, 'frame.packet_id', 'frame.len', 'frame.cap_len').filter(([n]) => n === '31');
    expect(long.map(([, , captured]) => Number(captured) <= 262_144)).toEqual([true, true, true]);
    expect(Number(long[0]?.[1])).toBeGreaterThan(600_000);
  });

  it('lists every whole record of a recorder that was killed, and all tools take the repaired file', async () => {
    const child = resolve(import.meta.dirname, '../../capture/recording-child.mjs');
    for (let round = 0; round < 10; round++) {
      const path = file(`killed-${round}.pcapng`);
      const recorder = spawn(process.execPath, [child, path, '171'], { stdio: ['ignore', 'pipe', 'inherit'] });
      recorder.stdout.resume();
      await once(recorder.stdout, 'data');
      await after(round * 3);
      recorder.kill('SIGKILL');
      await once(recorder, 'close');
      const ours = [...new CaptureReader(new FileSource(path)).frames()].length;
      const listing = spawn('tshark', ['-r', path, '-T', 'fields', '-e', 'frame.packet_id'], {
        stdio: ['ignore', 'pipe', 'ignore'],
      });
      let text = '';
      for await (const chunk of listing.stdout.setEncoding('utf8')) text += chunk;
      expect(text.trimEnd().split('\n')).toHaveLength(ours);
      repair(path);
      expect(run('capinfos', ['-Mc', path])).toContain(`Number of packets:   ${ours}`);
      rmSync(path);
    }
  });
});

describe('editcap and mergecap', () => {
  it.each<[string, string[], number, number]>([
    ['keeps', ['-r', one, 'kept.pcapng', '10-20'], 10, 20],
    ['copies', ['-F', 'pcapng', one, 'kept.pcapng'], 1, 60],
    ['adds comments to', ['-a', '3:a comment', one, 'kept.pcapng'], 1, 60],
  ])('editcap %s records', (_, args, first, last) => {
    run('editcap', args, { cwd: folder });
    expect(plain(framesOf(file('kept.pcapng')))).toEqual(plain(records.slice(first - 1, last)));
  });

  it('a record cut by editcap says what it lacks', () => {
    run('editcap', ['-s', '200', one, 'cut.pcapng'], { cwd: folder });
    const frames = framesOf(file('cut.pcapng'));
    expect(frames.slice(0, 5)).toEqual(records.slice(0, 5));
    expect(frames[49]?.bytes.length).toBeLessThan(62);
    expect(frames[49]).toMatchObject({ n: 48, wireLength: 59 });
  });

  it.each([[['-a']], [['-I', 'none']], [['-I', 'all']], [[]]])('mergecap %j keeps both recordings apart', args => {
    run('mergecap', [...args, '-w', 'merged.pcapng', 'one.pcapng', 'other.pcapng'], { cwd: folder });
    const frames = framesOf(file('merged.pcapng'));
    expect(plain(frames.filter(({ pair }) => pair === 'fs'))).toEqual(plain(records));
    expect(frames.filter(({ pair, captureId }) => pair === 'net' && captureId === 7n)).toHaveLength(60);
  });

  it('files put together by cat are read as one', () => {
    writeFileSync(file('cat.pcapng'), Buffer.concat([readFileSync(one), readFileSync(file('other.pcapng'))]));
    expect(framesOf(file('cat.pcapng'))).toHaveLength(120);
    expect(run('capinfos', ['-Mc', file('cat.pcapng')])).toContain('Number of packets:   124');
  });
});
