/**
 * Follows the UNIX sockets of an strace log: finds those that speak vhost-user, and the channels that are passed over
 * them. Whether the log is of the front-end or of the back-end follows from who asks.
 */
import type { Channel, Direction } from '../../decode/frame.ts';
import { type Framed, Framer } from '../../decode/framer.ts';
import { headerSize, readU32, requester } from '../../decode/header.ts';
import { otherWay, sideOf } from '../../decode/side.ts';
import { type Conversation, type Ending, type HeardFd, isMessageOf } from '../scribe.ts';
import type { Source } from '../source.ts';
import { type Call, calls } from './calls.ts';
import { identityOf, type NamedFd, namedFds, socketPath } from './descriptors.ts';
import { stringPattern, unquote } from './strings.ts';
import { type Moved, movedBy } from './transfer.ts';

/** Requests that pass the socket of another channel, by their numbers. */
const passes: { readonly [id: number]: Channel } = { 21: 'backend-req', 33: 'gpu' };
/** Sockets at one time; what is opened beyond is not followed. */
const mostSockets = 65_536;

/** A stretch of a stream that the log does not show. */
interface Gap {
  from: number;
  to: number;
}

/** One direction of a socket. */
interface Stream {
  framer: Framer<HeardFd & { named: NamedFd }>;
  /** Bytes so far. */
  length: number;
  gaps: Gap[];
}

interface Socket {
  key: string;
  path: string | undefined;
  /** What is spoken on it: not known yet, not vhost-user, or a channel. */
  role: 'unknown' | 'foreign' | Channel;
  conversation: Conversation | undefined;
  /** The direction of what the traced process sends. */
  outward: Direction;
  streams: { sent: Stream; received: Stream };
}

/** Reads a whole log. Complaints name lines. */
export function followStrace(lines: Iterable<string>, source: Source): void {
  const follower = new Follower(source);
  for (const call of calls(lines)) follower.take(call);
  follower.end();
}

class Follower {
  readonly #source: Source;
  readonly #sockets = new Map<string, Socket>();
  /** Both ends of every socket pair, by key. */
  readonly #pairs = new Map<string, string>();
  /** How often a number was given out again, by descriptor: what was closed is another object. */
  readonly #generations = new Map<number, number>();

  constructor(source: Source) {
    this.#source = source;
  }

  take(call: Call): void {
    switch (call.name) {
      case 'socketpair':
        this.#paired(call);
        break;
      case 'connect':
        this.#connected(call);
        break;
      case 'accept':
      case 'accept4':
        this.#accepted(call);
        break;
      case 'close':
        this.#closed(call);
        break;
      default:
        this.#moved(call);
    }
  }

  /** The log is over. */
  end(): void {
    for (const socket of this.#sockets.values()) this.#finish(socket, undefined);
  }

  #paired({ arguments: text, result }: Call): void {
    const [one, other] = namedFds(/\[(.*)\]\s*$/.exec(text)?.[1] ?? '');
    if (result < 0 || !one || !other) return;
    this.#pairs.set(keyOf(one), keyOf(other)).set(keyOf(other), keyOf(one));
  }

