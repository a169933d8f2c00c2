/** Messages as recordings have them, for tests of the pure parts of a replay. */
import { encodeMessage } from '../../src/decode/encode.ts';
import type { Channel, Direction, FdIdentity, Frame } from '../../src/decode/frame.ts';
import { decodeFrame } from '../../src/decode/message.ts';
import { fold, newSession, type Session } from '../../src/decode/session/session.ts';
import type { LeftOut, Living } from '../../src/replay/adapt.ts';
import type { Prepared } from '../../src/replay/draft.ts';
import { recordingOf, type Step } from '../../src/replay/recording.ts';

/** Every protocol feature. */
export const all = (1n << 20n) - 1n;

let n = 0;
/** A message of a connection that has every protocol feature; its number is one that no other has. */
export function frame(
  name: string,
  payload = {},
  more: Partial<Frame> & { needReply?: boolean; of?: Channel } = {},
): Frame {
  const { needReply = false, of: channel = 'main', ...rest } = more;
  const context = { features: 1n << 30n, protocolFeatures: all, ...more.context };
  const reply = more.reply === true;
  const asks: Direction = channel === 'main' ? 'front-to-back' : 'back-to-front';
  const dir = reply === (asks === 'back-to-front') ? 'front-to-back' : 'back-to-front';
  const fdCount = more.fds?.length ?? 0;
  const bytes = encodeMessage({ channel, dir, name, reply, needReply, payload, fdCount }, context);
  return {
    ...{
      n: ++n,
      kind: 'message',
      pair: 'p',
      channel,
      dir,
      session: 1,
      epoch: 1,
      wallNs: 0n,
      receivedNs: 0n,
      sentNs: 0n,
    },
    ...{ bytes, wireLength: bytes.length, offset: 0, fds: [] },
    ...rest,
    context,
  };
}

/** The steps of a front-end that says its part of these messages. */
export const steps = (frames: readonly Frame[]): readonly Step[] => recordingOf(frames, 'front-end')?.steps ?? [];
const after = (frames: readonly Frame[]): Session =>
  frames.reduce((session, one) => fold(session, one, decodeFrame(one)), newSession);
/** A connection as it is now, after these messages; `heardAs` stand for the records with those numbers. */
export const living = (
  frames: readonly Frame[],
  protocolFeatures = all,
  heardAs: Readonly<Record<number, Frame>> = {},
): Living => ({
  session: after(frames),
  context: { features: 1n << 30n, protocolFeatures },
  heard: n => heardAs[n] && decodeFrame(heardAs[n]),
  position: () => undefined,
});
export const eventfd: FdIdentity[] = [{ kind: 'eventfd', object: 1 }];
export const memfd: FdIdentity[] = [{ kind: 'memfd', size: 0x10_0000, object: 2 }];
/** A region of one page. */
export const region = (guest_address: number) => ({
  region: { guest_address, size: 0x1000, user_address: 0x7f00_0000 + guest_address, mmap_offset: guest_address },
});
/** What a message that is going to be said is, or why it is left out. */
export const said = (result: Prepared | LeftOut) => {
  if ('leftOut' in result) return result.leftOut;
  const { bytes, fds, adapted: notes } = result;
  const sent = decodeFrame({
    ...frame('SET_OWNER'),
    bytes,
    wireLength: bytes.length,
    fds: fds.map(() => ({ kind: 'memfd' })),
  });
  return { name: sent.name, payload: sent.payload, needReply: sent.needReply, notes };
};
