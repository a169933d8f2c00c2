/**
 * The language in which layouts are declared; `message-spec.ts` says what else a declared message has.
 *
 * A payload is a struct: named fields in wire order, each a plain object. Nothing here reads bytes: one interpreter
 * each for decoding, encoding, text, JSON, the Wireshark dissector and the docs walks these objects, so that a field
 * is declared once. The values a struct decodes to are inferred from its declaration (`Infer`).
 *
 * All integers are in the byte order of the host the peers run on; there is no alignment, padding is declared.
 */
import type { Dialect } from './frame.ts';
import type { ProtocolFeature } from './spec/protocol-features.ts';
import type { TransportFeature } from './spec/transport-features.ts';

/** A 64-bit value: a number up to 2^53-1, a bigint above, so that the common case costs no allocation. */
export type U64 = number | bigint;

/**
 * When something applies, as data. Conditions are total: where the context does not tell, they are neither true nor
 * false, and the reader chooses by size and says that it assumed.
 */
export type Cond =
  /** An acknowledged virtio feature, acknowledged protocol feature. */
  | readonly ['feature', TransportFeature]
  | readonly ['protocol', ProtocolFeature]
  /** The payload has this many bytes, or between the two. */
  | readonly ['size', number]
  | readonly ['size', number, number]
  /** The payload starts with this 32-bit number. */
  | readonly ['starts', number]
  /** It has `base` bytes and `each` for every one of the entries whose number it starts with; at least one. */
  | readonly ['stride', base: number, each: number]
  /** One of the two peers is this implementation. */
  | readonly ['dialect', Dialect]
  /** The message carries that many descriptors. */
  | readonly ['fds', number]
  | readonly ['not', Cond]
  | readonly ['all', readonly Cond[]]
  | readonly ['any', readonly Cond[]];

interface Common {
  /** What the field means, in one line. */
  readonly doc?: string;
  /** The field exists only then. */
  readonly when?: Cond;
  /** Name by meaning, where it is not `<struct prefix>.<field>`: filters and the dissector use it, for ever. */
  readonly id?: string;
}

/** How a number is shown: counts and sizes in decimal, addresses, masks and handles in hexadecimal. */
export type Show = 'dec' | 'hex';

/** An unsigned integer of 1, 2, 4 or 8 bytes. */
export interface NumberField extends Common {
  readonly kind: 'u8' | 'u16' | 'u32' | 'u64' | 'i64';
  readonly show?: Show;
  /** It is an address in the process of a peer: what is made public has another one in its place. */
  readonly host?: true;
}
/** A number with names for some values; others stay numbers. */
export interface EnumField extends Common {
  readonly kind: 'enum';
  readonly size: 1 | 2 | 4 | 8;
  readonly values: { readonly [name: string]: number };
}
/** A mask of independent bits, by bit number. */
export interface FlagsField extends Common {
  readonly kind: 'flags';
  readonly size: 1 | 2 | 4 | 8;
  readonly bits: { readonly [name: string]: number };
}
/** A 64-bit feature mask; the names of the virtio bits depend on the device type. */
export interface FeaturesField extends Common {
  readonly kind: 'features';
  readonly of: 'virtio' | 'protocol' | 'gpu';
}
/** Part of a word: `width` bits from bit `from`. A single bit is a boolean. */
export interface Part extends Common {
  readonly from: number;
  readonly width: number;
  readonly show?: Show;
}
/**
 * A word cut into parts, which appear as fields of the struct itself. Bits that belong to no part are kept under the
 * word's own name when they are set.
 */
export interface WordField extends Common {
  readonly kind: 'word';
  readonly size: 1 | 2 | 4 | 8;
  readonly parts: { readonly [name: string]: Part };
}
/** Padding: no value while it is zero, its bytes otherwise. `loose` where peers are known to leave garbage in it. */
export interface PadField extends Common {
  readonly kind: 'pad';
  readonly size: number;
  readonly loose?: true;
}
/** Bytes: a fixed number, as many as an earlier field says, or all that is left. `secret` bytes are masked. */
export interface BytesField extends Common {
  readonly kind: 'bytes';
  readonly length: number | string;
  readonly secret?: true;
}
/** A text of fixed size, padded with NUL and not necessarily terminated. */
export interface TextField extends Common {
  readonly kind: 'text';
  readonly length: number;
}
/** 16 bytes in RFC 4122 order, whatever the byte order of the host. */
export interface UuidField extends Common {
  readonly kind: 'uuid';
}
/** A 6-byte link layer address. */
export interface MacField extends Common {
  readonly kind: 'mac';
}
/** Structs one after the other: a fixed number, as many as an earlier field says, or as many as fit. */
export interface ArrayField extends Common {
  readonly kind: 'array';
  readonly count: number | string;
  readonly of: Struct;
}
/** A table of 64-bit numbers in which only entries that are not zero matter. */
export interface TableField extends Common {
  readonly kind: 'table';
  readonly count: number;
  readonly show?: Show;
}
/** A struct within the struct. */
export interface GroupField extends Common {
  readonly kind: 'group';
  readonly of: Struct;
}
/** A window of the device's configuration space: `length` bytes from `offset`, both earlier fields. */
export interface ConfigField extends Common {
  readonly kind: 'config';
  readonly offset: string;
  readonly length: string;
}

