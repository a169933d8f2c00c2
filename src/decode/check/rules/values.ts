/**
 * Values that the declaration does not name: bits nobody has defined, numbers outside an enumeration, padding that is
 * not zero. Derived from the layouts, so that a new message is judged without a new rule.
 */
import type { Payload } from '../../decode.ts';
import type { Kind } from '../../kind.ts';
import type { EnumField, FlagsField, NamedField, Struct, U64 } from '../../schema.ts';
import { hex } from '../../u64.ts';
import type { Rule, Step } from '../rule.ts';

/** Fields with a rule of their own, by the prefix of their struct and their name. */
const judgedElsewhere = new Set(['config.flags', 'iotlb.type', 'iotlb.permissions', 'status.status']);

type FieldKind = 'pad' | 'word' | 'flags' | 'enum';
type Tell = (field: NamedField, value: unknown) => string | undefined;

/** Whether a layout has a field to be judged, also within groups and arrays. */
function has(struct: Struct, kinds: readonly FieldKind[]): boolean {
  return struct.list.some(
    field =>
      kinds.some(kind => isJudged(struct, field, kind)) ||
      ('of' in field && isStruct(field.of) && has(field.of, kinds)),
  );
}

/** Messages of the specification that have such fields. */
const having =
  (...kinds: readonly FieldKind[]) =>
  ({ spec, shape }: Kind): boolean =>
    shape !== undefined && spec?.private === undefined && has(shape.payload, kinds);

const isStruct = (of: unknown): of is Struct => typeof of === 'object' && of !== null && 'list' in of;

function isJudged(struct: Struct, field: NamedField, kind: FieldKind): boolean {
  return field.kind === kind && !('loose' in field) && !judgedElsewhere.has(`${struct.prefix}.${field.name}`);
}

/** Texts about the fields of a message, into groups and arrays, for which `tell` has one. */
function odd({ message }: Step, kinds: readonly FieldKind[], tell: Tell): string[] | undefined {
  const { struct, payload, name, reply, cut } = message;
  if (!struct || cut) return undefined;
  const found: string[] = [];
  const walk = (layout: Struct, values: Payload): void => {
    for (const field of layout.list) {
      const value = values[field.name];
      if (value === undefined) continue;
      const text = kinds.some(kind => isJudged(layout, field, kind)) ? tell(field, value) : undefined;
      if (text !== undefined) found.push(`${name}${reply ? ' reply' : ''}: ${text}`);
      if (field.kind === 'group') walk(field.of, value as Payload);
      if (field.kind === 'array') for (const entry of value as Payload[]) walk(field.of, entry);
    }
  };
  walk(struct, payload);
  return found;
}

function strangeBits({ bits }: FlagsField, value: U64): bigint {
  return Object.values(bits).reduce((rest, bit) => rest & ~(1n << BigInt(bit)), BigInt(value));
}

function isStrange({ values }: EnumField, value: U64): boolean {
  return !Object.values(values).some(known => known === Number(value));
}

/** Rules about values that nobody has defined. */
export const values: readonly Rule[] = [
  {
    id: 'SIZ-16',
    name: 'padding-not-zero',
    severity: 'note',
    condition: 'padding holds something else than zero, except where peers are known to leave garbage in it',
    spec: 'the layout of each message',
    remedy: 'clear the structure before filling it; rust-vmm refuses padding that is not zero',
    confidence: 'inferred',
    on: 'messages',
    only: having('pad'),
    check: step => odd(step, ['pad'], ({ name }) => `${name} is not zero`),
  },
  {
    id: 'SIZ-17',
    name: 'undefined-bits',
    severity: 'warning',
    condition: 'bits of a word or of flags are set that the specification does not define; feature masks aside',
    spec: 'the description of each message',
    remedy: 'clear bits that have no meaning: a later version may give them one',
    confidence: 'inferred',
    on: 'messages',
    only: having('word', 'flags'),
    check: step =>
      odd(step, ['word', 'flags'], (field, value) => {
        if (field.kind === 'word') return `${field.name} has undefined bits ${hex(value as U64)}`;
        const bits = field.kind === 'flags' ? strangeBits(field, value as U64) : 0n;
        return bits === 0n ? undefined : `${field.name} has undefined bits 0x${bits.toString(16)}`;
      }),
  },
  {
    id: 'SIZ-18',
    name: 'undefined-value',
    severity: 'warning',
    condition: 'a field has a value outside its enumeration, as the direction or phase of SET_DEVICE_STATE_FD',
    spec: 'the description of each message',
    remedy: 'send one of the values that the specification defines',
    confidence: 'spec',
    on: 'messages',
    only: having('enum'),
    check: step =>
      odd(step, ['enum'], (field, value) =>
        field.kind === 'enum' && isStrange(field, value as U64)
          ? `${field.name} is ${String(value)}, expected ${Object.entries(field.values)
              .map(([name, number]) => `${number} (${name})`)
              .join(', ')}`
          : undefined,
      ),
  },
];
