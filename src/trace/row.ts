/** A record understood: the frame, its message once somebody asks for it, and how it stands to other records. */
import type { Frame } from '../decode/frame.ts';
import type { Message } from '../decode/message.ts';
import { decodeFrame } from '../decode/message.ts';
import type { RecordFacts } from '../decode/timing.ts';

/** One row of a trace. */
export class Row implements RecordFacts {
  readonly frame: Frame;
  readonly sinceFirstNs: number;
  readonly latencyNs: number | undefined;
  readonly answeredBy: number | undefined;
  readonly phase: RecordFacts['phase'];
  readonly path: RecordFacts['path'];
  #message: Message | undefined;

  /** `message` where it was decoded before. */
  constructor(frame: Frame, facts: RecordFacts, message?: Message) {
    this.#message = message;
    this.frame = frame;
    this.sinceFirstNs = facts.sinceFirstNs;
    this.latencyNs = facts.latencyNs;
    this.answeredBy = facts.answeredBy;
    this.phase = facts.phase;
    this.path = facts.path;
  }

  /** What the bytes say; undefined on raw bytes, events and findings. Decoded once, when first asked for. */
  get message(): Message | undefined {
    if (this.#message === undefined && this.frame.kind === 'message') this.#message = decodeFrame(this.frame);
    return this.#message;
  }
}
