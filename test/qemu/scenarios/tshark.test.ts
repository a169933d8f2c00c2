import { readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { pseudoHeaderVersion } from '../../../src/capture/pseudo-header.ts';
import type { FrameKind } from '../../../src/decode/frame.ts';
import { LineWriter } from '../../../src/decode/text/line.ts';
import { Timing } from '../../../src/decode/timing.ts';
import { Noise, samplePieces, writePieces } from '../../export/samples.ts';
import { run } from '../programs.ts';
import { compare, piecesOf } from '../shown.ts';
import { dissect, folder, infoColumn, releases, type ShownField, type ShownPacket } from '../tshark.ts';

const sample = join(folder, 'sample.pcapng');
writePieces(sample, samplePieces());

// All captures of the repository one after the other: starting tshark takes longer than what it has to say.
const captures = resolve(import.meta.dirname, '../../../captures');
const corpus = join(folder, 'corpus.pcapng');
const names = readdirSync(captures, { recursive: true, encoding: 'utf8' }).filter(name => name.endsWith('.pcapng'));
run('mergecap', ['-a', '-w', corpus, ...names.map(name => join(captures, name))]);

describe.each(releases)('$name shows what vhuscope reads', release => {
  it('of every message and every kind of record', () => {
    compare(release, sample);
  });

  it('of every capture', () => {
    compare(release, corpus);
  });

  it('of every capture, sliced', () => {
    const sliced = join(folder, 'corpus-sliced.pcapng');
    run('editcap', ['-s', '150', corpus, sliced]);
    compare(release, sliced);
  });

  it('of records whose version is newer', () => {
    const newer = join(folder, 'newer.pcapng');
    writePieces(newer, samplePieces(), bytes => void bytes.fill(pseudoHeaderVersion + 1, 0, 1));
    const packets = compare(release, newer);
    const messages = packets.filter(({ fields }) => fields.some(({ name }) => name === 'vhost_user.message'));
    expect(messages.length).toBeGreaterThan(500);
  });

  it.each([17, 60, 125, 155, 201])('sliced to %i bytes', length => {
    const sliced = join(folder, `sliced-${length}.pcapng`);
    run('editcap', ['-s', String(length), sample, sliced]);
    compare(release, sliced);
  });

  it.each([1, 2])('after random damage (%i)', seed => {
    const damaged = join(folder, `damaged-${seed}.pcapng`);
    const noise = new Noise(seed * 7919);
    writePieces(damaged, samplePieces(), bytes => {
      // Few bytes, and rather the first ones: the more is wrong, the less is read.
      for (let i = noise.next(4); i >= 0; i--)
        bytes[noise.next(noise.next(2) === 0 ? 130 : bytes.length)] = noise.next(256);
    });
    compare(release, damaged);
  });
});

describe.each(releases)('$name tells each message and event in a line', release => {
  it.each([
    ['the sample', sample],
    ['every capture', corpus],
  ])('of %s', (_, capture) => {
    const shown = infoColumn(release, capture);
    const told: { [kind in FrameKind]?: number } = {};
    for (const [i, piece] of piecesOf(capture).entries()) {
      const line = new LineWriter();
      if (piece.fragmentOffset !== undefined || !line.said(piece) || piece.bytes.length < piece.wireLength) continue;
      // Many bytes are only counted in the column, and what is said for the way back is left out.
      if (/\[\d+ bytes\]/.test(shown[i] as string)) continue;
      const text = line.out
        .textFrom(0)
        .slice('F→B '.length)
        .replace(/ !length=\d+/, '');
      expect(shown[i], `packet ${i + 1} of ${capture}`).toBe(text);
      told[piece.kind] = (told[piece.kind] ?? 0) + 1;
    }
    expect(told.message).toBeGreaterThan(10);
    expect(told.event).toBeGreaterThan(100);
  });
});

describe.each(releases)('$name links', release => {
  const reply = 'vhost_user.response_to';
  const shownIn = (packet: ShownPacket, name: string): string | undefined =>
    packet.fields.find(field => field.name === name)?.show;

  it('each reply with its request, by packet numbers, with the latency that is read', () => {
    // Without the first packets, so that packet and record numbers differ and some requests are not there.
    const later = join(folder, 'later.pcapng');
    run('editcap', ['-r', sample, later, '8-300']);
    const timing = new Timing();
    const pieces = piecesOf(later);
    const packets = dissect(release, later, ['-2']);
    const packetOf = new Map(pieces.map((piece, i) => [piece.n, i + 1]));
    let replies = 0;
    for (const [i, piece] of pieces.entries()) {
      const { latencyNs } = timing.next(piece);
      const packet = packets[i] as ShownPacket;
      const request = piece.answers === undefined ? undefined : packetOf.get(piece.answers);
      expect(shownIn(packet, reply), `record ${piece.n}`).toBe(request?.toString());
      expect(Number(shownIn(packet, 'vhost_user.response_time') ?? -1)).toBe((latencyNs ?? -1e9) / 1e9);
      const answer = pieces.find(({ answers }) => answers === piece.n);
      expect(shownIn(packet, 'vhost_user.response_in')).toBe(answer && packetOf.get(answer.n)?.toString());
      if (request !== undefined) replies++;
    }
    expect(replies).toBeGreaterThan(50);
  });
});

describe.each(releases)('$name shows a packet alike in whatever file it stands', release => {
  const alone = (packet: ShownPacket): ShownField[] =>
    packet.fields.filter(({ name }) => /^(vhost_user|vhuscope)/.test(name) && !name.includes('.response_'));
  let shown = new Map<number, ShownField[]>();
  beforeAll(() => {
    shown = new Map(dissect(release, sample).map(packet => [packet.number, alone(packet)]));
  });

  it('selected by editcap', () => {
    const subset = join(folder, 'subset.pcapng');
    run('editcap', ['-r', sample, subset, '2-9', '40', '100-400', '650-680']);
    const numbers = [2, 3, 4, 5, 6, 7, 8, 9, 40];
    for (let i = 100; i <= 400; i++) numbers.push(i);
    for (let i = 650; i <= 680; i++) numbers.push(i);
    expect(compare(release, subset).map(alone)).toEqual(numbers.map(number => shown.get(number)));
  });

  it('merged from two files, in another order', () => {
    const [first, second, merged] = ['first', 'second', 'merged'].map(name => join(folder, `${name}.pcapng`)) as [
      string,
      string,
      string,
    ];
    run('editcap', ['-r', sample, first, '1-300']);
    run('editcap', ['-r', sample, second, '301-680']);
    run('mergecap', ['-a', '-w', merged, second, first]);
    const numbers = Array.from({ length: 680 }, (_, i) => (i < 380 ? 301 + i : i - 379));
    expect(compare(release, merged).map(alone)).toEqual(numbers.map(number => shown.get(number)));
  });

  it('filtered, and in two passes', () => {
    const filtered = dissect(release, sample, ['-2', '-R', 'vhost_user.vring.index']);
    expect(filtered.length).toBeGreaterThan(20);
    const ring = [...shown.values()].filter(fields => fields.some(({ name }) => name === 'vhost_user.vring.index'));
    expect(filtered.map(alone)).toEqual(ring);
  });
});