  #connected({ arguments: text, result }: Call): void {
    const fd = subject(text);
    const path = new RegExp(`sun_path=(@?)${stringPattern}`).exec(text);
    if (result === 0 && fd && path) this.#socket(fd).path = `${path[1]}${unquote(path[2] as string)}`;
  }

  #accepted({ arguments: text, resultFd }: Call): void {
    const listener = subject(text);
    if (!resultFd || !listener || !/AF_UNIX|UNIX/.test(text)) return;
    const path = socketPath(listener) ?? socketPath(resultFd);
    if (path !== undefined) this.#socket(resultFd).path = path;
  }

  #closed({ arguments: text, result, time }: Call): void {
    const fd = subject(text);
    if (result !== 0 || !fd) return;
    this.#generations.set(fd.number, (this.#generations.get(fd.number) ?? 0) + 1);
    const socket = this.#sockets.get(keyOf(fd));
    if (socket) this.#finish(socket, { how: 'eof', first: sideOf(socket.outward) }, time);
  }

  #moved(call: Call): void {
    const fd = subject(call.arguments);
    if (!fd || !/^$|^UNIX|^socket:/.test(fd.name)) return;
    const moved = movedBy(call);
    if (moved) this.#transferred(fd, moved, call);
    else this.#perhapsEnded(fd, call);
  }

  /** A call that moved nothing may tell that the other side is gone. */
  #perhapsEnded(fd: NamedFd, call: Call): void {
    const socket = this.#sockets.get(keyOf(fd));
    if (!socket || socket.role === 'foreign' || socket.role === 'unknown') return;
    const other = sideOf(otherWay(socket.outward));
    const asked = call.name !== 'read' || !call.arguments.endsWith(', 0');
    if (call.result === 0 && asked && /^(?:recv|read)/.test(call.name))
      this.#finish(socket, { how: 'eof', first: other }, call.time);
    else if (call.error === 'ECONNRESET') this.#finish(socket, { how: 'reset', first: other }, call.time);
    else if (call.error === 'EPIPE') this.#finish(socket, { how: 'epipe', first: other }, call.time);
  }

  #transferred(fd: NamedFd, moved: Moved, call: Call): void {
    const socket = this.#socket(fd);
    socket.path ??= socketPath(fd);
    if (socket.role === 'unknown' && this.#isOtherEnd(fd)) socket.role = 'foreign';
    if (socket.role === 'foreign') return;
    const stream = socket.streams[moved.sent ? 'sent' : 'received'];
    const bytes = Buffer.alloc(moved.length);
    let at = 0;
    for (const piece of moved.pieces) {
      if (piece.at > at) stream.gaps.push({ from: stream.length + at, to: stream.length + piece.at });
      piece.bytes.copy(bytes, piece.at);
      at = piece.at + piece.bytes.length;
    }
    if (at < moved.length) stream.gaps.push({ from: stream.length + at, to: stream.length + moved.length });
    stream.length += moved.length;
    const fds = moved.fds.map(named => ({ named, identity: identityOf(named), handle: this.#handle(named) }));
    for (const framed of stream.framer.feed(bytes, fds)) this.#framed(socket, moved.sent, framed, call);
  }

  /** Whether this is the far end of a socket that is followed: the log then has both sides, and one is enough. */
  #isOtherEnd(fd: NamedFd): boolean {
    const other = fd.peer === undefined ? undefined : this.#sockets.get(`[${fd.peer}]`);
    return other !== undefined && other.role !== 'unknown' && other.role !== 'foreign';
  }

  #framed(socket: Socket, sent: boolean, framed: Framed<HeardFd & { named: NamedFd }>, call: Call): void {
    if (socket.role === 'unknown') this.#recognize(socket, sent, framed, call);
    const { role, conversation, outward } = socket;
    if (role === 'unknown' || role === 'foreign' || !conversation) return;
    const stream = socket.streams[sent ? 'sent' : 'received'];
    const end = framed.offset + framed.bytes.length;
    const gap = stream.gaps.find(one => one.from < end && one.to > framed.offset);
    stream.gaps = stream.gaps.filter(one => one.to > end);
    const known = gap === undefined ? framed.bytes : framed.bytes.subarray(0, Math.max(0, gap.from - framed.offset));
    const begins = framed.kind === 'message' || framed.reason !== undefined;
    if (begins && known.length < headerSize)
      this.#source.complain(call.line, `the log shows ${known.length} bytes of a header: strace needs -s 8192`);
    const dir = sent ? outward : otherWay(outward);
    conversation.hear({
      ...{ kind: framed.kind, channel: role, dir, bytes: known, wireLength: framed.bytes.length },
      ...{ offset: framed.offset, fds: framed.fds, fdAt: framed.fdAt },
      ...{ timeNs: nanoseconds(call.time), endedNs: nanoseconds(call.ended) },
    });
    if (framed.kind === 'message' && role === 'main' && dir === 'front-to-back') this.#opens(socket, framed);
  }

  /** What the first message on a socket shows: that it is a main connection, and which side was traced. */
  #recognize(socket: Socket, sent: boolean, framed: Framed<unknown>, call: Call): void {
    const found = framed.kind === 'message' ? isMessageOf('main', framed.bytes) : undefined;
    const path = socket.path;
    if (!found && isMessageOf('main', framed.bytes, true))
      this.#source.complain(
        call.line,
        'a message in the byte order of a big-endian machine (s390x): such logs cannot be read',
      );
    if (!found || (this.#source.socket !== undefined && path !== this.#source.socket)) {
      socket.role = 'foreign';
      return;
    }
    const dir = found.reply ? 'back-to-front' : 'front-to-back';
    socket.role = 'main';
    socket.outward = sent ? dir : otherWay(dir);
    socket.conversation = this.#source.connect(path);
    socket.conversation.event(
      { event: 'connected', traced: sideOf(socket.outward), ...(path !== undefined && { path }) },
      nanoseconds(call.time),
    );
  }

  /** A request of the front-end may pass the socket of another channel. */
  #opens(socket: Socket, { bytes, fds }: Framed<HeardFd & { named: NamedFd }>): void {
    const channel = passes[readU32(bytes, 0)];
    const passed = fds[0]?.named;
    if (channel === undefined || !passed) return;
    // The front-end keeps the other end of what it passes; the back-end uses what it got.
    const keeps = passed.peer === undefined ? this.#pairs.get(keyOf(passed)) : `[${passed.peer}]`;
    const key = socket.outward === 'front-to-back' ? keeps : keyOf(passed);
    if (key === undefined) {
      this.#source.note(
        `the ${channel} channel is missing: without -yy or socketpair the log does not tell its socket`,
      );
      return;
    }
    this.#sockets.delete(key);
    const opened = this.#socketAt(key);
    opened.role = channel;
    opened.conversation = socket.conversation;
    opened.outward = socket.outward;
    opened.streams = { sent: stream(channel), received: stream(channel) };
  }

  #finish(socket: Socket, ending: Ending | undefined, time?: number): void {
    this.#sockets.delete(socket.key);
    const { role, conversation, outward } = socket;
    if (role === 'unknown' || role === 'foreign' || !conversation) return;
    for (const way of ['sent', 'received'] as const) {
      const left = socket.streams[way].framer.end();
      const dir = way === 'sent' ? outward : otherWay(outward);
      if (!left || left.bytes.length === 0) continue;
      const { bytes, offset, fds } = left;
      conversation.hear({
        ...{ kind: 'raw', channel: role, dir, bytes, wireLength: bytes.length, offset, fds, timeNs: nanoseconds(time) },
      });
    }
    if (ending) conversation.close(role, ending, nanoseconds(time));
  }

  #socket(fd: NamedFd): Socket {
    return this.#socketAt(keyOf(fd));
  }

  #socketAt(key: string): Socket {
    const known = this.#sockets.get(key);
    if (known) return known;
    const made: Socket = {
      ...{ key, path: undefined, role: 'unknown', conversation: undefined, outward: requester('main') },
      streams: { sent: stream('main'), received: stream('main') },
    };
    if (this.#sockets.size < mostSockets) this.#sockets.set(key, made);
    return made;
  }

  /** A number for what a descriptor refers to, the same while it is open in the traced process. */
  #handle({ number }: NamedFd): number {
    return (this.#generations.get(number) ?? 0) * 2 ** 20 + number;
  }
}

function stream(channel: Channel): Stream {
  return { framer: new Framer(channel), length: 0, gaps: [] };
}

/** What a socket is told from others by: its inode, which no other has while it is open, or the descriptor's number. */
function keyOf(fd: NamedFd): string {
  return fd.inode === undefined ? `${fd.number}` : `[${fd.inode}]`;
}

/** The descriptor that is a call's first argument. */
function subject(text: string): NamedFd | undefined {
  return /^\d/.test(text) ? namedFds(text)[0] : undefined;
}

/** Seconds with six digits behind the point, which a double holds exactly enough, as nanoseconds. */
function nanoseconds(seconds: number | undefined): bigint | undefined {
  return seconds === undefined ? undefined : BigInt(Math.round(seconds * 1e6)) * 1000n;
}
