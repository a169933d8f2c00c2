/**
 * What a played side says instead of the recorded bytes, where the living other side has said something else this time.
 * Pure: the recording, and the session as it is, in; bytes, descriptors and the reasons out.
 */
import { type Facts, holds } from '../decode/condition.ts';
import type { Payload } from '../decode/decode.ts';
import { encodeMessage } from '../decode/encode.ts';
import type { Context } from '../decode/frame.ts';
import { headerSize, needReplyFlag } from '../decode/header.ts';
import type { Message } from '../decode/message.ts';
import { big, known } from '../decode/session/area.ts';
import type { Session } from '../decode/session/session.ts';
import type { Vring } from '../decode/session/vring.ts';
import { Draft, type FdPlan, type Prepared } from './draft.ts';
import type { Step } from './recording.ts';

/** A message that cannot be said this time. */
export interface LeftOut {
  readonly leftOut: string;
}

/** The connection as it is now. */
export interface Living {
  readonly session: Session;
  readonly context: Context;
  /** What came this time in the place of the record with that number. */
  heard(n: number): Message | undefined;
  /** Where a ring stands whose requests are taken here; undefined for others. */
  position(ring: number): number | undefined;
}

const replyAck = 3n;

/** The recorded message as it must be said now. */
export function adapted(step: Step, living: Living): Prepared | LeftOut {
  const why = impossible(step, living);
  if (why !== undefined && !canShareAsTable(step.message, why)) return { leftOut: why };
  const draft = new Draft(step);
  if (step.ours && step.message.needReply && had(step, replyAck) && !has(living.context.protocolFeatures, replyAck))
    draft.withoutNeedReply();
  if (why !== undefined) return asTable(draft, step, living);
  changes[step.message.name]?.(draft, step, living);
  return draft.done();
}

/** Why a message has no place in this session; undefined where it has one. */
function impossible(step: Step, living: Living): string | undefined {
  return notAgreed(step, living) ?? beyondRings(step, living) ?? pointless[step.message.name]?.(step, living);
}

/** A feature that the message needs was not agreed on, though it was then. */
function notAgreed({ message, frame }: Step, { context }: Living): string | undefined {
  const { spec } = message;
  const facts = (of: Context): Facts => ({
    context: of,
    size: message.size,
    fdCount: frame.fds.length,
    first: 0,
    assumed: false,
  });
  if (spec?.requires && holds(spec.requires, facts(frame.context)) && !holds(spec.requires, facts(context)))
    return `${conditionText(spec.requires)} was not agreed on`;
  return undefined;
}

/** It is about a ring that the back-end does not have. */
function beyondRings({ message, frame, before }: Step, { session, context }: Living): string | undefined {
  const { index } = message.payload;
  const [rings, recorded] = [ringsOf(session, context), ringsOf(before, frame.context)];
  if (typeof index !== 'number' || message.channel !== 'main' || !/VRING/.test(message.name)) return undefined;
  if (rings === undefined || index < rings || (recorded !== undefined && index >= recorded)) return undefined;
  return `the back-end has only ${rings} ${rings === 1 ? 'ring' : 'rings'}`;
}

/** What is open under a name that the back-end had given: the record that gave it. */
type Given = (session: Session, payload: Payload) => number | undefined;

const cryptoSession: Given = ({ mappings }, { session_id }) =>
  known(session_id) ? mappings.cryptoSessions.get(BigInt(session_id)) : undefined;
const sharedObject: Given = ({ mappings }, { uuid }) => mappings.objects.get(String(uuid));

/** By name of the message: why it has no place, where what it is about is not there this time. */
const pointless: { readonly [message: string]: (step: Step, living: Living) => string | undefined } = {
  ADD_MEM_REG: ({ before }, { session }) => {
    const [slots, then] = [session, before].map(({ negotiation }) => negotiation.memorySlots);
    const [shared, had] = [session, before].map(({ memory }) => memory.regions.length) as [number, number];
    if (slots === undefined || shared < slots || (then !== undefined && had >= then)) return undefined;
    return `the back-end has only ${slots} memory ${Number(slots) === 1 ? 'slot' : 'slots'}`;
  },
  REM_MEM_REG: ({ before, message }, { session }) => {
    const start = big((message.payload.region as Payload | undefined)?.guest_address);
    const has = ({ memory }: Session) => memory.regions.some(({ guestAddress }) => guestAddress === start);
    return has(before) && !has(session) ? 'the region was not shared this time' : undefined;
  },
  CLOSE_CRYPTO_SESSION: ({ before, message }, living) => {
    const opened = cryptoSession(before, message.payload);
    const now = opened === undefined ? undefined : living.heard(opened)?.payload.session_id;
    return known(now) && now < 0 ? 'the back-end has not opened the session this time' : undefined;
  },
};

/** How many rings the back-end says it has; for a network device it counts pairs, and the control ring comes on top. */
function ringsOf({ negotiation }: Session, { device }: Context): number | undefined {
  const queues = negotiation.queueNum === undefined ? undefined : Number(negotiation.queueNum);
  return queues !== undefined && device === 1 ? queues * 2 + 1 : queues;
}

