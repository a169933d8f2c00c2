/** Arbitrary recorded messages: every declared one, whole, short, long, damaged, in either byte order. */
import fc from 'fast-check';
import { messagesOf, variantsOf } from '../../../src/decode/catalog.ts';
import { fixedSize } from '../../../src/decode/decode.ts';
import { type Channel, type Context, channels, type Frame } from '../../../src/decode/frame.ts';
import { requester } from '../../../src/decode/header.ts';
import type { MessageSpec } from '../../../src/decode/message-spec.ts';
import type { Struct } from '../../../src/decode/schema.ts';
import { anyContext, anyFd } from '../../capture/frames.ts';

interface Declared {
  channel: Channel;
  spec: MessageSpec;
  reply: boolean;
}

/** Each declared request and each declared reply. */
export const declared: readonly Declared[] = channels.flatMap(channel =>
  messagesOf[channel].flatMap(spec => {
    const request = { channel, spec, reply: false };
    return spec.reply.shapes.length === 0 ? [request] : [request, { channel, spec, reply: true }];
  }),
);

/** Bytes of a struct with the given number of entries in each of its lists. */
function sizeOf(struct: Struct, entries: number): number {
  return struct.list.reduce((sum, field) => {
    if (field.kind === 'group') return sum + sizeOf(field.of, entries);
    if (field.kind === 'array') {
      return sum + (typeof field.count === 'number' ? field.count : entries) * sizeOf(field.of, 0);
    }
    return sum + (fixedSize(field) ?? entries * 3);
  }, 0);
}

const context: fc.Arbitrary<Context> = anyContext.map(({ bigEndian, ...rest }) => ({
  ...rest,
  ...(bigEndian && { bigEndian }),
}));

/** A payload that is mostly zeros or mostly anything, as long as its declaration says, give or take. */
function payloadOf({ spec, reply }: Declared, bigEndian: boolean): fc.Arbitrary<Uint8Array> {
  return fc
    .record({
      variant: fc.constantFrom(...variantsOf(spec, reply)),
      entries: fc.nat(4),
      told: fc.option(fc.nat(6), { nil: undefined }),
      off: fc.oneof(
        { weight: 4, arbitrary: fc.constant(0) },
        { weight: 2, arbitrary: fc.integer({ min: -60, max: 60 }) },
      ),
      fill: fc.constantFrom('zeros', 'sparse', 'small', 'any'),
      seed: fc.uint8Array({ minLength: 64, maxLength: 64 }),
    })
    .map(({ variant, entries, told, off, fill, seed }) => {
      const struct = variant.payload;
      const length = Math.max(0, sizeOf(struct, entries) + off);
      const bytes = new Uint8Array(length);
      for (let i = 0; i < length; i++) {
        const random = (seed[i % 64] as number) ^ ((i >> 6) * 37);
        if (fill === 'any') bytes[i] = random;
        else if (fill === 'small') bytes[i] = i % 4 === (bigEndian ? 3 : 0) ? random & 7 : 0;
        else if (fill === 'sparse' && random > 230) bytes[i] = random;
      }
      const counted = struct.list.some(field => field.kind === 'array' && typeof field.count === 'string');
      if (counted && length >= 4) new DataView(bytes.buffer).setUint32(0, told ?? entries, !bigEndian);
      return bytes;
    });
}

/** Flags as they should be, or anything. */
const flagsOf = (channel: Channel, reply: boolean): fc.Arbitrary<number> =>
  fc.oneof(
    { weight: 5, arbitrary: fc.constantFrom(0, 8).map(more => (channel === 'gpu' ? 0 : 1 | more) | (reply ? 4 : 0)) },
    {
      weight: 1,
      arbitrary: fc.nat(0xffff_ffff).map(any => (channel === 'gpu' ? any : reply ? any | 4 : any & ~4) >>> 0),
    },
  );

/** Any message as it can be recorded. */
export const anyMessage: fc.Arbitrary<Frame> = fc
  .record({
    what: fc.constantFrom(...declared),
    context,
    unknown: fc.option(fc.integer({ min: 46, max: 0xffff_ffff }), { freq: 20, nil: undefined }),
  })
  .chain(({ what, context, unknown }) =>
    fc
      .record({
        payload: payloadOf(what, context.bigEndian === true),
        flags: flagsOf(what.channel, what.reply),
        fds: fc.array(anyFd, { maxLength: 3 }),
        moreFds: fc.constantFrom(0, 0, 0, 2),
        missing: fc.constantFrom(0, 0, 0, 5),
        sizeOff: fc.constantFrom(0, 0, 0, 0, 0, 3),
      })
      .map(({ payload, flags, fds, moreFds, missing, sizeOff }): Frame => {
        const bytes = new Uint8Array(12 + payload.length);
        const view = new DataView(bytes.buffer);
        const little = context.bigEndian !== true;
        view.setUint32(0, unknown ?? what.spec.id, little);
        view.setUint32(4, flags, little);
        view.setUint32(8, payload.length + missing + sizeOff, little);
        bytes.set(payload, 12);
        const asks = requester(what.channel);
        const other = asks === 'front-to-back' ? 'back-to-front' : 'front-to-back';
        return {
          n: 7,
          kind: 'message',
          pair: 'net0',
          channel: what.channel,
          dir: what.reply ? other : asks,
          session: 1,
          epoch: 1,
          wallNs: 1_763_800_000_123_456_789n,
          receivedNs: 5_000_000_000n,
          sentNs: 5_000_010_000n,
          ...(what.reply && { reply: true, answers: 6 }),
          bytes,
          wireLength: bytes.length + missing,
          offset: 0,
          fds,
          ...(moreFds > 0 && { fdCount: fds.length + moreFds }),
          context,
        };
      }),
  );
