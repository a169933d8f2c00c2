/** What a probe has shown, read from the messages of its connection alone. Pure. */
import { Checker } from '../decode/check/check.ts';
import type { Finding } from '../decode/check/rule.ts';
import { answering } from '../decode/exchange.ts';
import type { Frame } from '../decode/frame.ts';
import { requester } from '../decode/header.ts';
import { decodeFrame, type Message, sourceOf } from '../decode/message.ts';
import { type Side, sideOf } from '../decode/side.ts';
import { littleEndian } from '../sys/libc.ts';
import type { Account } from './peer.ts';
import { marks, type Probe, type Reaction, type Verdict, verdictOn } from './probe.ts';

/** What a probe has shown. */
export interface Judgement {
  /** Absent where the probe was skipped or not reached. */
  readonly reaction?: Reaction;
  /** With what it refused. */
  readonly refusal?: string;
  /** The connection was closed, at the latest right after the reaction. */
  readonly closed: boolean;
  readonly verdict: Verdict;
  /** Rules that the other side broke on the way. */
  readonly findings: readonly Finding[];
}

/** A message and its frame. */
interface Seen {
  readonly frame: Frame;
  readonly message: Message;
}

const other = { 'front-end': 'back-end', 'back-end': 'front-end' } as const;

/** What both sides broke on a connection, by the rules. */
export function findingsOf(frames: readonly Frame[]): Finding[] {
  const checker = new Checker();
  return frames.flatMap(frame => checker.message(frame, decodeFrame(frame)));
}

/**
 * Judges a probe.
 *
 * @param account what happened on its connection
 * @param ours the side that sent the probe
 * @param killed the process of the other side was killed by a signal
 */
export function judge(probe: Probe, account: Account, ours: Side, killed: boolean): Judgement {
  const { closed } = account;
  const theirs = findingsOf(account.frames).filter(
    ({ side, rule }) => side === other[ours] && !probe.excuses?.includes(rule),
  );
  const from = account.marks[marks.sends];
  if (from === undefined) return { closed, verdict: killed ? 'death' : 'unreached', findings: theirs };
  const seen = account.frames.map(frame => ({ frame, message: decodeFrame(frame) }));
  const until = account.marks[marks.after] ?? seen.length;
  const asked = lastRequest(seen.slice(from, until), ours);
  const reply = asked && replyTo(asked, seen);
  // What answers a broken request may be broken too.
  const excused = probe.nature === 'wrong' ? reply?.frame.n : undefined;
  const findings = theirs.filter(({ records }) => records[0] !== excused);
  const { reaction, refusal } = reply ? toReply(reply) : { ...withoutReply(asked, account), refusal: undefined };
  const seenReaction = killed ? 'dies' : reaction;
  const verdict = verdictOn(probe, seenReaction);
  const broken = findings.some(({ severity }) => severity === 'error') && (verdict === 'pass' || verdict === 'allowed');
  return {
    reaction: seenReaction,
    ...(refusal !== undefined && { refusal }),
    closed,
    verdict: broken ? 'deviation' : verdict,
    findings,
  };
}

/** A request of ours, also one that is dressed up as a reply. */
function lastRequest(seen: readonly Seen[], ours: Side): Seen | undefined {
  return seen.filter(({ frame }) => sideOf(frame.dir) === ours && frame.dir === requester(frame.channel)).at(-1);
}

/** The reply is the one that names the request, not one that came by accident in its place. */
function replyTo({ frame: asked, message: { id } }: Seen, seen: readonly Seen[]): Seen | undefined {
  return seen.find(({ frame, message }) => frame.answers === asked.n && message.id === id);
}

function toReply({ message }: Seen): { reaction: Reaction; refusal?: string } {
  const refusal = refusalIn(message);
  if (refusal !== undefined) return { reaction: 'refuses', refusal };
  return { reaction: acknowledgement(message) === undefined ? 'answers' : 'accepts' };
}

/** The value of an acknowledgement; a message that is not known has no other reply. */
function acknowledgement({ spec, payload, rest }: Message): bigint | undefined {
  const { result } = payload;
  if (typeof result === 'number' || typeof result === 'bigint') return BigInt(result);
  if (spec || rest?.length !== 8) return undefined;
  return new DataView(rest.buffer, rest.byteOffset, 8).getBigUint64(0, littleEndian);
}

/** What a reply says no with: an acknowledgement that is not 0, no data, or an error of its own. */
function refusalIn(message: Message): string | undefined {
  const { name, size, payload } = message;
  const { error, session_id } = payload;
  const result = acknowledgement(message);
  if (result !== undefined) return result === 0n ? undefined : String(result);
  if (error !== undefined && error !== 0) return `error ${String(error)}`;
  if (name === 'GET_CONFIG' && size === 0) return 'an empty reply';
  if (name === 'GET_CONFIG' && size === 12) return 'a reply without data';
  if (name === 'CREATE_CRYPTO_SESSION' && Number(session_id) < 0) return `session ${String(session_id)}`;
  return undefined;
}

function withoutReply(asked: Seen | undefined, { closed, marks: passed }: Account): { reaction: Reaction } {
  if (closed) return { reaction: 'closes' };
  if (passed[marks.end] === undefined) return { reaction: 'hangs' };
  return { reaction: asked && isDue(asked) ? 'stays silent' : 'goes on' };
}

/** Whether a request is answered, by its declaration and what had been negotiated. */
function isDue({ frame, message }: Seen): boolean {
  const how = answering(message.spec, message.needReply, sourceOf(frame));
  return how === 'own' || how === 'ack';
}
