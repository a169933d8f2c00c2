/**
 * One connection of a simulated peer: sends requests and takes their replies, and answers what the other side asks.
 * All waiting happens in one place, `until`, which answers meanwhile.
 */
import { messageByName, messageNamed } from '../decode/catalog.ts';
import type { Facts } from '../decode/condition.ts';
import type { Payload } from '../decode/decode.ts';
import { encodeMessage } from '../decode/encode.ts';
import type { Channel as ChannelName, Direction, Frame } from '../decode/frame.ts';
import { headerSize, needReplyFlag, protocolVersion, readU32, replyFlag } from '../decode/header.ts';
import type { Message } from '../decode/message.ts';
import { directionOf, otherWay } from '../decode/side.ts';
import { Channel } from '../sys/channel.ts';
import { monotonicNs } from '../sys/clock.ts';
import { Epoll, readiness } from '../sys/epoll.ts';
import { close, littleEndian } from '../sys/libc.ts';
import { shutDown, socketPair } from '../sys/socket.ts';
import { Witness } from '../sys/witness.ts';
import { isAnswered } from './answers.ts';
import type { Role } from './role.ts';
import type { FdSpec, SendOptions } from './script.ts';

/** A peer that could not go on. */
export class PeerError extends Error {
  override name = 'PeerError';
}

/** How long one round of answering waits at most, ms; somebody may want us to stop. */
const tick = 20;
const replyAck = 1n << 3n;

/** Messages that pass a socket which becomes a channel. */
const passes: { readonly [message: string]: ChannelName } = {
  SET_BACKEND_REQ_FD: 'backend-req',
  GPU_SET_SOCKET: 'gpu',
};

/** A descriptor to send; the far end of a socket pair is the other side's alone and is closed here afterwards. */
interface Opened {
  readonly fd: number;
  readonly far?: true;
}

/** A connection. It owns its sockets. */
export class Connection {
  readonly witness: Witness;
  readonly role: Role;
  /** What came back through rings and pipes, in order. */
  readonly answers: Uint8Array[] = [];
  /** Requests of the other side that were answered and that nobody has waited for, by name. */
  readonly requests: string[] = [];
  /** How many messages there had been at each mark. */
  readonly marks: Record<string, number> = {};
  readonly #dir: Direction;
  readonly #channels = new Map<ChannelName, Channel>();
  /** Replies that nobody has taken yet, by the number of the request. */
  readonly #replies = new Map<number, Message>();
  readonly #epoll = new Epoll();
  readonly #watched = new Map<number, () => void>();

  /**
   * @param fd the connected socket
   * @param roleFor makes the side this is; it must not use the connection yet
   */
  constructor(fd: number, roleFor: (connection: Connection) => Role) {
    this.role = roleFor(this);
    this.#dir = directionOf(this.role.side);
    this.witness = new Witness(this.role.context);
    this.#adopt('main', fd);
  }

