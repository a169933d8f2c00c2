/** A record understood: the frame, its message once somebody asks for it, and how it stands to other records. */
import type { Frame } from '../decode/frame.ts';
import type { Message } from '../decode/message.ts';
import { decodeFrame } from '../decode/message.ts';

/** One row of a trace. */
export class Row {
  readonly frame: Frame;
  /** Nanoseconds since the trace's first record; negative where records are not in order of time. */
  readonly sinceFirstNs: number;
  /** On a reply: nanoseconds from the sending of the request to the receipt of the reply, where both are known. */
  readonly latencyNs: number | undefined;
  #message: Message | undefined;

  constructor(frame: Frame, sinceFirstNs: number, latencyNs: number | undefined) {
    this.frame = frame;
    this.sinceFirstNs = sinceFirstNs;
    this.latencyNs = latencyNs;
  }

  /** What the bytes say; undefined on raw bytes, events and findings. Decoded once, when first asked for. */
  get message(): Message | undefined {
    if (this.#message === undefined && this.frame.kind === 'message') this.#message = decodeFrame(this.frame);
    return this.#message;
  }
}

/** Time from a request's sending to its reply's receipt; what a person held back never counts as the peer's. */
export function latencyOf(reply: Frame, requestSentNs: bigint): number | undefined {
  return requestSentNs === 0n || reply.carried ? undefined : Number(reply.receivedNs - requestSentNs);
}
