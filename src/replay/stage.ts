/** The sockets, descriptors and memory of a player: what of a replay touches the operating system. */
import type { Channel as ChannelName, Context, Direction, Frame } from '../decode/frame.ts';
import type { Message } from '../decode/message.ts';
import { big } from '../decode/session/area.ts';
import { otherWay } from '../decode/side.ts';
import { Channel } from '../sys/channel.ts';
import { Epoll, readiness } from '../sys/epoll.ts';
import { addressKinds, addressSpace } from '../sys/guest-memory.ts';
import { close, errno, Memory } from '../sys/libc.ts';
import { neverWaiting } from '../sys/socket.ts';
import { checked } from '../sys/system-error.ts';
import { send } from '../sys/transfer.ts';
import { layOutEmpty } from '../sys/vring.ts';
import { Witness } from '../sys/witness.ts';
import type { Living } from './adapt.ts';
import type { FdPlan } from './draft.ts';
import { GuestRings } from './guest-rings.ts';
import type { Refusal } from './refusals.ts';
import { StatePipes, type States } from './state-pipes.ts';
import { Synthesis } from './synthesis.ts';

/** How long to listen before another attempt to send what the other side has not taken, ms. */
const blockedMs = 1;
const packedRings = 34n;
/** Bytes on their way, and what goes with the first of them. */
interface Outgoing {
  readonly memory: Memory;
  from: number;
  readonly to: number;
  fds: readonly number[];
  given: readonly number[];
}

/** Messages that pass a socket which becomes a channel. */
const passes: { readonly [message: string]: ChannelName } = {
  SET_BACKEND_REQ_FD: 'backend-req',
  GPU_SET_SOCKET: 'gpu',
};

/** One connection of a player. It owns its sockets and everything it makes. */
export class Stage {
  readonly #dir: Direction;
  readonly #witness: Witness;
  readonly #states: StatePipes;
  readonly #synthesis: Synthesis;
  readonly #epoll = new Epoll();
  readonly #channels = new Map<ChannelName, Channel>();
  readonly #outboxes = new Map<ChannelName, Outgoing[]>();
  readonly #heard: (frame: Frame, message: Message) => void;
  readonly #rings: GuestRings | undefined;

  /**
   * @param fd the connected socket
   * @param dir the direction of what is said here
   * @param heard is told each message that arrives
   * @param states what is handed over as a device's state
   * @param refusal how requests in the rings are answered, where they are
   */
  constructor(
    fd: number,
    dir: Direction,
    base: Context,
    heard: (frame: Frame, message: Message) => void,
    states: States,
    refusal: Refusal | undefined,
  ) {
    this.#dir = dir;
    this.#states = new StatePipes(states);
    this.#synthesis = new Synthesis(this.#states);
    this.#witness = new Witness(base);
    this.#heard = heard;
    this.#adopt('main', fd);
    const guest = {
      session: () => this.#witness.session,
      descriptor: (n: number, at: number) => this.#witness.descriptor(n, at),
      epoll: this.#epoll,
    };
    this.#rings = refusal && new GuestRings(guest, refusal);
  }

  /** The connection as it is now. */
  get living(): Omit<Living, 'heard'> {
    return {
      session: this.#witness.session,
      context: this.#witness.context(),
      position: ring => this.#rings?.position(ring),
    };
  }

  /** Whether some of a device's state is still on its way. */
  get movesState(): boolean {
    return this.#states.isBusy;
  }

  /** What became of the requests of a guest, as sentences. */
  get remarks(): readonly string[] {
    return this.#rings?.remarks ?? [];
  }

  /** Whether a channel was opened and is not over. */
  isOpen(name: ChannelName): boolean {
    return this.#channels.get(name)?.ended === false;
  }

