/** Holds what tshark shows of a capture against the capture's records. */
import { expect } from 'vitest';
import { FileSource } from '../../src/capture/byte-source.ts';
import { PieceReader } from '../../src/capture/piece-reader.ts';
import type { Piece } from '../../src/capture/section.ts';
import { type Expected, expectedFields, shownAs } from './expected-fields.ts';
import { expectedRanges, shownRanges } from './expected-ranges.ts';
import { expectedRecord } from './expected-record.ts';
import { dissect, type Release, type ShownField, type ShownPacket } from './tshark.ts';

/** The records of a capture as they stand in the file, one a packet. */
export function piecesOf(capture: string): Piece[] {
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
export function compare(release: Release, capture: string): ShownPacket[] {
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
      if (piece.newer === undefined) continue;
    } else {
      const record = expectedRecord(piece);
      expect(shownRecord(packet, record), where).toEqual(record);
    }
    if (piece.kind !== 'message' || piece.fragmentOffset !== undefined) continue;
    const message = expectedFields(piece);
    expect(shownMessage(packet, message), where).toEqual(message);
    const ranges = expectedRanges(piece);
    expect(shownRanges(packet.fields, ranges), where).toEqual(ranges);
  }
  return packets;
}
