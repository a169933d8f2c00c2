/** Arithmetic on 64-bit values that are numbers up to 2^53-1 and bigints above. */
import type { U64 } from './schema.ts';

const two32 = 2 ** 32;
const joined = new DataView(new ArrayBuffer(8));

/** Joins two 32-bit halves; a number where it is exact. */
export function joinU64(low: number, high: number): U64 {
  if (high < 0x200000) return high * two32 + low;
  // Joining the halves in memory makes one big integer instead of four.
  joined.setUint32(0, high);
  joined.setUint32(4, low);
  return joined.getBigUint64(0);
}

/** The value modulo 2^64 as a number where it is exact, so that equal values have one form. */
export function normalU64(value: bigint): U64 {
  const unsigned = BigInt.asUintN(64, value);
  return unsigned <= 0x1fffffffffffffn ? Number(unsigned) : unsigned;
}

/** Bits 0 to 31 and bits 32 to 63. */
export function halves(value: U64): [low: number, high: number] {
  if (typeof value === 'number' && value >= 0) return [value % two32, Math.floor(value / two32)];
  const big = BigInt.asUintN(64, BigInt(value));
  return [Number(big & 0xffffffffn), Number(big >> 32n)];
}

/** Most values are small: numbers of 32 bits, for which the machine has instructions. */
function isWord(value: U64): value is number {
  return typeof value === 'number' && value >= 0 && value <= 0xffffffff;
}

/** Whether bit `n`, 0 to 63, is set. */
export function hasBit(value: U64, n: number): boolean {
  if (isWord(value)) return n < 32 && ((value >>> n) & 1) === 1;
  const [low, high] = halves(value);
  return n < 32 ? ((low >>> n) & 1) === 1 : ((high >>> (n - 32)) & 1) === 1;
}

/** `width` bits from bit `from`. */
export function slice(value: U64, from: number, width: number): U64 {
  if (isWord(value) && width < 32) return from > 31 ? 0 : (value >>> from) & ((1 << width) - 1);
  return normalU64((BigInt(value) >> BigInt(from)) & ((1n << BigInt(width)) - 1n));
}

/** The numbers of the bits that are set, in order. */
export function bitsOf(value: U64): number[] {
  const [low, high] = halves(value);
  const found: number[] = [];
  for (let n = 0; n < 32; n++) if ((low >>> n) & 1) found.push(n);
  for (let n = 0; n < 32; n++) if ((high >>> n) & 1) found.push(n + 32);
  return found;
}

/** `0x` and lower-case digits without leading zeros. */
export function hex(value: U64): string {
  return `0x${value.toString(16)}`;
}
