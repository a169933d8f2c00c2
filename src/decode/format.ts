/** One value as a person reads it: numbers by the kind of their field, names of values and bits. */
import type { Value } from './decode.ts';
import { featureBits, flagNames, namedBits } from './features.ts';
import { plain } from './plain.ts';
import type { NamedField, U64 } from './schema.ts';
import { hex } from './u64.ts';

/** Bytes of data shown before the rest is only counted. */
const mostBytes = 16;

/** A field's value in one short text; empty for groups and lists, whose entries speak for themselves. */
export function formatValue(field: NamedField, value: Value, device?: number): string {
  switch (field.kind) {
    case 'enum': {
      const name = Object.entries(field.values).find(([, number]) => number === value)?.[0];
      return name === undefined ? number(value) : `${name} (${number(value)})`;
    }
    case 'flags':
      return masked(flagNames(field.bits, value as U64), value);
    case 'features':
      return masked(namedBits(featureBits(field.of, device), value as U64), value);
    case 'text':
      return `"${plain(String(value))}"`;
    case 'uuid':
    case 'mac':
      return String(value);
    case 'bytes':
      return field.secret ? `${(value as Uint8Array).length} secret bytes` : formatBytes(value as Uint8Array);
    case 'config':
    case 'pad':
    case 'word':
      return value instanceof Uint8Array ? formatBytes(value) : number(value, 'hex');
    case 'array':
    case 'group':
    case 'table':
      return '';
    default:
      return number(value, field.show);
  }
}

/** A number, or whether a bit is set. */
export function formatNumber(value: U64 | boolean, show: 'dec' | 'hex' = 'dec'): string {
  return number(value, show);
}

/** The first bytes as hexadecimal digits, and how many there are in all where that is more. */
export function formatBytes(bytes: Uint8Array): string {
  const shown = Array.from(bytes.subarray(0, mostBytes), byte => byte.toString(16).padStart(2, '0')).join('');
  return bytes.length > mostBytes ? `${shown}… (${bytes.length} bytes)` : shown;
}

function number(value: Value, show: 'dec' | 'hex' = 'dec'): string {
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  return show === 'hex' ? hex(value as U64) : String(value);
}

function masked({ names, unknown }: { names: string[]; unknown: U64 }, value: Value): string {
  const parts = unknown === 0 ? names : [...names, hex(unknown)];
  return parts.length === 0 ? number(value, 'hex') : `${number(value, 'hex')} ${parts.join('|')}`;
}
