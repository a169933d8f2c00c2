/** Makes descriptors that resemble recorded ones: the same kind, size, seals and pages, and the same object again. */
import type { Channel, FdIdentity } from '../decode/frame.ts';
import { Resources } from '../sys/resources.ts';
import { socketPair } from '../sys/socket.ts';
import type { Step } from './recording.ts';
import { kindNeeded, sizeNeeded } from './shape.ts';
import type { StatePipes } from './state-pipes.ts';

/** A descriptor to send. */
export interface Made {
  readonly fd: number;
  /** It belongs to the receiver alone, and is closed here once it was sent. */
  readonly given: boolean;
  /** The near end of a channel. */
  readonly channel?: { name: Channel; near: number };
  /** In what it does not resemble the recorded one. */
  readonly unlike?: string;
}

/** Messages that pass the socket of another channel. */
const passes: { readonly [message: string]: Channel } = { SET_BACKEND_REQ_FD: 'backend-req', GPU_SET_SOCKET: 'gpu' };

/** Seals that keep nobody from writing: those that forbid it would make memory useless to a device. */
const harmlessSeals = 0x7;

/** The descriptors of one connection. It owns them until it is closed. */
export class Synthesis {
  readonly #resources = new Resources();
  readonly #states: StatePipes;
  #pipes = 0;

  /** @param states takes the other ends of pipes for a device's state */
  constructor(states: StatePipes) {
    this.#states = states;
  }

  /** A descriptor like the recorded one at place `at` of a message; undefined, with a reason, where none can be made. */
  make(step: Step, like: FdIdentity, at: number): Made | { missing: string } {
    const channel = passes[step.message.name];
    if (channel !== undefined) {
      const [near, fd] = socketPair();
      return { fd, given: true, channel: { name: channel, near } };
    }
    const name = `${like.object ?? `${step.frame.n}:${at}`}`;
    const kind = like.kind === 'unknown' ? kindNeeded(step) : like.kind;
    switch (kind) {
      case 'eventfd':
        return { fd: this.#resources.event(name), given: false };
      case 'memfd':
      case 'hugetlb':
      case 'file':
      case 'dmabuf':
        return this.#memory(name, kind, like, like.size ?? sizeNeeded(step, at));
      case 'socket': {
        const [near, fd] = socketPair();
        this.#resources.keep(`near ${name}`, near);
        return { fd, given: true };
      }
      case 'pipe':
        return this.#pipe(step, like);
      case 'userfaultfd': {
        const fd = this.#resources.userfault(name);
        if (fd === undefined) return { missing: 'this machine gives no userfaultfd' };
        return { fd, given: false, unlike: 'a userfaultfd over no memory: nobody here takes page faults' };
      }
      default:
        return { missing: `a descriptor of a ${kind} cannot be made` };
    }
  }

  close(): void {
    this.#resources.close();
  }

  #memory(name: string, kind: FdIdentity['kind'], { pageSize, seals = 0 }: FdIdentity, size: number): Made {
    if (kind === 'hugetlb' && pageSize !== undefined) {
      const fd = this.#resources.hugeMemory(name, size, pageSize, seals & harmlessSeals);
      if (fd !== undefined) return { fd, given: false };
    }
    const fd = this.#resources.memory(name, size, seals & harmlessSeals);
    const unlike: { readonly [kind: string]: string } = {
      hugetlb: 'memory of ordinary pages: this machine has not enough free huge ones',
      file: 'memory in place of a file',
      dmabuf: 'memory in place of a dmabuf',
    };
    return { fd, given: false, ...(unlike[kind] !== undefined && { unlike: unlike[kind] }) };
  }

  /** The end of a pipe that the receiver needs: the writing one to save a state, the reading one to load one. */
  #pipe({ message }: Step, { access }: FdIdentity): Made {
    const saves = access === undefined ? Number(message.payload.direction ?? 0) === 0 : access === 'w';
    const name = `state ${++this.#pipes}`;
    const [read, write] = (['read', 'write'] as const).map(end => this.#resources.pipe(name, end)) as [number, number];
    for (const end of ['read', 'write']) this.#resources.release(`pipe ${name} ${end}`);
    if (saves) {
      this.#states.take(read);
      return { fd: write, given: true };
    }
    const unlike = this.#states.hasState
      ? undefined
      : 'a pipe that ends at once: the state itself is not in the capture';
    this.#states.give(write);
    return { fd: read, given: true, ...(unlike !== undefined && { unlike }) };
  }
}
