/** Arbitrary frames for property tests, as the capture file can hold them. */
import fc from 'fast-check';
import { packetsOf } from '../../src/capture/packet.ts';
import type { PseudoHeader } from '../../src/capture/pseudo-header.ts';
import type { Piece } from '../../src/capture/section.ts';
import type { WriterOptions } from '../../src/capture/writer.ts';
import { CaptureWriter } from '../../src/capture/writer.ts';
import type { Context, FdIdentity } from '../../src/decode/frame.ts';
import { channels, deviceSources, dialects, fdKinds } from '../../src/decode/frame.ts';

const u32 = fc.nat(0xffff_ffff);
const u53 = fc.maxSafeNat();
const u64 = fc.bigInt(0n, 0xffff_ffff_ffff_ffffn);
const positive = { max: 0xffff_ffff, min: 1 };

/** Leaves out the keys whose value is undefined: an absent property and an undefined one are not the same here. */
function present<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, v]) => v !== undefined)) as T;
}

const optional = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.option(arbitrary, { nil: undefined });
const flag = optional(fc.constant(true as const));

/** Any fd identity. */
export const anyFd: fc.Arbitrary<FdIdentity> = fc
  .record({
    kind: fc.constantFrom(...fdKinds),
    size: optional(u53),
    file: optional(fc.record({ dev: u53, inode: u53 })),
    id: optional(u53),
    seals: optional(u32),
    pageSize: optional(u32),
    access: optional(fc.constantFrom('r' as const, 'w' as const, 'rw' as const)),
    name: optional(fc.string({ unit: 'grapheme', maxLength: 40 })),
    object: optional(fc.integer(positive)),
    sameIdAs: optional(u32),
  })
  .map(({ file, ...rest }) => present({ ...rest, ...file }) as FdIdentity);

/** What is kept of a descriptor that was sent in place of another: no name. */
const sentOn = ({ name: _, sameIdAs: __, ...fd }: FdIdentity): FdIdentity => fd;

/** Any decode context. */
export const anyContext: fc.Arbitrary<Context> = fc
  .record({
    features: optional(u64),
    protocolFeatures: optional(u64),
    device: optional(fc.integer({ min: 1, max: 0xffff })),
    deviceFrom: optional(fc.constantFrom(...deviceSources.slice(1))),
    frontEnd: optional(fc.constantFrom(...dialects.slice(1))),
    backEnd: optional(fc.constantFrom(...dialects.slice(1))),
    bigEndian: flag,
  })
  .map(context => present(context) as Context);

/** Any pseudo-header that can be stored without loss. */
export const anyPseudoHeader: fc.Arbitrary<PseudoHeader> = fc
  .record({
    n: u53,
    kind: fc.constantFrom('message' as const, 'raw' as const, 'event' as const, 'finding' as const),
    captureId: u64,
    channel: fc.constantFrom(...channels),
    dir: optional(fc.constantFrom('front-to-back' as const, 'back-to-front' as const)),
    session: u32,
    epoch: u32,
    receivedNs: u64,
    sentNs: u64,
    heldNs: optional(u64),
    reply: flag,
    answers: optional(fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER })),
    wireLength: u32,
    offset: u53,
    fds: fc.array(anyFd, { maxLength: 5 }),
    moreFds: optional(fc.nat(200)),
    seg: optional(fc.array(u32, { maxLength: 9 })),
    fdAt: optional(u32),
    ctrunc: flag,
    carried: flag,
    sentBytes: optional(fc.uint8Array({ maxLength: 70 })),
    sentFds: optional(fc.array(anyFd.map(sentOn), { maxLength: 3 })),
    injected: flag,
    masked: flag,
    snapped: flag,
    fragmentOffset: optional(u32),
    context: anyContext,
  })
  .map(({ moreFds, ...header }) => {
    const fdCount = moreFds === undefined || moreFds === 0 ? undefined : header.fds.length + moreFds;
    return present({ ...header, fdCount }) as PseudoHeader;
  });

/** A plain record: message `n` of a pair, with the given bytes. */
export function piece(n: number, over: Partial<Piece> = {}): Piece {
  const bytes = over.bytes ?? Uint8Array.of(n & 0xff, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0);
  return {
    n,
    kind: 'message',
    captureId: 99n,
    pair: 'fs',
    channel: 'main',
    dir: 'front-to-back',
    session: 1,
    epoch: 1,
    wallNs: 1_700_000_000_123_456_789n + BigInt(n),
    receivedNs: BigInt(n),
    sentNs: BigInt(n) + 1n,
    wireLength: bytes.length,
    offset: 0,
    fds: [],
    context: {},
    bytes,
    ...over,
  };
}

/** Writes records to a capture file as the recorder does, one interface a pair and channel. */
export function writeCapture(path: string, pieces: readonly Piece[], options: WriterOptions = {}): CaptureWriter {
  const writer = new CaptureWriter(path, { userAppl: 'vhuscope', ...options });
  const interfaces = new Map<string, number>();
  for (const one of pieces) {
    const name = `${one.pair}/${one.channel}`;
    const id = interfaces.get(name) ?? writer.addInterface(name);
    interfaces.set(name, id);
    for (const { head, packet } of packetsOf(one, id)) writer.packet(head, packet, 0, packet.length);
  }
  return writer;
}
