/**
 * Which request a reply answers. Replies carry the request's number but no sequence number: per socket they come in
 * order. So the oldest request of that number that must be answered is meant, else the last one of that number at all
 * (postcopy's SET_MEM_TABLE is answered without asking for it).
 */
import { candidates, messageSpec } from './catalog.ts';
import { answering } from './exchange.ts';
import type { Channel, Context } from './frame.ts';
import { needReplyFlag } from './header.ts';

/** Requests without an answer that are remembered per message number. */
const mostPending = 64;

interface Waiting {
  /** Numbers of the requests that must be answered, oldest first. */
  must: number[];
  /** The last request of that number that need not be answered; 0 none. */
  may: number;
}

/** The open requests of one channel, in one direction. */
export class Pairing {
  readonly #channel: Channel;
  readonly #waiting = new Map<number, Waiting>();

  constructor(channel: Channel) {
    this.#channel = channel;
  }

  /** Notes a request with record number `n`. `size` are its payload bytes, `first` the first word of the payload. */
  request(n: number, id: number, flags: number, size: number, context: Context): void {
    let waiting = this.#waiting.get(id);
    if (waiting === undefined) {
      if (this.#waiting.size >= mostPending && candidates(this.#channel, id).length === 0) return;
      waiting = { must: [], may: 0 };
      this.#waiting.set(id, waiting);
    }
    if (this.#mustReply(id, flags, size, context)) {
      if (waiting.must.length >= mostPending) waiting.must.shift();
      waiting.must.push(n);
    } else waiting.may = n;
  }

  /** The number of the request that a reply with message number `id` answers; 0 where there is none. */
  reply(id: number): number {
    const waiting = this.#waiting.get(id);
    if (waiting === undefined) return 0;
    const oldest = waiting.must.shift();
    if (oldest !== undefined) return oldest;
    const last = waiting.may;
    waiting.may = 0;
    return last;
  }

  /** The number that `reply` would give, without taking it. */
  peek(id: number): number {
    const waiting = this.#waiting.get(id);
    return waiting === undefined ? 0 : (waiting.must[0] ?? waiting.may);
  }

  #mustReply(id: number, flags: number, size: number, context: Context): boolean {
    const facts = { context, size, fdCount: 0, first: 0, assumed: false };
    const needReply = this.#channel !== 'gpu' && (flags & needReplyFlag) !== 0;
    const answer = answering(messageSpec(this.#channel, id, facts), needReply, facts);
    return answer === 'own' || answer === 'ack';
  }
}
