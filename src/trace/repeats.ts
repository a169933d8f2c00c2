/**
 * What was worked out of a message, for the next one that says the same: the messages of a long recording repeat each
 * other, and to compare two takes a fraction of what it takes to understand one.
 */
import type { Context, Frame } from '../decode/frame.ts';

/** Messages that are remembered; a power of two. */
const places = 4096;
/** Longer ones hardly ever repeat each other. */
const mostBytes = 96;

interface Known<T> {
  readonly bytes: Uint8Array;
  readonly context: Context;
  readonly kind: Frame['kind'];
  readonly channel: Frame['channel'];
  readonly dir: Frame['dir'];
  readonly wireLength: number;
  readonly isAnswer: boolean;
  readonly one: T;
}

/** Remembers what is worked out of frames: of their bytes, and of what is known without comparing them to others. */
export class Repeats<T> {
  readonly #known: (Known<T> | undefined)[] = new Array(places).fill(undefined);

  /** What `work` makes of a frame, or made of one before that says the same. */
  of(frame: Frame, work: (frame: Frame) => T): T {
    const { bytes, fds, fdCount } = frame;
    // Descriptors are objects of the kernel: they do not repeat.
    if (bytes.length > mostBytes || fds.length > 0 || fdCount !== undefined) return work(frame);
    const place = mixed(bytes) & (places - 1);
    const known = this.#known[place];
    if (known !== undefined && saysTheSame(known, frame)) return known.one;
    const one = work(frame);
    const { context, kind, channel, dir, wireLength } = frame;
    const isAnswer = frame.answers !== undefined;
    this.#known[place] = { bytes: bytes.slice(), context, kind, channel, dir, wireLength, isAnswer, one };
    return one;
  }
}

function saysTheSame<T>(known: Known<T>, frame: Frame): boolean {
  const { bytes } = frame;
  if (
    known.bytes.length !== bytes.length ||
    known.context !== frame.context ||
    known.kind !== frame.kind ||
    known.channel !== frame.channel ||
    known.dir !== frame.dir ||
    known.wireLength !== frame.wireLength ||
    known.isAnswer !== (frame.answers !== undefined)
  )
    return false;
  for (let i = 0; i < bytes.length; i++) if (known.bytes[i] !== bytes[i]) return false;
  return true;
}

/** FNV-1a. */
function mixed(bytes: Uint8Array): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < bytes.length; i++) hash = Math.imul(hash ^ (bytes[i] as number), 0x01000193);
  return hash ^ (hash >>> 15);
}
