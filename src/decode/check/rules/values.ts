/**
 * Values that the declaration does not name: bits nobody has defined, numbers outside an enumeration, padding that is
 * not zero. Derived from the layouts, so that a new message is judged without a new rule.
 */
import type { Payload } from '../../decode.ts';
import type { EnumField, FlagsField, NamedField, Struct, U64 } from '../../schema.ts';
import { hex } from '../../u64.ts';
import type { Rule, Step } from '../rule.ts';

/** Fields with a rule of their own, by the prefix of their struct and their name. */
const judgedElsewhere = new Set(['config.flags', 'iotlb.type', 'iotlb.permissions', 'status.status']);

/** Calls `see` for every field of a payload that has a value, into groups and arrays. */
function walk(
  struct: Struct,
  payload: Payload,
  see: (field: NamedField, value: unknown, prefix: string) => void,
): void {
  for (const field of struct.list) {
    const value = payload[field.name];
    if (value === undefined) continue;
    see(field, value, struct.prefix);
    if (field.kind === 'group') walk(field.of, value as Payload, see);
    if (field.kind === 'array') for (const entry of value as Payload[]) walk(field.of, entry, see);
  }
}

/** Texts about the fields of a message for which `tell` has one. */
function odd({ message }: Step, tell: (field: NamedField, value: unknown) => string | undefined): string[] {
  const { struct, payload, name, reply, cut } = message;
  if (!struct || cut || message.spec?.private) return [];
  const found: string[] = [];
  walk(struct, payload, (field, value, prefix) => {
    const text = judgedElsewhere.has(`${prefix}.${field.name}`) ? undefined : tell(field, value);
    if (text !== undefined) found.push(`${name}${reply ? ' reply' : ''}: ${text}`);
  });
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
    check: step =>
      odd(step, ({ kind, name, ...field }) =>
        kind === 'pad' && !('loose' in field) ? `${name} is not zero` : undefined,
      ),
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
    check: step =>
      odd(step, (field, value) => {
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
    check: step =>
      odd(step, (field, value) =>
        field.kind === 'enum' && isStrange(field, value as U64)
          ? `${field.name} is ${String(value)}, expected ${Object.entries(field.values)
              .map(([name, number]) => `${number} (${name})`)
              .join(', ')}`
          : undefined,
      ),
  },
];
