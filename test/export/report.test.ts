import { readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { open, Pseudonyms } from '../../src/decode/redaction.ts';
import { recordsAround, reportOf, tellingConnection } from '../../src/decode/report/report.ts';
import { fitted } from '../../src/export/report/sections.ts';
import { mostLines, reportText } from '../../src/export/report/text.ts';
import { accountOf, linesOf } from '../../src/trace/accounting.ts';

const folder = resolve(import.meta.dirname, '../../captures');
const captures = readdirSync(folder).filter(name => name.endsWith('.pcapng'));

function reportFor(name: string, redacted = true) {
  const path = join(folder, name);
  const recording = accountOf(path);
  const connection = tellingConnection(recording);
  if (!connection) throw new Error(`${name} has no connection`);
  const lines = linesOf(path, new Set(recordsAround(connection)));
  const redaction = redacted ? new Pseudonyms(connection.story.state.memory) : open;
  const report = reportOf({
    ...{ recording, connection, redaction, file: 'FILE', unread: recording.unread },
    lineOf: n => lines.get(n),
  });
  return { connection, report, text: reportText(report) };
}

describe.each(captures)('the report on %s', name => {
  const { connection, report, text } = reportFor(name);
  const { peers, story, deviceReason } = connection;
  const lines = text.trimEnd().split('\n');

  it('can be pasted: few lines, none too wide, nothing for a terminal', () => {
    expect(lines.length).toBeLessThanOrEqual(mostLines);
    expect(Math.max(...lines.map(line => line.length))).toBeLessThanOrEqual(110);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what must not be there
    expect(text).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f]/);
  });

  it('has every part', () => {
    for (const title of ['how it ended', 'front-end', 'back-end', 'negotiation', 'rings at the end', 'times']) {
      expect(lines).toContain(title);
    }
    expect(lines.at(-1)).toMatch(/^ {2}vhuscope /);
    expect(report.negotiation.virtio.some(row => row.standing === 'accepted')).toBe(true);
  });

  it('names no address, path, process, hardware address or content', () => {
    const whole = `${text}${JSON.stringify(report)}`;
    const secrets = [
      ...Object.values(peers).map(peer => `pid ${peer.pid}`),
      ...Object.values(peers).map(peer => `pid":"${peer.pid}`),
      ...story.state.memory.regions.map(region => region.userAddress.toString(16)),
      ...[...story.state.vrings.byIndex.values()].map(ring => ring.address?.descriptor.toString(16) ?? 'no address'),
      '/tmp/',
      '52:54:00',
      'uid 0',
      Buffer.from(story.state.config.bytes).toString('hex') || 'no config',
    ];
    expect(secrets.filter(secret => whole.includes(secret))).toEqual([]);
    expect(deviceReason === undefined || text.includes('device ')).toBe(true);
  });

  it('says the same under pseudonyms as without', () => {
    const bare = reportFor(name, false).report;
    expect(report.diagnoses.map(one => one.id)).toEqual(bare.diagnoses.map(one => one.id));
    expect(report.memory.map(one => one.size)).toEqual(bare.memory.map(one => one.size));
    expect(report.rings.map(({ descriptors: _, ...ring }) => ring)).toEqual(
      bare.rings.map(({ descriptors: _, ...ring }) => ring),
    );
    if (peers['front-end'].commandLine) expect(JSON.stringify(bare)).toContain('/tmp/');
  });
});

describe('a report of trouble', () => {
  it('shows the messages around what went wrong', () => {
    const { report } = reportFor('unshared-blk.pcapng');
    expect(report.diagnoses[0]).toMatchObject({ id: 'memory-not-shared' });
    expect(report.diagnoses[0]?.around.map(line => line.trim().split(/\s+/).slice(0, 4))).toEqual([
      ['27', '0.185281', 'F→B', 'SET_VRING_BASE'],
      ['28', '0.185301', 'F→B', 'SET_VRING_ADDR'],
      ['29', '0.185318', 'F→B', 'SET_VRING_KICK'],
    ]);
    expect(report.missing).toEqual(['1 end of which the other side saw a plain close']);
  });

  it('is about the connection that went wrong, and names the others', () => {
    const { report } = reportFor('reconnect.pcapng');
    expect(report.connection).toMatchObject({ session: 1, epoch: 1, device: 'blk' });
    expect(report.others).toEqual(['pair-1 1.2: 29 messages, ended by the front-end']);
  });
});

describe('the peers of a report', () => {
  it('keep the names of programs, and say what they were recognised as', () => {
    const { report } = reportFor('rust-virtiofsd.pcapng');
    expect(report.peers).toMatchObject([
      { side: 'front-end', program: '/usr/bin/qemu-system-x86_64', implementation: 'QEMU' },
      { side: 'back-end', program: expect.stringMatching(/^path-\d+\/virtiofsd$/), implementation: 'rust-vmm' },
    ]);
  });
});

describe('sections', () => {
  const section = (title: string, count: number, least?: number) => ({
    title,
    lines: Array.from({ length: count }, (_, i) => `${title} ${i}`),
    ...(least !== undefined && { least }),
  });

  it('stay whole where they fit, and leave out what is empty', () => {
    expect(fitted([section('a', 2), section('b', 0)], 3)).toEqual(['a', '  a 0', '  a 1']);
  });

  it('give way where they are longest, and say so', () => {
    expect(fitted([section('a', 2), section('b', 9)], 8)).toEqual([
      ...['a', '  a 0', '  a 1'],
      ...['b', '  b 0', '  b 1', '  b 2', '  … 6 more lines'],
    ]);
  });

  it.each([
    [[section('a', 500), section('b', 500), section('c', 1)]],
    [Array.from({ length: 12 }, (_, i) => section(`s${i}`, 40, 3))],
  ])('never exceed the most', sections => {
    expect(fitted(sections, 80).length).toBeLessThanOrEqual(80);
  });
});
