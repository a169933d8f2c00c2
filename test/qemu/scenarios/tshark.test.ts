import { chmodSync, copyFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { FileSource } from '../../../src/capture/byte-source.ts';
import { PieceReader } from '../../../src/capture/piece-reader.ts';
import type { Piece } from '../../../src/capture/section.ts';
import { LineWriter } from '../../../src/decode/text/line.ts';
import { Timing } from '../../../src/decode/timing.ts';
import { Noise, samplePieces, writePieces } from '../../export/samples.ts';
import { type Expected, expectedFields, shownAs } from '../expected-fields.ts';
import { expectedRecord } from '../expected-record.ts';
import { run } from '../programs.ts';
import { dissect, folder, type Release, releases, type ShownField, type ShownPacket, tshark } from '../tshark.ts';

const sample = join(folder, 'sample.pcapng');
writePieces(sample, samplePieces());

const captures = resolve(import.meta.dirname, '../../../captures');
const corpus = readdirSync(captures).filter(name => name.endsWith('.pcapng'));

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

  it.each(corpus)('of the capture %s', name => {
    const copy = join(folder, name);
    copyFileSync(join(captures, name), copy);
    compare(release, copy);
    const sliced = join(folder, `sliced-${name}`);
    run('editcap', ['-s', '150', copy, sliced]);
    compare(release, sliced);
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

describe.each(releases)('$name tells each message in a line', release => {
  it.each([['the sample', sample], ...corpus.map(name => [name, join(captures, name)])])('of %s', (_, capture = '') => {
    const copy = join(folder, 'lines.pcapng');
    copyFileSync(capture, copy);
    chmodSync(copy, 0o644);
    const shown = tshark(release, ['-r', copy, '-T', 'fields', '-e', '_ws.col.Info']).split('\n');
    let told = 0;
    for (const [i, piece] of piecesOf(capture).entries()) {
      const line = new LineWriter();
      if (piece.kind !== 'message' || !line.said(piece) || piece.bytes.length < piece.wireLength) continue;
      // Many bytes are only counted in the column, and what is said for the way back is left out.
      if (/\[\d+ bytes\]/.test(shown[i] as string)) continue;
      const text = line.out
        .textFrom(0)
        .slice('F→B '.length)
        .replace(/ !length=\d+/, '');
      expect(shown[i], `packet ${i + 1} of ${capture}`).toBe(text);
      told++;
    }
    expect(told).toBeGreaterThan(10);
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

describe.each(releases)('$name with bytes typed by hand from the specification', release => {
  const byHand: [what: string, bytes: string, fields: readonly (readonly [name: string, shown: string])[]][] = [
    [
      'GET_FEATURES and nothing else',
      '01000000 01000000 00000000',
      [
        ['request', '1'],
        ['message', 'GET_FEATURES'],
        ['flags.version', '1'],
        ['flags.reply', '0'],
        ['size', '0'],
      ],
    ],
    [
      'SET_MEM_TABLE with two regions, and need_reply',
      `05000000 09000000 48000000 02000000 00000000
       0000000000000000 0000000080000000 0000000000700000 0000000000000000
       0000000001000000 0000008000000000 0000008000700000 0000008000000000`,
      [
        ['flags.need_reply', '1'],
        ['mem.num_regions', '2'],
        ['mem.guest_addr', '0x0000000000000000'],
        ['mem.size', '0x0000008000000000'],
        ['mem.user_addr', '0x0000700000000000'],
      ],
    ],
    [
      'SET_VRING_ADDR: descriptors, used, available, log',
      '09000000 01000000 28000000 03000000 01000000 0010000000000000 0020000000000000 0030000000000000 0040000000000000',
      [
        ['vring.index', '3'],
        ['vring.addr.flags.log', '1'],
        ['vring.addr.desc', '0x0000000000001000'],
        ['vring.addr.used', '0x0000000000002000'],
        ['vring.addr.avail', '0x0000000000003000'],
        ['vring.addr.log', '0x0000000000004000'],
      ],
    ],
    [
      'SET_VRING_KICK of ring 2 without a descriptor',
      '0c000000 01000000 08000000 0201000000000000',
      [
        ['vring.index', '2'],
        ['vring.nofd', '1'],
      ],
    ],
    [
      'SET_PROTOCOL_FEATURES: REPLY_ACK and CONFIG, and bit 40',
      '10000000 01000000 08000000 0802000000010000',
      [
        ['protocol_features', '0x0000010000000208'],
        ['protocol_features.mq', '0'],
        ['protocol_features.reply_ack', '1'],
        ['protocol_features.config', '1'],
        ['protocol_features.unknown', '0x0000010000000000'],
      ],
    ],
    [
      'IOTLB_MSG: an update',
      '16000000 09000000 20000000 0000100000000000 0010000000000000 0000400000700000 03 02 000000000000',
      [
        ['iotlb.iova', '0x0000000000100000'],
        ['iotlb.perm', '3'],
        ['iotlb.type', '2'],
      ],
    ],
    [
      'SEND_RARP of 52:54:00:12:34:56',
      '13000000 01000000 08000000 525400123456 0000',
      [['net.mac', '52:54:00:12:34:56']],
    ],
    [
      'a region of which the end is missing',
      '25000000 01000000 0c000000 0000000000000000 00001000',
      [
        ['malformed', ''],
        ['rest', '00:00:10:00'],
      ],
    ],
  ];

  let packets: readonly ShownPacket[] = [];
  beforeAll(() => {
    const dump = join(folder, 'typed.txt');
    const capture = join(folder, 'typed.pcapng');
    const lines = byHand.map(([, bytes]) => `0000 ${bytes.replaceAll(/\s/g, '').replaceAll(/../g, '$& ')}\n`);
    writeFileSync(dump, lines.join(''));
    run('text2pcap', ['-q', '-l', '147', dump, capture]);
    packets = dissect(release, capture, ['-o', 'uat:user_dlts:"User 0 (DLT=147)","vhost_user","0","","0",""']);
  });
  const plain: { readonly [shown: string]: string } = { True: '1', False: '0' };

  it.each(byHand.map(([what, , fields], i) => [what, i, fields] as const))('%s', (_, i, fields) => {
    for (const [name, shown] of fields) {
      const all = packets[i]?.fields
        .filter(field => field.name === `vhost_user.${name}`)
        .map(({ show }) => plain[show] ?? show);
      expect(all, name).toContain(shown);
    }
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
