/**
 * What one side of a connection has seen: every message in order, the session that follows from them, and the
 * descriptors that came with them. It is a second witness beside a capture of the same connection.
 */
import type { Channel, Context, Direction, Frame } from '../decode/frame.ts';
import { requester } from '../decode/header.ts';
import { decodeFrame, type Message } from '../decode/message.ts';
import { holdingKey, holdings } from '../decode/session/holdings.ts';
import { fold, newSession, type Session } from '../decode/session/session.ts';
import { monotonicNs } from './clock.ts';
import { inspect } from './descriptor.ts';
import { close, littleEndian } from './libc.ts';

/** The log of one side. It owns the descriptors that arrived, not those that were sent. */
export class Witness {
  readonly frames: Frame[] = [];
  session: Session = newSession;
  readonly #base: Context;
  readonly #descriptors = new Map<string, number>();
  readonly #arrived = new Set<string>();
  /** Requests that will be answered, by channel. */
  readonly #asked = new Map<Channel, { n: number; id: number }[]>();

  /** @param base what is known of the peers beforehand: the device, the dialects */
  constructor(base: Context) {
    this.#base = littleEndian ? base : { ...base, bigEndian: true };
  }

  /** Logs a message and follows it in the session; its descriptors went with byte `fdAt`. */
  record(
    channel: Channel,
    dir: Direction,
    bytes: Uint8Array,
    fds: readonly number[],
    arrived: boolean,
    fdAt = 0,
  ): { frame: Frame; message: Message } {
    const now = BigInt(Math.round(monotonicNs()));
    const frame: Frame = {
      n: this.frames.length + 1,
      kind: 'message',
      pair: 'peer',
      channel,
      dir,
      session: 1,
      epoch: 1,
      wallNs: 0n,
      receivedNs: arrived ? now : 0n,
      sentNs: arrived ? 0n : now,
      bytes,
      wireLength: bytes.length,
      offset: 0,
      fds: fds.map(fd => inspect(fd).identity),
      context: this.context(),
      ...(fdAt > 0 && fds.length > 0 && { fdAt }),
    };
    const message = decodeFrame(frame);
    if (message.reply) frame.reply = true;
    if (message.reply && dir !== requester(channel)) {
      const request = this.#takeRequest(channel, message.id);
      if (request !== undefined) frame.answers = request;
    }
    this.frames.push(frame);
    for (const [at, fd] of fds.entries()) {
      this.#descriptors.set(holdingKey(frame.n, at), fd);
      if (arrived) this.#arrived.add(holdingKey(frame.n, at));
    }
    this.session = fold(this.session, frame, message);
    return { frame, message };
  }

  /** The message with that number will be answered on its channel; `id` says which message it is. */
  asked(channel: Channel, n: number, id: number): void {
    this.#asked.set(channel, [...(this.#asked.get(channel) ?? []), { n, id }]);
  }

  /** The oldest request of that kind that waits; where there is none, the oldest of all, wrongly answered. */
  #takeRequest(channel: Channel, id: number): number | undefined {
    const waiting = this.#asked.get(channel) ?? [];
    const at = Math.max(
      0,
      waiting.findIndex(request => request.id === id),
    );
    return waiting.splice(at, 1)[0]?.n;
  }

  /** The open descriptor that a message carried; undefined once nothing referred to it any more. */
  descriptor(n: number, at: number): number | undefined {
    return this.#descriptors.get(holdingKey(n, at));
  }

  /** Hands a descriptor that arrived over to the caller, who closes it from now on. */
  take(n: number, at: number): number | undefined {
    const key = holdingKey(n, at);
    const fd = this.#arrived.delete(key) ? this.#descriptors.get(key) : undefined;
    this.#descriptors.delete(key);
    return fd;
  }

  /** Closes the descriptors that arrived and to which the session does not refer any more. */
  settle(): void {
    this.#release(holdings(this.session));
  }

  /** Closes all that arrived. */
  close(): void {
    this.#release(new Set());
  }

  #release(used: ReadonlySet<string>): void {
    // A descriptor that was sent back is in use under the number of both messages.
    const kept = new Set([...used].map(key => this.#descriptors.get(key)));
    for (const key of this.#arrived) {
      const fd = this.#descriptors.get(key) as number;
      if (kept.has(fd)) continue;
      close(fd);
      this.#descriptors.delete(key);
      this.#arrived.delete(key);
    }
  }

  /**
   * What is known for decoding the next message.
   *
   * @param hopeful what is on offer counts where nothing was acknowledged yet
   */
  context(hopeful = false): Context {
    const { virtio, protocol } = this.session.negotiation;
    const features = virtio.accepted ?? (hopeful ? virtio.offered : undefined);
    const protocolFeatures = protocol.accepted ?? (hopeful ? protocol.offered : undefined);
    return {
      ...this.#base,
      ...(features !== undefined && { features }),
      ...(protocolFeatures !== undefined && { protocolFeatures }),
    };
  }
}
