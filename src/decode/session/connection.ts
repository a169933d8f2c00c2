/**
 * A connection as a recording tells it: the session, the requests that wait for an answer, and what was before. Like
 * the session an immutable value whose parts are shared, so that any moment of a recording can be kept and shown.
 *
 * Both sides know the same until vhuscope changes, keeps back or makes a message. From then on each is followed by the
 * bytes that it said itself and that reached it.
 */
import { type Peers, unknownPeers, withMessage, withProgram } from '../dialects/peers.ts';
import type { Program } from '../dialects/programs.ts';
import { answering } from '../exchange.ts';
import type { Channel, Frame } from '../frame.ts';
import { requester } from '../header.ts';
import { decodeFrame, type Message, sourceOf } from '../message.ts';
import { type Phase, phaseOf, situationOf } from '../phase.ts';
import { type Side, sideOf } from '../side.ts';
import type { Json, JsonObject } from '../text/event.ts';
import { isAltered, knownTo } from './known-to.ts';
import { contextAfter, fold, newSession, type Session } from './session.ts';

/** A request that waits for its answer. */
export interface Asked {
  readonly frame: Frame;
  readonly message: Message;
  /** The session when it was sent. */
  readonly session: Session;
}

/** What a peer knows of a connection. */
export interface Knowledge {
  readonly state: Session;
  /** The last state of the connection before it, after a reconnect. */
  readonly previous: Session | undefined;
  /** Requests that wait for an answer, by channel, oldest first. */
  readonly waiting: { readonly [channel in Channel]: readonly Asked[] };
}

/** One connection after a record, as the front-end knows it. */
export interface Connection extends Knowledge {
  readonly pair: string;
  readonly session: number;
  readonly epoch: number;
  /** What the back-end knows, once that may be something else. */
  readonly backEnd?: Knowledge;
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
const nobodyWaits: Knowledge['waiting'] = { main: [], 'backend-req': [], gpu: [] };

/** A connection on which nothing was said yet; `last` is the one before it. */
export function newConnection({ pair, session, epoch }: Frame, last: Connection | undefined): Connection {
  const nothing = { waiting: nobodyWaits, fromStart: false, peers: unknownPeers, unframed: [] };
  const backEnd = last?.backEnd && { state: newSession, previous: last.backEnd.state, waiting: nobodyWaits };
  return { pair, session, epoch, state: newSession, previous: last?.state, ...nothing, ...(backEnd && { backEnd }) };
}

/** What a side knows of a connection. */
export function knowledgeOf(connection: Connection, side: Side): Knowledge {
  return side === 'back-end' ? (connection.backEnd ?? connection) : connection;
}

/** Whether a request will be answered, as far as the negotiation at that point tells. */
function expectsReply(frame: Frame, message: Message): boolean {
  // Most requests say by themselves that they want no answer.
  if (!message.needReply && message.spec?.reply.when === 'ack') return false;
  return answering(message.spec, message.needReply, sourceOf(frame)) !== 'never';
}

/** The request that a reply answers: the oldest of its number that waits on its channel. */
export function requestOf({ waiting }: Knowledge, message: Message): Asked | undefined {
  return message.reply ? waiting[message.channel].find(asked => asked.message.id === message.id) : undefined;
}

/** All requests that wait, oldest first. */
export function allWaiting({ waiting }: Knowledge): Asked[] {
  return Object.values(waiting)
    .flat()
    .sort((a, b) => a.frame.n - b.frame.n);
}

/** The requests that reached the side they ask, and that it has not answered, oldest first. */
export function owed(connection: Connection): Asked[] {
  const { backEnd } = connection;
  if (!backEnd) return allWaiting(connection);
  const byBackEnd = ({ message }: Asked) => requester(message.channel) === 'front-to-back';
  const asked = [...allWaiting(backEnd).filter(byBackEnd), ...allWaiting(connection).filter(one => !byBackEnd(one))];
  return asked.sort((a, b) => a.frame.n - b.frame.n);
}

/** The connection after a message. Total, as the session is. */
export function follow(now: Connection, frame: Frame, message: Message): Connection {
  if (now.backEnd !== undefined || isAltered(frame)) return followApart(now, frame, message);
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

/** A message as a side knows it. */
export interface Heard {
  readonly frame: Frame;
  readonly message: Message;
}

/** A message as a side said or understands it: by what it knows of the negotiation. Undefined where it knows nothing of it. */
export function heard(now: Connection, side: Side, frame: Frame, message: Message): Heard | undefined {
  const known = knownTo(side, frame);
  if (known === undefined) return undefined;
  if (known === frame && sideOf(frame.dir) === side) return { frame, message };
  const read = { ...known, context: contextAfter(knowledgeOf(now, side).state, known.context) };
  return { frame: read, message: decodeFrame(read) };
}

/** The connection after a message that one side knows otherwise than the other. */
function followApart(now: Connection, frame: Frame, message: Message): Connection {
  const front = learned(now, heard(now, 'front-end', frame, message));
  const back = learned(now.backEnd ?? now, heard(now, 'back-end', frame, message));
  const author = frame.injected ? undefined : sideOf(frame.dir);
  const said = author && {
    before: knowledgeOf(now, author).state,
    after: (author === 'front-end' ? front : back).state,
  };
  return {
    ...now,
    ...front,
    backEnd: back,
    fromStart: now.fromStart || (now.state.n === 0 && isFirst(frame)),
    // Only what a peer said itself shows its habits.
    peers: said ? withMessage(now.peers, { frame, message, ...said }) : now.peers,
    phase: phaseOf(situationOf(now.state), message, now.phase),
  };
}

/** What a peer knows after a message that it has said, or that has reached it. */
function learned({ state, previous, waiting }: Knowledge, one: Heard | undefined): Knowledge {
  if (!one) return { state, previous, waiting };
  const { frame, message } = one;
  const after = fold(state, frame, message);
  return { state: after, previous, waiting: frame.carried ? waiting : settled({ state, waiting }, frame, message) };
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

function settled(now: Omit<Knowledge, 'previous'>, frame: Frame, message: Message): Knowledge['waiting'] {
  const { channel } = message;
  const here = now.waiting[channel];
  if (message.reply) {
    const request = here.length === 0 ? undefined : here.find(asked => asked.message.id === message.id);
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

function withWaiting(
  { waiting }: Pick<Knowledge, 'waiting'>,
  channel: Channel,
  list: readonly Asked[],
): Knowledge['waiting'] {
  return {
    main: channel === 'main' ? list : waiting.main,
    'backend-req': channel === 'backend-req' ? list : waiting['backend-req'],
    gpu: channel === 'gpu' ? list : waiting.gpu,
  };
}