  /** Calls back whenever a descriptor can be read, until it is called with `undefined`. */
  watch(fd: number, ready: (() => void) | undefined): void {
    if (this.#watched.delete(fd)) this.#epoll.remove(fd);
    if (!ready) return;
    this.#watched.set(fd, ready);
    this.#epoll.add(fd, readiness.in);
  }

  /**
   * Answers the other side until the condition holds.
   *
   * @throws PeerError where that takes longer than the peer's patience, or the connection ends meanwhile
   */
  until(what: string, done: () => boolean): void {
    const deadline = monotonicNs() + this.role.patience * 1e6;
    while (!done()) {
      if (this.isClosed('main')) throw new PeerError(`the connection was closed while waiting for ${what}`);
      if (monotonicNs() > deadline) throw new PeerError(`waited ${this.role.patience} ms for ${what}`);
      this.turn();
    }
  }

  /** One round of answering. */
  turn(): void {
    if (this.role.stopped()) throw new PeerError('stopped');
    const ready = this.#epoll.wait(tick);
    const fds = Array.from({ length: ready }, (_, i) => this.#epoll.readyFd(i));
    for (const fd of fds) this.#watched.get(fd)?.();
  }

  /** Whether a channel was opened and is over, from whichever side. */
  isClosed(name: ChannelName): boolean {
    return this.#channels.get(name)?.ended === true;
  }

  /** Closes a channel, or shuts down one or both directions of it. */
  closeChannel(name: ChannelName, how: 'close' | 'read' | 'write' | 'both'): void {
    const channel = this.#channel(name);
    if (how !== 'close') {
      shutDown(channel.fd, how);
      return;
    }
    this.watch(channel.fd, undefined);
    channel.close();
  }

  /** Closes everything that belongs to the connection. */
  close(): void {
    for (const channel of this.#channels.values()) channel.close();
    this.witness.close();
    this.#epoll.close();
  }

  /** What conditions may ask about now; `hopeful` as in `Witness.context`. */
  facts(fdCount = 0, hopeful = false): Facts {
    return { context: this.witness.context(hopeful), size: 0, fdCount, first: 0, assumed: false };
  }

  /** Sends a request, completed from the role, and waits for its reply where there will be one. */
  request(name: string, given: Payload = {}, options: SendOptions = {}): void {
    const channel = options.channel ?? messageByName(name)?.channel ?? 'main';
    const spec = messageNamed(channel, name);
    if (!spec && !isNumbered(name)) throw new PeerError(`no message of the ${channel} channel is called ${name}`);
    const made = this.role.request(spec?.name ?? name, given, this.witness.session);
    const needReply = options.needReply ?? (this.#hasReplyAck() && this.role.wantsReply(spec?.name ?? name));
    const fds = this.#open(options.fds ?? made.fds ?? []);
    const { flags, size, length, rest } = options;
    const payload = overridden(made.payload, given);
    const bytes = encodeMessage(
      {
        ...{ channel, dir: this.#dir, spec, name, needReply, payload, rest, fdCount: fds.length },
        ...(flags !== undefined && { flags }),
        ...(size !== undefined && { size }),
        ...(length !== undefined && { length }),
      },
      this.witness.context(),
    );
    const answered = isAnswered(spec, needReply, true, this.facts(fds.length), this.witness.session);
    const n = this.witness.frames.length + 1;
    const id = readU32(bytes, 0, !littleEndian);
    if (answered) this.witness.asked(channel, n, id);
    this.#write(channel, bytes, fds, options);
    if (answered && !options.pipelined) this.#awaitReply(n, id, spec?.name ?? name, options);
    this.role.changed?.();
  }

  /** Sends bytes as they are. */
  raw(channel: ChannelName, bytes: Uint8Array, fds: readonly FdSpec[]): void {
    this.#write(channel, bytes, this.#open(fds));
  }

  #awaitReply(n: number, id: number, name: string, { mayFail, mayStaySilent }: SendOptions): void {
    const end = monotonicNs() + this.role.patience * 1e6;
    this.until(`the reply to ${name}`, () => this.#replies.has(n) || (mayStaySilent === true && monotonicNs() > end));
    const reply = this.#replies.get(n);
    if (!reply) return;
    this.#replies.delete(n);
    if (reply.id !== id) throw new PeerError(`expected a reply to ${name}, got one to ${reply.name}`);
    const { result } = reply.payload;
    if (result !== undefined && result !== 0 && !mayFail) throw new PeerError(`${name} was refused: ${result}`);
  }

  #hasReplyAck(): boolean {
    return ((this.witness.session.negotiation.protocol.accepted ?? 0n) & replyAck) !== 0n;
  }

  #channel(name: ChannelName): Channel {
    const channel = this.#channels.get(name);
    if (!channel) throw new PeerError(`there is no ${name} channel`);
    return channel;
  }

  #adopt(name: ChannelName, fd: number): void {
    const earlier = this.#channels.get(name);
    if (earlier) this.closeChannel(name, 'close');
    const channel = new Channel(fd);
    this.#channels.set(name, channel);
    this.watch(fd, () => this.#receive(name, channel));
  }

  #receive(name: ChannelName, channel: Channel): void {
    for (;;) {
      const arrived = channel.next();
      if (channel.ended) this.watch(channel.fd, undefined);
      if (!arrived) return;
      const { frame, message } = this.witness.record(name, otherWay(this.#dir), arrived.bytes, arrived.fds, true);
      if (!message.reply) this.#answer(name, frame, message);
      else if (frame.answers !== undefined) this.#replies.set(frame.answers, message);
    }
  }

  #answer(channel: ChannelName, frame: Frame, message: Message): void {
    const { spec, name } = message;
    const passed = passes[name];
    const socket = passed && this.witness.take(frame.n, 0);
    if (passed && socket !== undefined) this.#adopt(passed, socket);
    const acknowledges = this.role.acknowledges(this.#hasReplyAck());
    const answered = spec
      ? isAnswered(spec, message.needReply, acknowledges, this.facts(frame.fds.length), this.witness.session)
      : message.needReply && acknowledges;
    const answer = this.role.answer(message, this.witness.session);
    for (const { message: first, payload } of answer.first ?? []) this.request(first, payload);
    if (answered) {
      const echoed = answer.own && message.needReply && this.role.echoNeedReply ? needReplyFlag : 0;
      const { oddity = {} } = answer;
      const fds = this.#open(oddity.fds ?? answer.fds ?? []);
      const { id = message.id, flags = protocolVersion | replyFlag | echoed, length } = oddity;
      const bytes = encodeMessage(
        {
          ...{ channel, dir: this.#dir, id, reply: true, payload: answer.payload, fdCount: fds.length },
          ...(spec && { spec }),
          ...(channel !== 'gpu' && { flags }),
          ...(length !== undefined && { length }),
        },
        this.witness.context(),
      );
      this.witness.asked(channel, frame.n, message.id);
      this.#write(channel, bytes, fds, { pieces: oddity.pieces ?? (this.role.twoWrites ? [headerSize] : []) });
    }
    this.role.answered?.(message, this.witness.descriptor(frame.n, 0));
    this.role.changed?.();
    this.witness.settle();
    this.requests.push(name);
  }

  #write(
    name: ChannelName,
    bytes: Uint8Array,
    fds: readonly Opened[],
    { pieces = [], fdsWith = 0, pause = 0 }: Pick<SendOptions, 'pieces' | 'fdsWith' | 'pause'> = {},
  ): void {
    const channel = this.#channel(name);
    const numbers = fds.map(({ fd }) => fd);
    const fdAt = pieces.slice(0, fdsWith).reduce((sum, length) => sum + length, 0);
    // What has no header is no message.
    if (bytes.length >= headerSize) this.witness.record(name, this.#dir, bytes, numbers, false, fdAt);
    let at = 0;
    for (const [i, length] of [...pieces, bytes.length].entries()) {
      const piece = bytes.subarray(at, at + length);
      const until = i > 0 ? monotonicNs() + pause * 1e6 : 0;
      while (monotonicNs() < until && !this.isClosed(name)) this.turn();
      if (piece.length > 0) channel.send(piece, i === fdsWith ? numbers : [], () => this.turn());
      at += piece.length;
    }
    for (const { fd, far } of fds) if (far) close(fd);
  }

  #open(specs: readonly FdSpec[]): Opened[] {
    return specs.map(spec => this.#opened(spec)).filter(opened => opened !== undefined);
  }

  #opened(spec: FdSpec): Opened | undefined {
    const { resources } = this.role;
    if ('memory' in spec) return { fd: resources.memory(spec.memory, spec.bytes) };
    if ('event' in spec) return { fd: resources.event(spec.event) };
    if ('pipe' in spec) return { fd: resources.pipe(spec.pipe, spec.end) };
    if ('channel' in spec) {
      const [near, far] = socketPair();
      this.#adopt(spec.channel, near);
      return { fd: far, far: true };
    }
    const fd = 'record' in spec ? this.witness.descriptor(spec.record, spec.at) : resources.userfault(spec.userfault);
    if (fd !== undefined) return { fd };
    if ('record' in spec) throw new PeerError(`message ${spec.record} has left no descriptor ${spec.at}`);
    return undefined;
  }
}

/** Whether a message is named by its number alone, as in `UNKNOWN(99)`. */
function isNumbered(name: string): boolean {
  return /^UNKNOWN\(\d+\)$/.test(name);
}

/** The given fields over the defaults; a list of names only adds to a default mask, which has taken it in already. */
function overridden(defaults: Payload, given: Payload): Payload {
  const kept = Object.entries(given).filter(
    ([name, value]) => !(typeof defaults[name] === 'bigint' && Array.isArray(value)),
  );
  return { ...defaults, ...Object.fromEntries(kept) };
}
