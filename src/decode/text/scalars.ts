/** Single values of a payload in a line, each as its kind of field is shown. */
import { featureBits } from '../features.ts';
import { readU32 } from '../header.ts';
import type { LineBuffer } from '../line-buffer.ts';
import { quoted } from '../plain.ts';
import { isZero, writeBytes } from './bytes.ts';
import type { PartStep, Step } from './layout.ts';
import { type Paint, paint } from './paint.ts';

const space = 0x20;

/** Writes values straight from bytes. One instance serves all payloads, one after the other. */
export class ScalarWriter {
  readonly #out: LineBuffer;
  readonly #paint: Paint;
  #bytes: Uint8Array = new Uint8Array(0);
  #bigEndian = false;
  #device: number | undefined;
  /** False where the next name begins a group, so that no space goes before it. */
  separate = true;

  constructor(out: LineBuffer, colours: Paint) {
    this.#out = out;
    this.#paint = colours;
  }

  /** Takes the bytes that offsets refer to from now on; masks are named for the device type. */
  read(bytes: Uint8Array, bigEndian: boolean, device: number | undefined): void {
    this.#bytes = bytes;
    this.#bigEndian = bigEndian;
    this.#device = device;
  }

  /** A field that has a value of its own, at a byte offset. */
  write(step: Step, at: number, bare: boolean, size: number): void {
    const { field } = step;
    switch (field.kind) {
      case 'u8':
      case 'u16':
      case 'u32':
      case 'u64': {
        const low = this.#low(at, size);
        const high = size === 8 ? this.#high(at) : 0;
        if (low === 0 && high === 0 && !step.always) return;
        if (bare && field.id === 'ack') {
          this.#ack(low, high);
          return;
        }
        this.#label(step, bare);
        if (field.show === 'hex') this.#out.hex(low, high);
        else this.#out.decimal64(low, high);
        return;
      }
      case 'i64':
        this.#signed(step, at, bare);
        return;
      case 'enum':
        this.#enum(step, at, bare);
        return;
      case 'flags':
      case 'features':
        this.#mask(step, at, bare);
        return;
      case 'word':
        this.#word(step, at);
        return;
      case 'table':
        this.#table(step, at);
        return;
      case 'mac':
        this.#label(step, bare);
        for (let i = 0; i < 6; i++) {
          if (i > 0) this.#out.byte(0x3a);
          this.#out.hexBytes(this.#bytes, at + i, at + i + 1);
        }
        return;
      case 'uuid':
        this.#label(step, bare);
        for (const [from, to] of uuidGroups) {
          if (from > 0) this.#out.byte(0x2d);
          this.#out.hexBytes(this.#bytes, at + from, at + to);
        }
        return;
      case 'text':
        this.#text(step, at, bare);
        return;
      case 'pad':
      case 'bytes':
      case 'config': {
        const measured = 'length' in field && field.length === 'rest';
        if (size === 0 || (!measured && isZero(this.#bytes, at, at + size))) return;
        this.#label(step, bare);
        writeBytes(this.#out, this.#bytes, at, at + size);
      }
    }
  }

  #ack(low: number, high: number): void {
    const out = this.#out;
    out.byte(space);
    if (low === 0 && high === 0) {
      out.ascii('ok');
      return;
    }
    this.#paint(out, paint.bad);
    out.ascii('failed(');
    if (high === 0) out.decimal(low);
    else out.hex(low, high);
    out.byte(0x29);
    this.#paint(out, paint.none);
  }

  #signed(step: Step, at: number, bare: boolean): void {
    const low = this.#low(at, 8);
    const high = this.#high(at);
    if (low === 0 && high === 0 && !step.always) return;
    this.#label(step, bare);
    if (high < 0x8000_0000) {
      this.#out.decimal64(low, high);
      return;
    }
    this.#out.ascii(BigInt.asIntN(64, (BigInt(high) << 32n) | BigInt(low)).toString());
  }

  #enum(step: Step, at: number, bare: boolean): void {
    const low = this.#low(at, step.size);
    const high = step.size === 8 ? this.#high(at) : 0;
    if (low === 0 && high === 0 && !step.always) return;
    this.#label(step, bare);
    const name = high === 0 ? step.names?.get(low) : undefined;
    if (name === undefined) this.#out.decimal64(low, high);
    else this.#out.word(name);
  }

  #mask(step: Step, at: number, bare: boolean): void {
    const { field } = step;
    const out = this.#out;
    const low = this.#low(at, step.size);
    const high = step.size === 8 ? this.#high(at) : 0;
    if (low === 0 && high === 0) {
      if (!step.always) return;
      this.#label(step, bare);
      out.byte(0x30);
      return;
    }
    this.#label(step, bare);
    const device = this.#device;
    const features = field.kind === 'features' ? featureBits(field.of, device) : undefined;
    const nameOf = (bit: number): string | undefined => (features ? features[bit]?.name : step.bits?.[bit]);
    let separate = false;
    let unknownLow = 0;
    let unknownHigh = 0;
    for (let word = 0; word < 2; word++) {
      let left = word === 0 ? low : high;
      while (left !== 0) {
        const lowest = 31 - Math.clz32(left & -left);
        left = (left & (left - 1)) >>> 0;
        const name = nameOf(word * 32 + lowest);
        if (name === undefined) {
          if (word === 0) unknownLow |= 1 << lowest;
          else unknownHigh |= 1 << lowest;
          continue;
        }
        if (separate) out.byte(0x7c);
        out.word(name);
        separate = true;
      }
    }
    if (unknownLow !== 0 || unknownHigh !== 0) {
      if (separate) out.byte(0x7c);
      out.hex(unknownLow >>> 0, unknownHigh >>> 0);
    }
  }

