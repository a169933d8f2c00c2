/** What a played side answers to what the living one asks: as recorded, with what must be taken from the request. Pure. */
import { encodeMessage } from '../decode/encode.ts';
import { headerSize } from '../decode/header.ts';
import type { Message } from '../decode/message.ts';
import { otherWay } from '../decode/side.ts';
import type { Living } from './adapt.ts';
import { Draft, type Prepared } from './draft.ts';
import type { Step } from './recording.ts';

/** How the recorded side answers a request that came; `step` is the request as it was recorded, where it was. */
export function answerTo(
  request: Message,
  step: Step | undefined,
  earlier: Step | undefined,
  living: Living,
  own: boolean,
): Prepared {
  const reply = step?.partner ?? (own ? earlier?.partner : undefined);
  if (!reply) return defaultAnswer(request, living);
  const draft = new Draft(reply);
  if (!step) draft.adapted.push(`the answer of record ${reply.frame.n}: this request was not recorded`);
  answers[request.name]?.(draft, request, step, living);
  return draft.done();
}

/** An acknowledgement, or a reply with zeroes. */
function defaultAnswer({ channel, dir, spec, id }: Message, { context }: Living): Prepared {
  const bytes = encodeMessage(
    { channel, dir: otherWay(dir ?? 'back-to-front'), ...(spec ? { spec } : { id }), reply: true, payload: {} },
    context,
  );
  return { bytes, fds: [], adapted: ['no such reply was recorded: zeroes'] };
}

type Answer = (draft: Draft, request: Message, step: Step | undefined, living: Living) => void;

/** By name of the request: what its reply must take from it. */
const answers: { readonly [message: string]: Answer } = {
  // A ring stops where we are in it: another number would send the driver astray.
  GET_VRING_BASE: (draft, { payload }, _, { session, position }) => {
    if (!draft.holds(8)) return;
    const index = Number(payload.index ?? 0);
    const base = session.vrings.byIndex.get(index)?.base?.word ?? 0;
    const now = position(index) ?? base;
    const recorded = draft.get32(headerSize + 4);
    draft.put32(headerSize, index);
    draft.put32(headerSize + 4, now);
    if (recorded === now) return;
    const why = now === base ? 'no buffer was taken from the ring' : 'so far have buffers been taken from the ring';
    draft.adapted.push(`num ${recorded} → ${now}: ${why}`);
  },
  // A number that no other session has, also where more sessions are opened than were then.
  CREATE_CRYPTO_SESSION: (draft, _request, _step, { session }) => {
    const open = session.mappings.cryptoSessions;
    let free = draft.payload.session_id as number | bigint | undefined;
    if (free === undefined || free < 0 || !open.has(BigInt(free))) return;
    while (open.has(BigInt(free))) free = BigInt(free) + 1n;
    draft.put('session_id', String(free), 'since another session is open under that number');
  },
  // A window of the recorded configuration space, whichever was asked for.
  GET_CONFIG: (draft, { payload }, step) => {
    const recorded = step?.message.payload;
    if (!recorded || (recorded.offset === payload.offset && recorded.size === payload.size)) return;
    const [offset, size] = [Number(payload.offset ?? 0), Number(payload.size ?? 0)];
    const window = new Uint8Array(headerSize + 12 + size);
    window.set(draft.bytes.subarray(0, headerSize + 12));
    const from = headerSize + 12 + offset - Number(recorded.offset ?? 0);
    if (from >= headerSize) window.set(draft.bytes.subarray(from, from + size), headerSize + 12);
    draft.bytes = window;
    draft.put32(8, 12 + size);
    draft.put32(headerSize, offset);
    draft.put32(headerSize + 4, size);
    draft.adapted.push(`${size} bytes of the recorded configuration space from offset ${offset}`);
  },
};
