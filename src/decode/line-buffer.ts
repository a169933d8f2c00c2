/**
 * Bytes of output under construction. The writers of text and JSON append here straight from wire bytes: one buffer
 * that is used again and again costs a fraction of joining strings.
 */

const zero = 0x30;
const digits = Uint8Array.from('0123456789abcdef', digit => digit.charCodeAt(0));
const encoder = new TextEncoder();
const decoder = new TextDecoder();
const milliard = 1_000_000_000;
const words = new Map<string, Uint8Array>();
const mostWords = 8192;

/** A growing buffer of UTF-8 bytes. Positions are byte offsets; nothing here throws. */
export class LineBuffer {
  #bytes: Uint8Array;
  /** Bytes written so far. */
  length = 0;

  constructor(capacity = 64 * 1024) {
    this.#bytes = new Uint8Array(capacity);
  }

  /** What was written. The array is a view: it changes with the next write. */
  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.length);
  }

  /** Forgets everything from a position on. */
  truncate(length: number): void {
    this.length = length;
  }

  /** The text from a position on. */
  textFrom(start: number): string {
    return decoder.decode(this.#bytes.subarray(start, this.length));
  }

  /** One byte. */
  byte(value: number): void {
    if (this.length === this.#bytes.length) this.#grow(1);
    this.#bytes[this.length++] = value;
  }

  /** A text that has only ASCII characters. */
  ascii(text: string): void {
    const { length } = text;
    if (this.length + length > this.#bytes.length) this.#grow(length);
    const bytes = this.#bytes;
    let at = this.length;
    for (let i = 0; i < length; i++) bytes[at++] = text.charCodeAt(i);
    this.length = at;
  }

  /**
   * A word that is written again and again: a key, a declared name. Its bytes are kept, so only a bounded set of words
   * may be given.
   */
  word(text: string): void {
    let bytes = words.get(text);
    if (bytes === undefined) {
      bytes = encoder.encode(text);
      if (words.size < mostWords) words.set(text, bytes);
    }
    this.copy(bytes);
  }

  /** Any text. */
  text(text: string): void {
    const most = text.length * 3;
    if (this.length + most > this.#bytes.length) this.#grow(most);
    this.length += encoder.encodeInto(text, this.#bytes.subarray(this.length)).written;
  }

  /** A text as a JSON string, quotes included. */
  json(text: string): void {
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      if (code < 0x20 || code > 0x7e || code === 0x22 || code === 0x5c) {
        this.text(JSON.stringify(text));
        return;
      }
    }
    this.byte(0x22);
    this.ascii(text);
    this.byte(0x22);
  }

  /** Bytes as they are. */
  copy(from: Uint8Array): void {
    const { length } = from;
    if (this.length + length > this.#bytes.length) this.#grow(length);
    const bytes = this.#bytes;
    let at = this.length;
    // A call into the engine costs as much as some dozens of bytes.
    if (length > 64) bytes.set(from, at);
    else for (let i = 0; i < length; i++) bytes[at++] = from[i] as number;
    this.length += length;
  }

  /** `count` times the same byte; none where it is not positive. */
  repeat(value: number, count: number): void {
    for (let i = 0; i < count; i++) this.byte(value);
  }

  /**
   * A whole number from 0 to 2^53-1 in decimal, with leading fillers up to `width` places. A larger one, as damaged
   * captures have them, is written as the number that it was rounded to.
   */
  decimal(value: number, width = 1, filler = zero): void {
    if (value > Number.MAX_SAFE_INTEGER) {
      this.ascii(BigInt(value).toString());
      return;
    }
    if (this.length + 20 + width > this.#bytes.length) this.#grow(20 + width);
    const high = value < milliard ? 0 : Math.floor(value / milliard);
    const low = value - high * milliard;
    const places = high === 0 ? digitsOf(low) : 9 + digitsOf(high);
    for (let i = places; i < width; i++) this.#bytes[this.length++] = filler;
    if (high > 0) this.#places(high, places - 9);
    this.#places(low, high > 0 ? 9 : places);
  }

  /** An unsigned 64-bit number in decimal, given as halves. */
  decimal64(low: number, high: number): void {
    if (high < 0x200000) this.decimal(high * 0x1_0000_0000 + low);
    else this.ascii(((BigInt(high) << 32n) | BigInt(low)).toString());
  }

  /** `0x` and the digits of an unsigned 64-bit number without leading zeros. */
  hex(low: number, high = 0): void {
    this.byte(zero);
    this.byte(0x78);
    if (high !== 0) {
      this.#nibbles(high, significant(high));
      this.#nibbles(low, 8);
    } else this.#nibbles(low, significant(low));
  }

  /** Two digits for each byte. */
  hexBytes(from: Uint8Array, start: number, end: number): void {
    const need = Math.max(0, end - start) * 2;
    if (this.length + need > this.#bytes.length) this.#grow(need);
    const bytes = this.#bytes;
    let at = this.length;
    for (let i = start; i < end; i++) {
      const byte = from[i] as number;
      bytes[at++] = digits[byte >> 4] as number;
      bytes[at++] = digits[byte & 15] as number;
    }
    this.length = at;
  }

  /** The last places of a number below 2^31. */
  #places(value: number, count: number): void {
    const bytes = this.#bytes;
    let rest = value | 0;
    for (let at = this.length + count - 1; at >= this.length; at--) {
      const next = (rest / 10) | 0;
      bytes[at] = zero + (rest - next * 10);
      rest = next;
    }
    this.length += count;
  }

  #nibbles(value: number, count: number): void {
    if (this.length + count > this.#bytes.length) this.#grow(count);
    for (let shift = (count - 1) * 4; shift >= 0; shift -= 4) {
      this.#bytes[this.length++] = digits[(value >>> shift) & 15] as number;
    }
  }

  #grow(need: number): void {
    const larger = new Uint8Array(Math.max(this.#bytes.length * 2, this.length + need));
    larger.set(this.#bytes.subarray(0, this.length));
    this.#bytes = larger;
  }
}

/** Decimal places of a number below 2^31. */
function digitsOf(value: number): number {
  if (value < 10) return 1;
  if (value < 100) return 2;
  if (value < 1000) return 3;
  let places = 4;
  for (let limit = 10_000; value >= limit; limit *= 10) places++;
  return places;
}

/** Hexadecimal digits of a 32-bit number without leading zeros. */
function significant(value: number): number {
  return value === 0 ? 1 : 8 - (Math.clz32(value) >> 2);
}
