/**
 * How a declared struct is laid out in a line of text: what is always shown, what only where it is not zero, and in
 * which order. Worked out once for each struct and kept.
 */
import { variantsOf } from '../catalog.ts';
import { fixedSize } from '../decode.ts';
import type { MessageSpec, Variant } from '../message-spec.ts';
import type { NamedField, Part, Struct } from '../schema.ts';

/** A struct with at most this many values shows its numbers and enums even where they are zero. */
const fewValues = 6;

/** A field in a line. */
export interface Step {
  readonly field: NamedField;
  /** Byte offset in the payload, where the struct has a fixed layout. */
  readonly offset: number;
  /** Bytes, 0 where the message tells. */
  readonly size: number;
  /** Shown even where it is zero. */
  readonly always: boolean;
  /** Names of an enum's values. */
  readonly names: ReadonlyMap<number, string> | undefined;
  /** Names of a mask's bits by bit number. */
  readonly bits: readonly (string | undefined)[] | undefined;
  readonly parts: readonly PartStep[];
  /** It counts the entries of a later array, and goes without saying where the entries are there. */
  readonly counts: boolean;
  /** A later field takes its length from it. */
  readonly measures: boolean;
}

/** A part of a word in a line. */
export interface PartStep extends Part {
  readonly name: string;
  readonly always: boolean;
}

/** A struct in a line. */
export interface TextLayout {
  readonly struct: Struct;
  /** Bytes, where every field has a fixed size and none is conditional. */
  readonly size: number | undefined;
  /** In the order of the wire. */
  readonly wire: readonly Step[];
  /** In the order of the line; the same, unless the size is fixed and the declaration says what is telling. */
  readonly steps: readonly Step[];
  /** It has a single value, which needs no name. */
  readonly bare: boolean;
}

const layouts = new WeakMap<Struct, Map<readonly string[] | undefined, TextLayout>>();

/** The layout of a struct as the payload of a message; `telling` are the fields its declaration puts first. */
export function textLayout(struct: Struct, telling?: readonly string[]): TextLayout {
  let kept = layouts.get(struct);
  if (!kept) {
    kept = new Map();
    layouts.set(struct, kept);
  }
  let layout = kept.get(telling);
  if (!layout) {
    layout = build(struct, telling, valueNames(struct).length <= fewValues);
    kept.set(telling, layout);
  }
  return layout;
}

const inner = new WeakMap<Struct, TextLayout>();

/** The layout of a struct within another: only its first value is always shown. */
export function innerLayout(struct: Struct): TextLayout {
  let layout = inner.get(struct);
  if (!layout) {
    layout = build(struct, undefined, false);
    inner.set(struct, layout);
  }
  return layout;
}

/** Names of the values a struct shows: parts of words, no padding. */
export function valueNames(struct: Struct): string[] {
  return struct.list.flatMap(field => {
    if (field.kind === 'pad') return [];
    return field.kind === 'word' ? Object.keys(field.parts) : [field.name];
  });
}

/** The name of a struct's only value, if it has just one that is neither a group nor a list. */
export function bareName(struct: Struct): string | undefined {
  const names = valueNames(struct);
  const field = struct.list.find(one => one.name === names[0]);
  if (names.length !== 1 || !field) return undefined;
  return field.kind === 'array' || field.kind === 'group' || field.kind === 'table' ? undefined : field.name;
}

function build(struct: Struct, telling: readonly string[] | undefined, few: boolean): TextLayout {
  const [first] = valueNames(struct);
  const always = (name: string, numeric: boolean): boolean =>
    name === first || (numeric && (telling === undefined ? few : telling.includes(name)));
  let offset = 0;
  let fixed = true;
  const wire = struct.list.map((field): Step => {
    const size = fixedSize(field);
    if (size === undefined || field.when !== undefined) fixed = false;
    const step = {
      field,
      offset,
      size: size ?? 0,
      always: always(field.name, isPlainNumber(field)),
      names: field.kind === 'enum' ? namesOf(field.values) : undefined,
      bits: field.kind === 'flags' ? bitsOf(field.bits) : undefined,
      parts: partsOf(field, always),
      counts: struct.list.some(other => other.kind === 'array' && other.count === field.name),
      measures: struct.list.some(other => 'length' in other && other.length === field.name),
    };
    offset += size ?? 0;
    return step;
  });
  const steps = [...wire];
  if (fixed && telling) {
    const rank = (step: Step): number => {
      const names = [step.field.name, ...step.parts.map(part => part.name)];
      const at = telling.findIndex(name => names.includes(name));
      return at < 0 ? telling.length : at;
    };
    steps.sort((a, b) => rank(a) - rank(b));
  }
  return { struct, size: fixed ? offset : undefined, wire, steps, bare: bareName(struct) !== undefined };
}

function isPlainNumber(field: NamedField): boolean {
  if (field.kind === 'enum') return true;
  return /^[ui]\d+$/.test(field.kind) && !('show' in field && field.show === 'hex');
}

function partsOf(field: NamedField, always: (name: string, numeric: boolean) => boolean): PartStep[] {
  if (field.kind !== 'word') return [];
  return Object.entries(field.parts).map(([name, part]) => ({
    ...part,
    name,
    always: part.width > 1 && always(name, part.show !== 'hex'),
  }));
}

function namesOf(values: { readonly [name: string]: number }): Map<number, string> {
  return new Map(Object.entries(values).map(([name, value]) => [value, name]));
}

function bitsOf(bits: { readonly [name: string]: number }): (string | undefined)[] {
  const names: (string | undefined)[] = new Array(64).fill(undefined);
  for (const [name, bit] of Object.entries(bits)) names[bit] ??= name;
  return names;
}

const needsLength = {
  request: new WeakMap<MessageSpec, Set<Struct>>(),
  reply: new WeakMap<MessageSpec, Set<Struct>>(),
};

/**
 * Whether a line must tell the payload's length, since its fields alone would be read as another layout of the
 * message: reading takes the last layout that has all of them.
 */
export function lengthMatters(spec: MessageSpec, reply: boolean, struct: Struct): boolean {
  const variants = variantsOf(spec, reply);
  if (variants.length < 2) return false;
  const kept = reply ? needsLength.reply : needsLength.request;
  let known = kept.get(spec);
  if (!known) {
    known = new Set(ambiguous(variants));
    kept.set(spec, known);
  }
  return known.has(struct);
}

function ambiguous(variants: readonly Variant[]): Struct[] {
  const structs = variants.map(variant => variant.payload);
  return structs.filter((struct, i) => {
    const [first] = valueNames(struct);
    return (
      first !== undefined && structs.slice(i + 1).some(later => later !== struct && valueNames(later).includes(first))
    );
  });
}
