/** What Wireshark must know of a field before it may be shown or filtered for, and the merging of its occurrences. */

/** How a field is stored and compared. `frame` is the number of another packet, `time` a duration. */
export type FilterType = 'uint' | 'int' | 'bool' | 'bytes' | 'text' | 'uuid' | 'mac' | 'frame' | 'time';

/** A field of a dissector. */
export interface FilterField {
  /** Name without the dissector's: `vring.index`. A name stays for ever. */
  readonly id: string;
  readonly type: FilterType;
  /** Width of a number; the widest place it occurs in. */
  readonly bits?: 8 | 16 | 32 | 64;
  readonly hex?: true;
  /** The bits it occupies in its bytes, where they are shown as dots and digits. */
  readonly mask?: number;
  readonly values?: ReadonlyMap<number, string>;
  /** Of a `frame`: what the other packet is. */
  readonly frame?: 'REQUEST' | 'RESPONSE';
  /** As the tree shows it. */
  readonly label: string;
  readonly doc?: string;
}

/** Bytes as a width in bits. */
export const bitsOfSize = { 1: 8, 2: 16, 4: 32, 8: 64 } as const;

/**
 * Fields by name. A field that occurs in several places is one field: as wide as the widest, in hexadecimal where one
 * of them is, with the value names that do not contradict each other.
 */
export class FilterFields {
  readonly #byId = new Map<string, FilterField>();

  /** Adds an occurrence; throws where the same name would have two types. */
  add(field: FilterField): string {
    const other = this.#byId.get(field.id);
    this.#byId.set(field.id, other ? merge(other, field) : field);
    return field.id;
  }

  /** The fields in the order in which they were first added. */
  list(): FilterField[] {
    return [...this.#byId.values()];
  }
}

function merge(a: FilterField, b: FilterField): FilterField {
  if (a.type !== b.type || a.mask !== b.mask) throw new Error(`two fields are called ${a.id}: ${a.type} and ${b.type}`);
  const bits = Math.max(a.bits ?? 0, b.bits ?? 0) as 8 | 16 | 32 | 64;
  const values = a.values && b.values ? agreeing(a.values, b.values) : (a.values ?? b.values);
  const doc = a.doc ?? b.doc;
  return {
    id: a.id,
    type: a.type,
    label: a.label,
    ...(bits > 0 && { bits }),
    ...((a.hex || b.hex) && { hex: true }),
    ...(a.mask !== undefined && { mask: a.mask }),
    ...(values && { values }),
    ...(doc !== undefined && { doc }),
  };
}

function agreeing(a: ReadonlyMap<number, string>, b: ReadonlyMap<number, string>): ReadonlyMap<number, string> {
  const both = new Map([...a, ...b]);
  for (const [value, name] of a) if (b.has(value) && b.get(value) !== name) both.delete(value);
  return both;
}
