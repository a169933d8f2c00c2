/** What is said about a record behind ` # `: how long the answer took, what a person changed, what is wrong. */

import { candidates, candidateText } from '../catalog.ts';
import type { Frame } from '../frame.ts';
import type { LineBuffer } from '../line-buffer.ts';
import { decodeFrame } from '../message.ts';
import { plain } from '../plain.ts';
import type { RecordFacts } from '../timing.ts';
import { type Paint, paint } from './paint.ts';

/** Writes remarks. */
export class Remarks {
  readonly #out: LineBuffer;
  readonly #paint: Paint;
  readonly #micro: string;
  #any = false;

  constructor(out: LineBuffer, colours: Paint, ascii: boolean) {
    this.#out = out;
    this.#paint = colours;
    this.#micro = ascii ? 'us' : 'µs';
  }

  /**
   * Appends the remarks on a record, if there are any; its problems only where it is not known to be `sound`.
   *
   * @param sentAs what was sent on in its place
   */
  write(frame: Frame, { latencyNs, answeredBy }: RecordFacts, sound: boolean, sentAs?: string): void {
    this.#any = false;
    if (answeredBy !== undefined) this.#say(`answered by ${answeredBy}`);
    if (latencyNs !== undefined) this.#say(duration(latencyNs, this.#micro));
    if (frame.reply === true && frame.answers !== undefined && frame.answers !== frame.n - 1) {
      this.#say(`answers ${frame.answers}`);
    }
    if (!sound) this.#doubts(frame);
    if (frame.ctrunc) this.#warn('descriptors were dropped by the kernel');
    // That a record is newer than this reader goes for a whole capture, and is said once.
    if (frame.damage !== undefined && frame.newer === undefined) this.#warn(plain(frame.damage));
    if (frame.bytes.length < frame.wireLength) this.#say(`${frame.bytes.length} of ${frame.wireLength} bytes captured`);
    if (frame.seg) this.#say(`arrived in pieces of ${frame.seg.join(', ')} bytes`);
    if (frame.fdAt !== undefined) this.#say(`descriptors came with byte ${frame.fdAt}`);
    if (frame.heldNs !== undefined) this.#say(`held ${duration(Number(frame.heldNs), this.#micro)}`);
    if (frame.injected) this.#warn('made by vhuscope');
    if (frame.sentBytes) this.#warn(sentAs === undefined ? 'not sent on' : `sent on as ${sentAs}`);
    if (frame.masked) this.#say('keys masked');
    if (frame.carried) this.#say('repeated from the file before');
    if (this.#any) this.#paint(this.#out, paint.none);
  }

  /** What is wrong with a message, and which ones it may be where its number alone does not tell. */
  #doubts(frame: Frame): void {
    const { spec, channel, id, name, problems } = decodeFrame(frame);
    for (const { path, message } of problems) this.#warn(path === '' ? message : `${path} ${message}`);
    const possible = spec || name === 'TRUNCATED' ? [] : candidates(channel, id);
    if (possible.length > 0) this.#say(`may be ${possible.map(candidateText).join(', ')}`);
  }

  #say(text: string): void {
    this.#paint(this.#out, paint.faint);
    this.#part(text);
  }

  #warn(text: string): void {
    this.#paint(this.#out, paint.bad);
    this.#part(text);
  }

  #part(text: string): void {
    this.#out.ascii(this.#any ? ', ' : '  # ');
    this.#out.text(text);
    this.#any = true;
  }
}

/** Nanoseconds for people: three digits that matter and a unit. */
export function duration(ns: number, micro = 'µs'): string {
  const size = Math.abs(ns);
  if (size < 1000) return `${ns} ns`;
  const [scale, unit] = size < 1e6 ? [1e3, micro] : size < 1e9 ? [1e6, 'ms'] : [1e9, 's'];
  // Faster than toFixed, which a line of a reply would spend a third of its time in.
  const places = size < 10 * scale ? 2 : size < 100 * scale ? 1 : 0;
  const parts = 10 ** places;
  const value = Math.round((size * parts) / scale);
  const fraction = places === 0 ? '' : `.${String(value % parts).padStart(places, '0')}`;
  return `${ns < 0 ? '-' : ''}${Math.floor(value / parts)}${fraction} ${unit}`;
}
