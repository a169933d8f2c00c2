/** Numbers and times of a record's JSON, each behind its key. They are written into the buffer without objects between. */
import type { LineBuffer } from '../line-buffer.ts';
import { writeHex } from './payload.ts';

/** A count, exact. */
export function writeCount(out: LineBuffer, key: string, value: number): void {
  out.word(key);
  out.decimal(value);
}

/** A mask, an address or a handle, as a text. */
export function writeHexNumber(out: LineBuffer, key: string, value: number | bigint): void {
  out.word(key);
  writeHex(out, value);
}

/** Nanoseconds: a number where it is exact, else a text. */
export function writeNanoseconds(out: LineBuffer, key: string, value: number | bigint): void {
  out.word(key);
  const exact = Number(value);
  if (exact <= Number.MAX_SAFE_INTEGER) {
    if (exact < 0) out.word('-');
    out.decimal(Math.abs(exact));
  } else out.ascii(`"${value}"`);
}

/** `t`: seconds with nanoseconds, from nanoseconds. */
export function writeSeconds(out: LineBuffer, ns: number): void {
  const size = Math.abs(ns);
  const seconds = Math.floor(size / 1e9);
  out.word(ns < 0 ? ',"t":-' : ',"t":');
  out.decimal(seconds);
  out.word('.');
  out.decimal(size - seconds * 1e9, 9);
}

const milliard = 1_000_000_000n;

/** `time`: the time of day in ISO 8601 with nanoseconds. Keeps how the second of the last record is written. */
export class Clock {
  #second = -1n;
  #text = '';

  write(out: LineBuffer, wallNs: bigint): void {
    let below = Number(wallNs - this.#second);
    if (this.#second < 0n || below < 0 || below >= 1e9) {
      const second = wallNs / milliard;
      this.#second = second * milliard;
      below = Number(wallNs - this.#second);
      this.#text = isoSecond(Number(second));
    }
    out.word(',"time":"');
    out.ascii(this.#text);
    out.decimal(below, 9);
    out.word('Z"');
  }
}

/** `2026-03-01T12:00:00.`; years a date cannot hold are given as the epoch. */
function isoSecond(second: number): string {
  const date = new Date(second * 1000);
  return `${(Number.isNaN(date.getTime()) ? new Date(0) : date).toISOString().slice(0, -4)}`;
}
