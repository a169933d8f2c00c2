/**
 * Payload bytes to the fields of a line, without values in between. Nothing is lost: a field that is left out is
 * zero, and what belongs to no field follows as `+hex`.
 */
import { holds } from '../condition.ts';
import type { Source } from '../decode.ts';
import type { LineBuffer } from '../line-buffer.ts';
import type { NamedField } from '../schema.ts';
import { isZero } from './bytes.ts';
import { innerLayout, type Step, type TextLayout } from './layout.ts';
import type { Paint } from './paint.ts';
import { ScalarWriter } from './scalars.ts';

/** Where a walk over a payload ended, and whether it got through the whole struct. */
export interface Walked {
  at: number;
  whole: boolean;
}

const none = new Uint8Array(0);
const nowhere: Source = {
  bytes: none,
  start: 0,
  bigEndian: false,
  context: {},
  size: 0,
  fdCount: 0,
  first: 0,
  assumed: false,
};

/** Writes the fields of a payload, each after a space. One instance serves all lines, one after the other. */
export class FieldWriter {
  readonly #out: LineBuffer;
  readonly #scalars: ScalarWriter;
  #source = nowhere;
  #at = 0;
  /** End of what was captured of the payload. */
  #end = 0;
  /** Counts and lengths that later fields refer to. */
  readonly #numbers = new Map<string, number>();

  constructor(out: LineBuffer, colours: Paint) {
    this.#out = out;
    this.#scalars = new ScalarWriter(out, colours);
  }

  /** Writes the fields of a payload; unknown or surplus bytes begin at the position it reached. */
  write(layout: TextLayout, source: Source): Walked {
    const { start } = source;
    this.#source = source;
    this.#end = Math.min(start + source.size, source.bytes.length);
    this.#scalars.read(source.bytes, source.bigEndian, source.context.device);
    if (layout.size !== undefined && start + layout.size <= this.#end) {
      for (const step of layout.steps) this.#scalars.write(step, start + step.offset, layout.bare, step.size);
      return { at: start + layout.size, whole: true };
    }
    this.#at = start;
    if (this.#numbers.size > 0) this.#numbers.clear();
    const whole = this.#struct(layout, true);
    return { at: this.#at, whole };
  }

  /** Field after field in the order of the wire; false where the bytes ran out. */
  #struct(layout: TextLayout, spaced: boolean): boolean {
    let separate = spaced;
    for (const step of layout.wire) {
      const { when } = step.field;
      if (when !== undefined && !holds(when, this.#source)) continue;
      const before = this.#out.length;
      this.#scalars.separate = separate;
      const whole = this.#field(step, layout);
      if (this.#out.length > before) separate = true;
      this.#scalars.separate = true;
      if (!whole) {
        this.#tellCounts(layout);
        return false;
      }
    }
    return true;
  }

  #field(step: Step, layout: TextLayout): boolean {
    const { field } = step;
    if (field.kind === 'array') return this.#array(field);
    if (field.kind === 'group') {
      this.#scalars.name(field.name);
      return this.#braces(innerLayout(field.of));
    }
    const at = this.#at;
    const size = field.kind === 'bytes' || field.kind === 'config' ? this.#length(field.length) : step.size;
    if (at + size > this.#end) return false;
    this.#at += size;
    if (step.counts || step.measures) this.#numbers.set(field.name, this.#scalars.number(at, size));
    if (!step.counts) this.#scalars.write(step, at, layout.bare, size);
    return true;
  }

  #length(length: number | string): number {
    if (typeof length === 'number') return length;
    if (length === 'rest') return this.#source.start + this.#source.size - this.#at;
    return this.#numbers.get(length) ?? 0;
  }

  #braces(layout: TextLayout): boolean {
    this.#out.ascii('{');
    const whole = this.#struct(layout, false);
    this.#out.ascii('}');
    return whole;
  }

  #array(field: NamedField & { kind: 'array' }): boolean {
    const told = typeof field.count === 'number' ? field.count : (this.#numbers.get(field.count) ?? 0);
    const layout = innerLayout(field.of);
    this.#scalars.name(field.name);
    this.#out.ascii('[');
    let count = 0;
    let whole = true;
    while (count < told && whole && this.#at < this.#end) {
      if (count > 0) this.#out.ascii(' ');
      const zeros = this.#skipZeros(layout, told - count);
      if (zeros === 0) whole = this.#braces(layout);
      else this.#out.ascii(zeros === 1 ? '{}' : `{}*${zeros}`);
      count += Math.max(1, zeros);
    }
    this.#out.ascii(']');
    // A count that equals what is listed goes without saying.
    if (typeof field.count === 'string' && count === told) this.#numbers.delete(field.count);
    return whole && count === told;
  }

  /** Skips entries that have only zeros, and says how many. */
  #skipZeros({ size }: TextLayout, most: number): number {
    if (size === undefined || size === 0) return 0;
    let count = 0;
    while (count < most && this.#at + size <= this.#end && isZero(this.#source.bytes, this.#at, this.#at + size)) {
      this.#at += size;
      count++;
    }
    return count;
  }

  /** Says the counts of arrays that do not have as many entries. */
  #tellCounts(layout: TextLayout): void {
    for (const { counts, field } of layout.wire) {
      const count = this.#numbers.get(field.name);
      if (!counts || count === undefined || count === 0) continue;
      this.#scalars.name(field.name);
      this.#out.decimal(count);
    }
  }
}
