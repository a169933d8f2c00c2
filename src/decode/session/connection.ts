/**
 * A connection as a recording tells it: the session, the requests that wait for an answer, and what was before. Like
 * the session an immutable value whose parts are shared, so that any moment of a recording can be kept and shown.
 */
import { answering } from '../exchange.ts';
import type { Channel, Frame } from '../frame.ts';
import { type Message, sourceOf } from '../message.ts';
import { fold, newSession, type Session } from './session.ts';

/** A request that waits for its answer. */
export interface Asked {
  readonly frame: Frame;
  readonly message: Message;
  /** The session when it was sent. */
  readonly session: Session;
}

/** One connection after a record. */
export interface Connection {
  readonly pair: string;
  readonly session: number;
  readonly epoch: number;
  readonly state: Session;
  /** The last state of the connection before it, after a reconnect. */
  readonly previous: Session | undefined;
  /** Requests that wait for an answer, by channel, oldest first. */
  readonly waiting: { readonly [channel in Channel]: readonly Asked[] };
  /** It is recorded from its first byte: what was not seen was not sent. */
  readonly fromStart: boolean;
  /** Record that tells its end. */
  readonly endedAt?: number;
}

/** Requests kept per channel while they wait for an answer; a peer that never answers must not fill the memory. */
const mostWaiting = 1024;
const nobodyWaits: Connection['waiting'] = { main: [], 'backend-req': [], gpu: [] };

/** The connection that a first message opens, as it was before that message. */
export function newConnection({ pair, session, epoch, ...frame }: Frame, previous: Session | undefined): Connection {
  const fromStart = frame.channel === 'main' && frame.offset === 0 && frame.dir === 'front-to-back';
  return { pair, session, epoch, state: newSession, previous, waiting: nobodyWaits, fromStart };
}

/** Whether a request will be answered, as far as the negotiation at that point tells. */
export function expectsReply(frame: Frame, message: Message): boolean {
  return answering(message.spec, message.needReply, sourceOf(frame)) !== 'never';
}

/** The request that a reply answers: the oldest of its number that waits on its channel. */
export function requestOf({ waiting }: Connection, message: Message): Asked | undefined {
  return message.reply ? waiting[message.channel].find(asked => asked.message.id === message.id) : undefined;
}

/** All requests that wait, oldest first. */
export function allWaiting({ waiting }: Connection): Asked[] {
  return Object.values(waiting)
    .flat()
    .sort((a, b) => a.frame.n - b.frame.n);
}

/** The connection after a message. Total, as the session is. */
export function follow(now: Connection, frame: Frame, message: Message): Connection {
  return {
    pair: now.pair,
    session: now.session,
    epoch: now.epoch,
    state: fold(now.state, frame, message),
    previous: now.previous,
    waiting: frame.carried ? now.waiting : settled(now, frame, message),
    fromStart: now.fromStart,
  };
}

function settled(now: Connection, frame: Frame, message: Message): Connection['waiting'] {
  const { channel } = message;
  const here = now.waiting[channel];
  if (message.reply) {
    const request = here.length === 0 ? undefined : requestOf(now, message);
    return request ? { ...now.waiting, [channel]: here.filter(asked => asked !== request) } : now.waiting;
  }
  if (here.length >= mostWaiting || !expectsReply(frame, message)) return now.waiting;
  return { ...now.waiting, [channel]: [...here, { frame, message, session: now.state }] };
}
