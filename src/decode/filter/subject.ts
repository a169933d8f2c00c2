/** What a filter looks at: a record, decoded only when a test asks for its fields. */
import type { Channel, Direction, Frame, FrameKind } from '../frame.ts';
import { headerSize, isReply, readU32 } from '../header.ts';
import { decodeFrame, type Message } from '../message.ts';
import { eventName, type JsonObject, jsonBody } from '../text/event.ts';
import type { RecordFacts } from '../timing.ts';

/** What is known of a record before its payload is read. A relay knows this much when the header has come in. */
export interface Head {
  readonly kind: FrameKind;
  readonly channel: Channel;
  readonly dir: Direction | undefined;
  /** Message number. */
  readonly id: number | undefined;
  readonly reply: boolean;
}

/** A record under test. */
export class Subject implements Head {
  readonly frame: Frame;
  readonly facts: RecordFacts;
  readonly id: number | undefined;
  readonly reply: boolean;
  #message: Message | undefined;
  #body: JsonObject | undefined;

  constructor(frame: Frame, facts: RecordFacts = { sinceFirstNs: 0 }, message?: Message) {
    const { bytes } = frame;
    this.frame = frame;
    this.facts = facts;
    this.#message = message;
    const bigEndian = frame.context.bigEndian === true;
    const headed = frame.kind === 'message' && bytes.length >= headerSize;
    this.id = headed ? readU32(bytes, 0, bigEndian) : undefined;
    this.reply = headed && isReply(frame.channel, frame.dir, readU32(bytes, 4, bigEndian));
  }

  get kind(): FrameKind {
    return this.frame.kind;
  }

  get channel(): Channel {
    return this.frame.channel;
  }

  get dir(): Direction | undefined {
    return this.frame.dir;
  }

  /** The decoded message; undefined for records of other kinds. */
  get message(): Message | undefined {
    if (this.frame.kind !== 'message') return undefined;
    this.#message ??= decodeFrame(this.frame);
    return this.#message;
  }

  /** What an event or finding says. */
  get body(): JsonObject | undefined {
    if (this.frame.kind !== 'event' && this.frame.kind !== 'finding') return undefined;
    this.#body ??= jsonBody(this.frame) ?? {};
    return this.#body;
  }

  /** Name of the message or event. */
  get name(): string {
    if (this.frame.kind === 'message') return this.message?.name ?? '';
    return this.frame.kind === 'raw' ? 'RAW' : eventName(this.frame, this.body);
  }
}
