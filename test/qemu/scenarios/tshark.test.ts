import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { FileSource } from '../../../src/capture/byte-source.ts';
import { PieceReader } from '../../../src/capture/piece-reader.ts';
import type { Piece } from '../../../src/capture/section.ts';
import { Noise, samplePieces, writePieces } from '../../export/samples.ts';
import { type Expected, expectedFields, shownAs } from '../expected-fields.ts';
import { expectedRecord } from '../expected-record.ts';
import { run } from '../programs.ts';
import { dissect, folder, type Release, releases, type ShownField, type ShownPacket } from '../tshark.ts';

const sample = join(folder, 'sample.pcapng');
writePieces(sample, samplePieces());

/** The records of a capture as they stand in the file, one a packet. */
function piecesOf(capture: string): Piece[] {
  const source = new FileSource(capture);
  const reader = new PieceReader(source);
  const pieces: Piece[] = [];
  for (let piece = reader.next(); piece !== undefined; piece = reader.next()) {
    pieces.push({ ...piece, bytes: piece.bytes.slice() });
  }
  source.close();
  return pieces;
}

const ofMessage = /^vhost_user(_gpu)?\.(?!response_|malformed|truncated)/;
/** Fields about the form of the record, which a record once read no longer has. */
const ofForm = /^vhuscope\.(version|header_length|flags.*|malformed|truncated)$/;

/** What the dissectors of messages show, and what experts say. */
function shownMessage({ fields }: ShownPacket, expected: readonly Expected[]): Expected[] {
  const ofRecord = (i: number): boolean => fields[i - 1]?.name.startsWith('vhuscope.') === true;
  return fields
    .filter(({ name }, i) => ofMessage.test(name) || (name === '_ws.expert.message' && !ofRecord(i)))
    .map((field, i) => [field.name, shownAs(expected[i]?.[1] ?? '', field)]);
}

/** What a reader makes of a number that stands for nothing it knows; other fields are then left out. */
const ofUnknown: { readonly [name: string]: string } = {
  'vhuscope.kind': '2',
  'vhuscope.channel': '0',
  'vhuscope.fd.kind': '0',
};

function understood(field: ShownField): ShownField | undefined {
  if (!/: Unknown \(\d+\)$/.test(field.label)) return field;
  const show = ofUnknown[field.name];
  return show === undefined ? undefined : { ...field, show };
}

/** What the record's dissector shows, in the form of what is expected. */
function shownRecord({ fields }: ShownPacket, expected: Map<string, Expected[1][]>): Map<string, Expected[1][]> {
  const found = new Map<string, ShownField[]>();
  for (const field of fields.map(understood)) {
    if (field?.name.startsWith('vhuscope.') && !ofForm.test(field.name)) {
      found.set(field.name, [...(found.get(field.name) ?? []), field]);
    }
  }
  return new Map(
    [...found].map(([name, all]) => [name, all.map(field => shownAs(expected.get(name)?.[0] ?? '', field))]),
  );
}

/** Holds every field of every packet against the records of the file. */
function compare(release: Release, capture: string): ShownPacket[] {
  const packets = dissect(release, capture);
  const pieces = piecesOf(capture);
  expect(packets.length).toBe(pieces.length);
  for (const [i, piece] of pieces.entries()) {
    const packet = packets[i] as ShownPacket;
    const where = `packet ${packet.number}, record ${piece.n} of ${capture}`;
    expect(
      packet.fields.map(({ label }) => label).filter(label => /lua error/i.test(label)),
      where,
    ).toEqual([]);
    if (piece.damage?.startsWith('pseudo-header')) {
      expect(packet.fields.find(({ name }) => name === 'vhuscope.damage')?.show, where).toBe(piece.damage);
      continue;
    }
    const record = expectedRecord(piece);
    expect(shownRecord(packet, record), where).toEqual(record);
    if (piece.kind !== 'message' || piece.fragmentOffset !== undefined) continue;
    const message = expectedFields(piece);
    expect(shownMessage(packet, message), where).toEqual(message);
  }
  return packets;
}

describe.each(releases)('$name shows what vhuscope reads', release => {
  it('of every message and every kind of record', () => {
    compare(release, sample);
  });

  it.each([17, 60, 120, 125, 135, 155, 201, 300])('sliced to %i bytes', length => {
    const sliced = join(folder, `sliced-${length}.pcapng`);
    run('editcap', ['-s', String(length), sample, sliced]);
    compare(release, sliced);
  });

  it.each([1, 2, 3])('after random damage (%i)', seed => {
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

describe.each(releases)('$name shows a packet alike in whatever file it stands', release => {
  const alone = (packet: ShownPacket): ShownField[] =>
    packet.fields.filter(({ name }) => /^(vhost_user|vhuscope)/.test(name) && !name.includes('.response_'));
  let shown = new Map<number, ShownField[]>();
  beforeAll(() => {
    shown = new Map(dissect(release, sample).map(packet => [packet.number, alone(packet)]));
  });

  it('selected by editcap', () => {
    const subset = join(folder, 'subset.pcapng');
    run('editcap', ['-r', sample, subset, '2-9', '40', '100-400', '650-679']);
    const numbers = [2, 3, 4, 5, 6, 7, 8, 9, 40];
    for (let i = 100; i <= 400; i++) numbers.push(i);
    for (let i = 650; i <= 679; i++) numbers.push(i);
    expect(compare(release, subset).map(alone)).toEqual(numbers.map(number => shown.get(number)));
  });

  it('merged from two files, in another order', () => {
    const [first, second, merged] = ['first', 'second', 'merged'].map(name => join(folder, `${name}.pcapng`)) as [
      string,
      string,
      string,
    ];
    run('editcap', ['-r', sample, first, '1-300']);
    run('editcap', ['-r', sample, second, '301-679']);
    run('mergecap', ['-a', '-w', merged, second, first]);
    const numbers = Array.from({ length: 679 }, (_, i) => (i < 379 ? 301 + i : i - 378));
    expect(compare(release, merged).map(alone)).toEqual(numbers.map(number => shown.get(number)));
  });

  it('filtered, and in two passes', () => {
    const filtered = dissect(release, sample, ['-2', '-R', 'vhost_user.vring.index']);
    expect(filtered.length).toBeGreaterThan(20);
    const ring = [...shown.values()].filter(fields => fields.some(({ name }) => name === 'vhost_user.vring.index'));
    expect(filtered.map(alone)).toEqual(ring);
  });
});