function conditionText(condition: readonly unknown[]): string {
  return condition
    .flatMap(part =>
      typeof part === 'string' && part === part.toUpperCase()
        ? [part]
        : Array.isArray(part)
          ? [conditionText(part)]
          : [],
    )
    .join(' and ');
}

const has = (mask: bigint | undefined, bit: bigint): boolean => mask !== undefined && ((mask >> bit) & 1n) === 1n;
const had = ({ frame }: Step, bit: bigint): boolean => has(frame.context.protocolFeatures, bit);

type Change = (draft: Draft, step: Step, living: Living) => void;

/** Accepts only what is on offer now, besides what was accepted without being on offer even then. */
const intersected =
  (of: 'virtio' | 'protocol'): Change =>
  (draft, { before }, { session }) => {
    const now = session.negotiation[of].offered;
    if (now === undefined || !draft.holds(8)) return;
    const recorded = draft.get64(headerSize);
    const then = before.negotiation[of].offered ?? recorded;
    const accepted = recorded & (now | ~then);
    if (accepted === recorded) return;
    draft.put64(headerSize, accepted);
    draft.adapted.push(`features 0x${recorded.toString(16)} → 0x${accepted.toString(16)}: the others are not on offer`);
  };

const ring = ({ vrings }: Session, index: number): Vring | undefined => vrings.byIndex.get(index);

/** By name of the message: what it must take from the living side. */
const changes: { readonly [message: string]: Change } = {
  SET_FEATURES: intersected('virtio'),
  SET_PROTOCOL_FEATURES: intersected('protocol'),
  // A ring goes on where the back-end has stopped it.
  SET_VRING_BASE: (draft, { before }, { session }) => {
    if (!draft.holds(8)) return;
    const index = draft.get32(headerSize);
    const recorded = draft.get32(headerSize + 4);
    const stopped = ring(session, index)?.stoppedAt?.word;
    if (stopped === undefined || stopped === recorded || ring(before, index)?.stoppedAt?.word !== recorded) return;
    draft.put32(headerSize + 4, stopped);
    draft.adapted.push(`num ${recorded} → ${stopped}, where the back-end has stopped the ring`);
  },
  // The region and its descriptor are those that the back-end has handed out.
  SET_INFLIGHT_FD: (draft, { before }, { session }) => {
    const given = session.migration.inflight;
    if (!given?.fd || before.migration.inflight === undefined || !draft.holds(20)) return;
    const recorded = [draft.get64(headerSize), draft.get64(headerSize + 8)];
    draft.put64(headerSize, given.size);
    draft.put64(headerSize + 8, given.offset);
    draft.fds = [{ handedBack: given.fd }];
    const changed = recorded[0] !== given.size || recorded[1] !== given.offset;
    draft.adapted.push(`the region that the back-end has handed out${changed ? `, ${given.size} bytes` : ''}`);
  },
  CLOSE_CRYPTO_SESSION: renamed('session_id', cryptoSession),
  GET_SHARED_OBJECT: renamed('uuid', sharedObject),
};

/** Says the name that the back-end has given this time to what it had named then. */
function renamed(field: string, given: Given): Change {
  return (draft, { before, message }, living) => {
    const record = given(before, message.payload);
    const now = record === undefined ? undefined : living.heard(record)?.payload[field];
    if (now !== undefined) draft.put(field, String(now), 'the one that the back-end has given');
  };
}

/** Regions one by one need memory slots; without them the whole table is said anew, as a front-end does. */
function canShareAsTable({ name, channel }: Message, why: string): boolean {
  return channel === 'main' && /^(ADD|REM)_MEM_REG$/.test(name) && why.startsWith('CONFIGURE_MEM_SLOTS');
}

function asTable(draft: Draft, step: Step, { session, context }: Living): Prepared | LeftOut {
  const { message, frame } = step;
  const { region } = message.payload;
  if (region === undefined) return { leftOut: 'CONFIGURE_MEM_SLOTS was not agreed on' };
  const said = region as Payload;
  const kept = session.memory.regions.filter(one => one.guestAddress !== BigInt(said.guest_address as number));
  const regions: Payload[] = kept.map(one => ({
    ...{ guest_address: one.guestAddress, size: one.size, user_address: one.userAddress, mmap_offset: one.fdOffset },
  }));
  const fds: FdPlan[] = kept.map(one =>
    one.fd ? { handedBack: one.fd } : { like: { kind: 'memfd' }, of: step, at: 0 },
  );
  if (message.name === 'ADD_MEM_REG') {
    regions.push(said);
    fds.push(...draft.fds);
  }
  const needReply = (draft.get32(4) & needReplyFlag) !== 0;
  const bytes = encodeMessage(
    {
      ...{ channel: 'main', dir: frame.dir, name: 'SET_MEM_TABLE', needReply, payload: { regions } },
      fdCount: fds.length,
    },
    context,
  );
  return { bytes, fds, adapted: [...draft.adapted, 'as SET_MEM_TABLE, since CONFIGURE_MEM_SLOTS was not agreed on'] };
}
