/** Arbitrary frames for property tests, as the capture file can hold them. */
import fc from 'fast-check';
import type { PseudoHeader } from '../../src/capture/pseudo-header.ts';
import type { Context, FdIdentity } from '../../src/decode/frame.ts';
import { channels, dialects, fdKinds } from '../../src/decode/frame.ts';

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

/** Any decode context. */
export const anyContext: fc.Arbitrary<Context> = fc
  .record({
    features: optional(u64),
    protocolFeatures: optional(u64),
    device: optional(fc.integer({ min: 1, max: 0xffff })),
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
