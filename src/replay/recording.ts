/** One connection of a capture as something to be played: which messages are ours to say, and what the other side said. */
import type { Channel, Context, Frame } from '../decode/frame.ts';
import { decodeFrame, type Message } from '../decode/message.ts';
import { knownTo } from '../decode/session/known-to.ts';
import { fold, newSession, type Session } from '../decode/session/session.ts';
import { directionOf, otherSide, type Side } from '../decode/side.ts';
import { jsonBody } from '../decode/text/event.ts';

/** Which connection of a capture, and which part of it. */
export interface Choice {
  pair?: string | undefined;
  session?: number | undefined;
  epoch?: number | undefined;
  /** First and last record. */
  from?: number | undefined;
  to?: number | undefined;
}

/** One message of the recording. */
export interface Step {
  /** Position among the steps. */
  readonly at: number;
  readonly frame: Frame;
  readonly message: Message;
  /** Said by the side that is played. */
  readonly ours: boolean;
  /** The session before it. */
  readonly before: Session;
  /** Of a request: the step that answers it. Of a reply: the step it answers. */
  partner?: Step;
}

/** A connection to be played. */
export interface Recording {
  /** The side that is played. */
  readonly side: Side;
  readonly pair: string;
  readonly session: number;
  readonly epoch: number;
  readonly steps: readonly Step[];
  /** Which side closed the main connection first, where the capture tells. */
  readonly closedBy: Side | undefined;
  /** What of the capture is not played, as sentences. */
  readonly omitted: readonly string[];
  /** Connections of the capture that have messages. */
  readonly connections: number;
}

/**
 * Takes a connection out of a capture: the chosen one, else the first that has messages.
 *
 * @returns undefined where the capture has no such connection
 */
export function recordingOf(frames: Iterable<Frame>, side: Side, choice: Choice = {}): Recording | undefined {
  const seen = new Set<string>();
  let chosen: Frame | undefined;
  const found: Frame[] = [];
  for (const frame of frames) {
    if (frame.kind === 'finding' || frame.session === 0) continue;
    if (frame.kind === 'message') seen.add(keyOf(frame));
    chosen ??= frame.kind === 'message' && fits(frame, choice) ? frame : undefined;
    if (chosen ? keyOf(frame) === keyOf(chosen) : frame.kind === 'message' && fits(frame, choice)) found.push(frame);
  }
  if (!chosen) return undefined;
  return { ...assembled(found, side, choice), side, ...placeOf(chosen), connections: seen.size };
}

const keyOf = ({ pair, session, epoch }: Frame) => `${pair}/${session}/${epoch}`;
const placeOf = ({ pair, session, epoch }: Frame) => ({ pair, session, epoch });

function fits(frame: Frame, { pair, session, epoch }: Choice): boolean {
  return (
    (pair === undefined || frame.pair === pair) &&
    (session === undefined || frame.session === session) &&
    (epoch === undefined || frame.epoch === epoch)
  );
}

function assembled(frames: readonly Frame[], side: Side, { from = 0, to = Number.POSITIVE_INFINITY }: Choice) {
  const living = otherSide(side);
  const steps: Step[] = [];
  const byNumber = new Map<number, Step>();
  const omitted = new Map<string, number>();
  const omit = (what: string) => omitted.set(what, (omitted.get(what) ?? 0) + 1);
  let closedBy: Side | undefined;
  let session = newSession;
  for (const recorded of frames) {
    if (recorded.kind === 'event') closedBy ??= closerOf(recorded);
    if (recorded.kind === 'raw') omit('bytes that are no message');
    if (recorded.kind !== 'message') continue;
    const ours = recorded.dir === directionOf(side);
    // Where vhuscope has stepped in: what the side that lives now said then, and what reached it.
    const frame = knownTo(living, recorded);
    if (!frame) {
      omit(`messages of which the ${living} knew nothing`);
      continue;
    }
    const message = decodeFrame(frame);
    const before = session;
    session = fold(session, frame, message);
    if (frame.carried) omit('messages repeated from an earlier file');
    if (frame.carried || frame.n < from || frame.n > to) continue;
    const step: Step = { at: steps.length, frame, message, ours, before };
    const partner = frame.answers === undefined ? undefined : byNumber.get(frame.answers);
    if (partner && message.reply) {
      partner.partner = step;
      step.partner = partner;
    }
    byNumber.set(frame.n, step);
    steps.push(step);
  }
  return { steps, closedBy, omitted: [...omitted].map(([what, count]) => `${count} ${what}`) };
}

function closerOf(frame: Frame): Side | undefined {
  const body = jsonBody(frame);
  if (body?.event !== 'closed' || (body.channel ?? 'main') !== 'main') return undefined;
  return body.first === 'front-end' || body.first === 'back-end' ? body.first : undefined;
}

/** A step in words, for people: `12 SET_FEATURES`. */
export function stepName({ frame, message }: Step): string {
  return `${frame.n} ${nameOf(message)}`;
}

/** The name of a message, with an equals sign behind that of a reply. */
export function nameOf({ name, reply }: Message): string {
  return reply ? `${name} =` : name;
}

/** What a request is known by when the other side may say it earlier or later: its name, and the ring it is about. */
export function kindOf(channel: Channel, message: Message): string {
  const { index } = message.payload;
  const ring = typeof index === 'number' && /VRING|_FD$/.test(message.name) ? ` ${index}` : '';
  return `${channel} ${nameOf(message)}${ring}`;
}

/** The device, where the recording knows it: what can be known of a session beforehand. */
export function deviceOf({ steps }: Recording): Context {
  const { device } = steps.find(({ frame }) => frame.context.device !== undefined)?.frame.context ?? {};
  return device === undefined ? {} : { device };
}
