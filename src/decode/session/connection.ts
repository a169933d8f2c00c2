/**
 * A connection as a recording tells it: the session, the requests that wait for an answer, and what was before. Like
 * the session an immutable value whose parts are shared, so that any moment of a recording can be kept and shown.
 */
import { type Peers, unknownPeers, withMessage, withProgram } from '../dialects/peers.ts';
import type { Program } from '../dialects/programs.ts';
import { answering } from '../exchange.ts';
import type { Channel, Frame } from '../frame.ts';
import { type Message, sourceOf } from '../message.ts';
import { type Phase, phaseOf, situationOf } from '../phase.ts';
import type { Json, JsonObject } from '../text/event.ts';
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
  /** Who speaks. */
  readonly peers: Peers;
  /** Channels and directions whose bytes are no messages any more, as in `main front-to-back`. */
  readonly unframed: readonly string[];
  /** What the last message was part of. */
  readonly phase?: Phase;
  /** Record that tells its end. */
  readonly endedAt?: number;
}

/** Requests kept per channel while they wait for an answer; a peer that never answers must not fill the memory. */
const mostWaiting = 1024;
const nobodyWaits: Connection['waiting'] = { main: [], 'backend-req': [], gpu: [] };

/** A connection on which nothing was said yet. */
export function newConnection({ pair, session, epoch }: Frame, previous: Session | undefined): Connection {
  const nothing = { waiting: nobodyWaits, fromStart: false, peers: unknownPeers, unframed: [] };
  return { pair, session, epoch, state: newSession, previous, ...nothing };
}

/** Whether a request will be answered, as far as the negotiation at that point tells. */
export function expectsReply(frame: Frame, message: Message): boolean {
  // Most requests say by themselves that they want no answer.
  if (!message.needReply && message.spec?.reply.when === 'ack') return false;
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
  const before = now.state;
  const after = fold(before, frame, message);
  const { pair, session, epoch, previous } = now;
  return {
    pair,
    session,
    epoch,
    state: after,
    previous,
    waiting: frame.carried ? now.waiting : settled(now, frame, message),
    fromStart: before.n === 0 ? isFirst(frame) : now.fromStart,
    peers: withMessage(now.peers, { frame, message, before, after }),
    unframed: now.unframed,
    phase: phaseOf(situationOf(before), message, now.phase),
  };
}

const isFirst = ({ channel, offset, dir }: Frame) => channel === 'main' && offset === 0 && dir === 'front-to-back';

/** The connection after bytes that are no message. */
export function followRaw(now: Connection, { channel, dir }: Frame): Connection {
  const stream = `${channel} ${dir}`;
  return now.unframed.includes(stream) ? now : { ...now, unframed: [...now.unframed, stream] };
}

/** The connection after an event: who connected, who holds a socket, the end of the main channel. */
export function followEvent(now: Connection, frame: Frame, body: JsonObject): Connection {
  const { n, channel } = frame;
  switch (body.event) {
    case 'connected': {
      const front = withProgram(now.peers, 'front-end', programOf(body.front_end), n);
      return { ...now, peers: withProgram(front, 'back-end', programOf(body.back_end), n) };
    }
    case 'peer':
      return body.side === 'front-end' || body.side === 'back-end'
        ? { ...now, peers: withProgram(now.peers, body.side, programOf(body), n) }
        : now;
    case 'closed':
      return channel === 'main' && now.endedAt === undefined ? { ...now, endedAt: n } : now;
    default:
      return now;
  }
}

/** The process that an event tells of. */
export function programOf(told: Json | undefined): Program {
  if (typeof told !== 'object' || told === null || Array.isArray(told)) return {};
  const { executable, comm, version } = told as JsonObject;
  return {
    ...(typeof executable === 'string' && { executable }),
    ...(typeof comm === 'string' && { comm }),
    ...(typeof version === 'string' && { version }),
  };
}

function settled(now: Connection, frame: Frame, message: Message): Connection['waiting'] {
  const { channel } = message;
  const here = now.waiting[channel];
  if (message.reply) {
    const request = here.length === 0 ? undefined : requestOf(now, message);
    return request
      ? withWaiting(
          now,
          channel,
          here.filter(asked => asked !== request),
        )
      : now.waiting;
  }
  if (here.length >= mostWaiting || !expectsReply(frame, message)) return now.waiting;
  return withWaiting(now, channel, [...here, { frame, message, session: now.state }]);
}

function withWaiting({ waiting }: Connection, channel: Channel, list: readonly Asked[]): Connection['waiting'] {
  return {
    main: channel === 'main' ? list : waiting.main,
    'backend-req': channel === 'backend-req' ? list : waiting['backend-req'],
    gpu: channel === 'gpu' ? list : waiting.gpu,
  };
}