  /** Takes what has arrived, and waits so many milliseconds where nothing has. */
  listen(idleMs: number): void {
    for (const name of this.#outboxes.keys()) if (this.isOpen(name)) this.flush(name);
    this.#states.turn();
    const ready = this.#epoll.wait(this.isIdle ? idleMs : Math.min(idleMs, blockedMs));
    const fds = Array.from({ length: ready }, (_, i) => this.#epoll.readyFd(i));
    for (const [name, channel] of this.#channels) if (fds.includes(channel.fd)) this.#receive(name, channel);
    this.#rings?.kicked(fds);
  }

  /** Notes that message `n` of a channel, with that number of a message, will be answered. */
  asked(channel: ChannelName, n: number, id: number): void {
    this.#witness.asked(channel, n, id);
  }

  /** The number of the next message. */
  get next(): number {
    return this.#witness.frames.length + 1;
  }

  /**
   * Opens the descriptors a message needs.
   *
   * @returns them, those that are the receiver's alone, and in what they are not as recorded
   */
  descriptors(plans: readonly FdPlan[]): { fds: number[]; given: number[]; notes: string[] } {
    const [fds, given, notes]: [number[], number[], string[]] = [[], [], []];
    for (const plan of plans) {
      if ('handedBack' in plan) {
        const fd = this.#witness.descriptor(plan.handedBack.n, plan.handedBack.at);
        if (fd !== undefined) fds.push(fd);
        continue;
      }
      const made = this.#synthesis.make(plan.of, plan.like, plan.at);
      if ('missing' in made) {
        notes.push(`descriptor ${plan.at} is missing: ${made.missing}`);
        continue;
      }
      if (made.unlike !== undefined) notes.push(made.unlike);
      if (made.channel) this.#adopt(made.channel.name, made.channel.near);
      if (made.given) given.push(made.fd);
      fds.push(made.fd);
    }
    return { fds, given, notes };
  }

  /**
   * Puts a message on its way in pieces of these lengths, the descriptors with its first byte; those that are `given` are
   * closed then. `flush` sends it, as far as the socket takes it; the next rounds of listening send the rest.
   */
  send(
    name: ChannelName,
    bytes: Uint8Array,
    fds: readonly number[],
    given: readonly number[],
    pieces: readonly number[],
  ) {
    const logged = this.#witness.record(name, this.#dir, bytes, fds, false);
    const outbox = this.#outboxes.get(name) ?? [];
    this.#outboxes.set(name, outbox);
    const memory = new Memory(bytes.length);
    memory.bytes.set(bytes);
    let from = 0;
    for (const length of [...pieces, bytes.length]) {
      const to = Math.min(from + length, bytes.length);
      if (to > from) outbox.push({ memory, from, to, fds: from === 0 ? fds : [], given: from === 0 ? given : [] });
      from = to;
    }
    return logged;
  }

  /** Whether everything that was said has been sent. */
  get isIdle(): boolean {
    return [...this.#outboxes].every(([name, outbox]) => outbox.length === 0 || !this.isOpen(name));
  }

  /** Sends what waits on a channel, as far as its socket takes it; throws where the other side is gone. */
  flush(name: ChannelName): void {
    const outbox = this.#outboxes.get(name) ?? [];
    const fd = this.#channels.get(name)?.fd;
    for (let piece = outbox[0]; piece && fd !== undefined; piece = outbox[0]) {
      const taken = send(fd, piece.memory.address + piece.from, piece.to - piece.from, piece.fds);
      if (taken === -errno.EAGAIN) return;
      checked(taken, `cannot send on the ${name} channel`);
      for (const one of piece.given) close(one);
      piece.from += taken;
      piece.fds = [];
      piece.given = [];
      if (piece.from === piece.to) outbox.shift();
    }
  }

  /**
   * Makes a ring legal and empty where the back-end will look for it, so that it can start.
   *
   * @param about the message that is going to be said about the ring; one that says where it lies counts already
   */
  layOut({ name, payload }: Message): void {
    const { session } = this.#witness;
    const ring = session.vrings.byIndex.get(Number(payload.index ?? 0));
    const features = session.negotiation.virtio.accepted ?? 0n;
    const { descriptor, available, used } = name === 'SET_VRING_ADDR' ? payload : (ring?.address ?? {});
    if (descriptor === undefined || !ring?.num) return;
    const reach = {
      memory: () => session.memory,
      mappings: () => session.mappings,
      descriptor: (n: number, at: number) => this.#witness.descriptor(n, at),
      miss: () => {},
    };
    const space = addressSpace(reach, addressKinds(session).rings);
    const packed = ((features >> packedRings) & 1n) === 1n;
    const layout = { num: ring.num, descriptor: big(descriptor), available: big(available), used: big(used) };
    try {
      layOutEmpty(space, layout, ring.base?.word ?? 0, packed);
    } catch {
      // Addresses that lie in no shared memory are part of what is reproduced.
    }
  }

  close(): void {
    for (const outbox of this.#outboxes.values()) for (const { given } of outbox) for (const fd of given) close(fd);
    for (const channel of this.#channels.values()) channel.close();
    this.#witness.close();
    this.#states.close();
    this.#synthesis.close();
    this.#epoll.close();
  }

  #receive(name: ChannelName, channel: Channel): void {
    for (;;) {
      const arrived = channel.next();
      if (channel.ended) this.#epoll.remove(channel.fd);
      if (!arrived) return;
      const { frame, message } = this.#witness.record(name, otherWay(this.#dir), arrived.bytes, arrived.fds, true);
      const passed = message.reply ? undefined : passes[message.name];
      const socket = passed && this.#witness.take(frame.n, 0);
      if (passed && socket !== undefined) this.#adopt(passed, socket);
      if (message.name === 'SET_DEVICE_STATE_FD' && !message.reply) this.#transfer(frame.n, message);
      this.#heard(frame, message);
      this.#rings?.follow();
      this.#witness.settle();
    }
  }

  /** A front-end passes the pipe for a state: ours is wanted, or there is one for us. */
  #transfer(n: number, { payload }: Message): void {
    const pipe = this.#witness.take(n, 0);
    if (pipe === undefined) return;
    neverWaiting(pipe);
    if (Number(payload.direction ?? 0) === 0) this.#states.give(pipe);
    else this.#states.take(pipe);
  }

  #adopt(name: ChannelName, fd: number): void {
    const earlier = this.#channels.get(name);
    if (earlier && !earlier.ended) this.#epoll.remove(earlier.fd);
    earlier?.close();
    this.#channels.set(name, new Channel(fd));
    this.#epoll.add(fd, readiness.in);
  }
}