  #word(step: Step, at: number): void {
    const low = this.#low(at, step.size);
    const high = step.size === 8 ? this.#high(at) : 0;
    let knownLow = 0;
    let knownHigh = 0;
    for (const part of step.parts) {
      const { from, width } = part;
      const value = bitsFrom(low, high, from, width);
      if (from < 32) knownLow |= onesFrom(from, Math.min(width, 32 - from));
      if (from + width > 32) knownHigh |= onesFrom(Math.max(0, from - 32), from + width - Math.max(32, from));
      this.#part(part, value);
    }
    const restLow = (low & ~knownLow) >>> 0;
    const restHigh = (high & ~knownHigh) >>> 0;
    if (restLow === 0 && restHigh === 0) return;
    this.name(step.field.name);
    this.#out.hex(restLow, restHigh);
  }

  #part(part: PartStep, value: number): void {
    if (value === 0 && !part.always) return;
    if (part.width === 1) {
      this.#gap();
      this.#out.word(part.name);
      return;
    }
    this.name(part.name);
    if (part.show === 'hex') this.#out.hex(value);
    else this.#out.decimal(value);
  }

  #table(step: Step, at: number): void {
    const { field } = step;
    if (field.kind !== 'table' || isZero(this.#bytes, at, at + step.size)) return;
    const out = this.#out;
    this.name(field.name);
    out.byte(0x5b);
    let separate = false;
    for (let i = 0; i < field.count; i++) {
      const low = this.#low(at + i * 8, 8);
      const high = this.#high(at + i * 8);
      if (low === 0 && high === 0) continue;
      if (separate) out.byte(space);
      separate = true;
      out.decimal(i);
      out.byte(0x3a);
      if (field.show === 'hex') out.hex(low, high);
      else out.decimal64(low, high);
    }
    out.byte(0x5d);
  }

  #text(step: Step, at: number, bare: boolean): void {
    let end = at + step.size;
    while (end > at && this.#bytes[end - 1] === 0) end--;
    if (end === at && !step.always) return;
    this.#label(step, bare);
    this.#out.text(quoted(String.fromCharCode(...this.#bytes.subarray(at, end))));
  }

  #label(step: Step, bare: boolean): void {
    if (bare && step.field.kind !== 'pad') this.#gap();
    else this.name(step.field.name);
  }

  /** A name and the sign behind it. */
  name(name: string): void {
    this.#gap();
    this.#paint(this.#out, paint.faint);
    this.#out.word(name);
    this.#out.byte(0x3d);
    this.#paint(this.#out, paint.none);
  }

  #gap(): void {
    if (this.separate) this.#out.byte(space);
    this.separate = true;
  }

  /** The low 32 bits of a number. */
  #low(at: number, size: number): number {
    const bytes = this.#bytes;
    if (size === 4) return readU32(bytes, at, this.#bigEndian);
    if (size === 8) return readU32(bytes, this.#bigEndian ? at + 4 : at, this.#bigEndian);
    if (size === 1) return bytes[at] as number;
    const [first, second] = this.#bigEndian ? [at, at + 1] : [at + 1, at];
    return ((bytes[first] as number) << 8) | (bytes[second] as number);
  }

  /** The high 32 bits of a number of 8 bytes. */
  #high(at: number): number {
    return readU32(this.#bytes, this.#bigEndian ? at : at + 4, this.#bigEndian);
  }

  /** A number of up to 8 bytes, as a count. */
  number(at: number, size: number): number {
    return size === 8 ? this.#high(at) * 0x1_0000_0000 + this.#low(at, 8) : this.#low(at, size);
  }
}

const uuidGroups = [
  [0, 4],
  [4, 6],
  [6, 8],
  [8, 10],
  [10, 16],
] as const;

/** `width` bits from bit `from`, at most 53. */
function bitsFrom(low: number, high: number, from: number, width: number): number {
  if (from >= 32) return ((high >>> (from - 32)) & onesFrom(0, width)) >>> 0;
  if (from + width <= 32) return ((low >>> from) & onesFrom(0, width)) >>> 0;
  return (low >>> from) + (high & onesFrom(0, from + width - 32)) * 2 ** (32 - from);
}

/** `width` ones from bit `from` of a 32-bit word. */
function onesFrom(from: number, width: number): number {
  return width >= 32 ? 0xffff_ffff : ((1 << width) - 1) << from;
}