/** Any field. */
export type Field =
  | NumberField
  | EnumField
  | FlagsField
  | FeaturesField
  | WordField
  | PadField
  | BytesField
  | TextField
  | UuidField
  | MacField
  | ArrayField
  | TableField
  | GroupField
  | ConfigField;

/** Fields by name; the order of the properties is the order on the wire. */
export interface Fields {
  readonly [name: string]: Field;
}

/** A field together with its name, as interpreters walk them. */
export type NamedField = Field & { readonly name: string };

/** A declared layout. */
export interface Struct<F extends Fields = Fields> {
  /** Name of the layout in the docs and the JSON schema. */
  readonly name: string;
  /** First part of the meaning names of its fields. */
  readonly prefix: string;
  readonly fields: F;
  /** The same in order. */
  readonly list: readonly NamedField[];
}

type ValueOf<F> = F extends { kind: 'u64' | 'i64' | 'features' }
  ? U64
  : F extends { kind: 'u8' | 'u16' | 'u32' }
    ? number
    : F extends { kind: 'enum' | 'flags'; size: 8 }
      ? U64
      : F extends { kind: 'enum' | 'flags' }
        ? number
        : F extends { kind: 'array'; of: Struct<infer S> }
          ? Infer<S>[]
          : F extends { kind: 'group'; of: Struct<infer S> }
            ? Infer<S>
            : F extends { kind: 'table' }
              ? U64[]
              : F extends { kind: 'text' | 'uuid' | 'mac' }
                ? string
                : F extends { kind: 'bytes' | 'config' }
                  ? Uint8Array
                  : never;
type Hidden<S extends Fields> = { [K in keyof S]: S[K] extends { kind: 'pad' | 'word' } ? K : never }[keyof S];
type Optional<S extends Fields> = { [K in keyof S]: S[K] extends { when: Cond } ? K : never }[keyof S];
type PartValue<P> = P extends { width: 1 } ? boolean : U64;
type UnionToIntersection<U> = (U extends unknown ? (u: U) => void : never) extends (i: infer I) => void ? I : never;
type PartsOf<S extends Fields> = {
  [K in keyof S]: S[K] extends { kind: 'word'; parts: infer P } ? { [N in keyof P]: PartValue<P[N]> } : never;
}[keyof S];

/** The value a struct decodes to: pads vanish, conditional fields are optional, words become their parts. */
export type Infer<S extends Fields> = {
  [K in Exclude<keyof S, Hidden<S> | Optional<S>>]: ValueOf<S[K]>;
} & { [K in Exclude<Optional<S>, Hidden<S>>]?: ValueOf<S[K]> } & ([PartsOf<S>] extends [never]
    ? unknown
    : UnionToIntersection<PartsOf<S>>);

type Checked<S extends Fields> = {
  [K in keyof S]: S[K] extends { kind: 'array'; count: infer C }
    ? C extends keyof S | 'rest' | number
      ? S[K]
      : { error: 'count names no field of this struct' }
    : S[K] extends { kind: 'bytes' | 'config'; length: infer L }
      ? L extends keyof S | 'rest' | number
        ? S[K]
        : { error: 'length names no field of this struct' }
      : S[K];
};

/**
 * Declares a layout. A count or length that names no field of it does not compile.
 *
 * @param name name of the layout
 * @param prefix first part of the meaning names of its fields
 */
export function struct<const F extends Fields>(name: string, prefix: string, fields: F & Checked<F>): Struct<F> {
  const list = Object.entries(fields as Fields).map(([key, field]) => ({ ...field, name: key }));
  return { name, prefix, fields, list };
}

/** The layout of a message without payload. */
export const nothing = struct('none', '', {});
