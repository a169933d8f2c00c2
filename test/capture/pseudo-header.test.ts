import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PseudoHeader } from '../../src/capture/pseudo-header.ts';
import { fixedLength, maxPseudoHeaderLength, pseudoHeaderVersion } from '../../src/capture/pseudo-header.ts';
import { readPseudoHeader } from '../../src/capture/pseudo-header-read.ts';
import { writePseudoHeader } from '../../src/capture/pseudo-header-write.ts';
import { anyPseudoHeader } from './frames.ts';

const plain: PseudoHeader = {
  n: 7,
  kind: 'message',
  captureId: 0x1122334455667788n,
  channel: 'backend-req',
  dir: 'back-to-front',
  session: 2,
  epoch: 3,
  receivedNs: 0x0102030405060708n,
  sentNs: 9n,
  reply: true,
  answers: 5,
  wireLength: 20,
  offset: 0x1_0000_0010,
  fds: [],
  context: { features: 0x8000000000000001n, protocolFeatures: 0x20n, device: 26, frontEnd: 'qemu', backEnd: 'dpdk' },
};

/** Typed by hand from docs/capture-format.md. */
const plainHex = [
  '01 01 01 02 6800 0000 0d000000 0000 1a00',
  '02000000 03000000 0700000000000000 0500000000000000 8877665544332211',
  '1000000001000000 0807060504030201 0900000000000000',
  '0100000000000080 2000000000000000 14000000 00000000 01 04 0000 00000000',
]
  .join('')
  .replaceAll(' ', '');

function written(header: PseudoHeader): Uint8Array {
  const bytes = new Uint8Array(maxPseudoHeaderLength).fill(0xa5);
  return bytes.slice(0, writePseudoHeader(new DataView(bytes.buffer), 0, header));
}

function read(bytes: Uint8Array): ReturnType<typeof readPseudoHeader> {
  return readPseudoHeader(new DataView(bytes.buffer, bytes.byteOffset, bytes.length), 0, bytes.length);
}

describe('pseudo-header', () => {
  it('has the bytes the format text defines', () => {
    expect(Buffer.from(written(plain)).toString('hex')).toBe(plainHex);
    expect(read(Buffer.from(plainHex, 'hex'))).toEqual({ header: plain, length: fixedLength });
  });

  it('stores an fd entry, its name and the objects behind it', () => {
    const fd = { kind: 'memfd', size: 4096, dev: 1, inode: 2, seals: 3, pageSize: 5, access: 'rw', object: 6 } as const;
    const bytes = written({ ...plain, fds: [{ ...fd, name: 'ram', sameIdAs: 4 }] });
    expect(Buffer.from(bytes.subarray(fixedLength)).toString('hex')).toBe(
      [
        '01031b00 03000000 0010000000000000 0100000000000000 0200000000000000 0000000000000000 05000000 06000000',
        '06000800 00000000 04000000',
        '01000500 0000 72616d 000000',
      ]
        .join('')
        .replaceAll(' ', ''),
    );
  });

  it('reads back what was written', () => {
    fc.assert(
      fc.property(anyPseudoHeader, header => {
        const bytes = written(header);
        expect(bytes.length % 4).toBe(0);
        expect(read(bytes)).toEqual({ header, length: bytes.length });
      }),
    );
  });

  it('never throws, whatever the bytes, and never reads past them', () => {
    const damage = fc.array(fc.tuple(fc.nat(400), fc.nat(255)), { maxLength: 8 });
    fc.assert(
      fc.property(anyPseudoHeader, damage, fc.nat(500), (header, changes, cut) => {
        const bytes = written(header);
        for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value;
        const short = bytes.subarray(0, cut);
        expect(read(short).length).toBeLessThanOrEqual(short.length);
      }),
    );
  });

  it.each<[string, (bytes: Uint8Array) => Uint8Array, Partial<PseudoHeader>]>([
    [
      'a newer version',
      bytes => bytes.fill(pseudoHeaderVersion + 1, 0, 1),
      {
        kind: 'message',
        channel: 'backend-req',
        damage: 'pseudo-header version 2 is newer than 1, the newest this reader knows: update vhuscope',
      },
    ],
    [
      'a cut fixed part',
      bytes => bytes.subarray(0, 50),
      { damage: 'pseudo-header damaged: 50 of its 104 bytes are there' },
    ],
    ['hardly anything', bytes => bytes.subarray(0, 3), { kind: 'raw', damage: 'pseudo-header cut after 3 bytes' }],
    [
      'more fd entries than bytes',
      bytes => bytes.fill(9, 6, 7),
      { n: 7, damage: 'pseudo-header damaged: 9 fd entries do not fit its 104 bytes' },
    ],
    ['an unknown kind', bytes => bytes.fill(77, 1, 2), { kind: 'raw', n: 7, damage: 'record kind 77 is not known' }],
  ])('turns %s into a value', (_, change, expected) => {
    expect(read(change(written(plain))).header).toMatchObject(expected);
  });

  it('skips a value of an unknown type', () => {
    const bytes = new Uint8Array(fixedLength + 8 + 8);
    bytes.set(written({ ...plain, fdAt: 12 }));
    bytes.set([0x63, 0, 3, 0, 1, 2, 3, 0], fixedLength);
    bytes.set([3, 0, 4, 0, 12, 0, 0, 0], fixedLength + 8);
    bytes[4] = bytes.length;
    expect(read(bytes)).toEqual({ header: { ...plain, fdAt: 12 }, length: bytes.length });
  });

  it('shortens what does not fit, and says so', () => {
    const name = 'é'.repeat(2000);
    const sentBytes = new Uint8Array(70_000).fill(1);
    const { header, length } = read(written({ ...plain, fds: [{ kind: 'file', name }], sentBytes }));
    expect(length).toBeLessThanOrEqual(maxPseudoHeaderLength);
    expect(header.damage).toBeUndefined();
    expect(header.fds[0]?.name).toBe(`${'é'.repeat(510)}…`);
    expect(header.sentLength).toBe(70_000);
    expect(header.sentBytes?.length).toBeGreaterThan(60_000);
  });
});
