/** A recorded message on its way to be said: bytes that may be changed, and the reasons. Pure. */
import type { Payload } from '../decode/decode.ts';
import { withFields } from '../decode/edit.ts';
import type { FdIdentity } from '../decode/frame.ts';
import { headerSize, needReplyFlag } from '../decode/header.ts';
import type { Step } from './recording.ts';

/** A descriptor to send with a message. */
export type FdPlan =
  /** Made to resemble the recorded one, at place `at` of a recorded message. */
  | { readonly like: FdIdentity; readonly of: Step; readonly at: number }
  /** One that came with a message of this connection. */
  | { readonly handedBack: { n: number; at: number } };

/** A message ready to be sent. */
export interface Prepared {
  readonly bytes: Uint8Array;
  readonly fds: readonly FdPlan[];
  /** In what it is not the recorded one, and why. */
  readonly adapted: readonly string[];
}

/** The recorded bytes and descriptors, with nothing but zeroes for what was not captured. */
export function verbatim(step: Step): Prepared {
  return new Draft(step).done();
}

/** A message being adapted. */
export class Draft {
  bytes: Uint8Array;
  fds: FdPlan[];
  readonly adapted: string[] = [];
  readonly #step: Step;

  constructor(step: Step) {
    const { frame } = step;
    this.#step = step;
    this.bytes = frame.bytes.slice();
    this.fds = frame.fds.map((like, at) => ({ like, of: step, at }));
    this.#fillUp(frame.wireLength);
  }

  /** What the recorded message says. */
  get payload(): Payload {
    return this.#step.message.payload;
  }

  done(): Prepared {
    const { bytes, fds, adapted } = this;
    return { bytes, fds, adapted };
  }

  /** Puts zeroes in the place of what was not captured. */
  #fillUp(wireLength: number): void {
    const missing = wireLength - this.bytes.length;
    if (missing <= 0) return;
    const whole = new Uint8Array(wireLength);
    whole.set(this.bytes);
    this.bytes = whole;
    this.adapted.push(`zeroes for ${missing} bytes that were not captured`);
  }

  /** Asks for no acknowledgement. */
  withoutNeedReply(): void {
    this.put32(4, this.get32(4) & ~needReplyFlag);
    this.adapted.push('without need_reply, since REPLY_ACK was not agreed on');
  }

  /** Says another value in a field, and why; nothing where it is said already. */
  put(field: string, value: string, why: string): void {
    const { frame, message } = this.#step;
    const recorded = String(message.payload[field]);
    if (recorded === value) return;
    this.bytes = withFields(this.bytes, { ...frame, dir: frame.dir, fdCount: this.fds.length }, `${field}=${value}`);
    this.adapted.push(`${field} ${recorded} → ${value}, ${why}`);
  }

  /** Words at byte offsets of the message. */
  get32(at: number): number {
    return this.#view().getUint32(at, true);
  }

  put32(at: number, value: number): void {
    this.#view().setUint32(at, value, true);
  }

  get64(at: number): bigint {
    return this.#view().getBigUint64(at, true);
  }

  put64(at: number, value: bigint): void {
    this.#view().setBigUint64(at, value, true);
  }

  /** Whether the payload has so many bytes. */
  holds(length: number): boolean {
    return this.bytes.length >= headerSize + length;
  }

  #view(): DataView {
    return new DataView(this.bytes.buffer, this.bytes.byteOffset);
  }
}
