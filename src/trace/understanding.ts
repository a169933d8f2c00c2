/**
 * Turns frames into rows as they come, in bounded memory: the time since the first record, and for a reply the time
 * its request was sent.
 */
import type { Frame } from '../decode/frame.ts';
import { latencyOf, Row } from './row.ts';

/** Records whose time of sending is remembered, for each recording. A reply further away has no latency. */
const remembered = 65_536;
/** Recordings that may be mixed in one trace. */
const maxRecordings = 64;

/** When the last records of one recording were sent. */
class SentTimes {
  readonly #n = new Float64Array(remembered);
  readonly #sent = new BigUint64Array(remembered);

  put(frame: Frame): void {
    this.#n[frame.n % remembered] = frame.n;
    this.#sent[frame.n % remembered] = frame.sentNs;
  }

  of(n: number): bigint {
    return this.#n[n % remembered] === n ? (this.#sent[n % remembered] as bigint) : 0n;
  }
}

/** Understands the frames of a trace, in order. */
export class Understanding {
  #firstNs: bigint | undefined;
  readonly #recordings = new Map<bigint, SentTimes>();

  /** Wall clock time of the first record that is not repeated from an earlier file; undefined before it. */
  get firstNs(): bigint | undefined {
    return this.#firstNs;
  }

  /** The row of the next frame. */
  row(frame: Frame): Row {
    if (this.#firstNs === undefined && !frame.carried) this.#firstNs = frame.wallNs;
    const since = this.#firstNs === undefined ? 0 : Number(frame.wallNs - this.#firstNs);
    if (frame.kind !== 'message') return new Row(frame, since, undefined);
    const times = this.#timesOf(frame.captureId ?? 0n);
    if (frame.answers === undefined) {
      times?.put(frame);
      return new Row(frame, since, undefined);
    }
    return new Row(frame, since, latencyOf(frame, times?.of(frame.answers) ?? 0n));
  }

  #timesOf(captureId: bigint): SentTimes | undefined {
    let times = this.#recordings.get(captureId);
    if (times === undefined && this.#recordings.size < maxRecordings) {
      times = new SentTimes();
      this.#recordings.set(captureId, times);
    }
    return times;
  }
}
