/** Names of feature bits. */
import type { FeaturesField, U64 } from './schema.ts';
import { deviceById } from './spec/devices/index.ts';
import { type FeatureBit, gpuProtocolFeatures, protocolFeatures } from './spec/protocol-features.ts';
import { transportFeatures } from './spec/transport-features.ts';
import { bitsOf, joinU64 } from './u64.ts';

/** A feature bit with its name. */
export interface NamedBit extends FeatureBit {
  readonly name: string;
}

type Bits = readonly (NamedBit | undefined)[];

function table(...sets: readonly { readonly [name: string]: FeatureBit }[]): Bits {
  const bits: (NamedBit | undefined)[] = new Array(64).fill(undefined);
  for (const set of sets) {
    for (const [name, bit] of Object.entries(set)) if (bit.bit < 64) bits[bit.bit] ??= { ...bit, name };
  }
  return bits;
}

const protocol = table(protocolFeatures);
const gpu = table(gpuProtocolFeatures);
const transport = table(transportFeatures);
const virtio = new Map<number, Bits>();

/** The 64 bits of a mask; those of a virtio mask depend on the device type, and device bits come first. */
export function featureBits(of: FeaturesField['of'], device?: number): Bits {
  if (of === 'protocol') return protocol;
  if (of === 'gpu') return gpu;
  const spec = deviceById(device);
  if (!spec) return transport;
  let bits = virtio.get(spec.id);
  if (!bits) {
    bits = table(spec.features, transportFeatures);
    virtio.set(spec.id, bits);
  }
  return bits;
}

/** The set bits of a mask that have a name, in order, and the mask of those that have none. */
export function namedBits(bits: Bits, mask: U64): { names: string[]; unknown: U64 } {
  const names: string[] = [];
  let low = 0;
  let high = 0;
  for (const n of bitsOf(mask)) {
    const named = bits[n];
    if (named) names.push(named.name);
    else if (n < 32) low += 2 ** n;
    else high += 2 ** (n - 32);
  }
  return { names, unknown: low === 0 && high === 0 ? 0 : joinU64(low, high) };
}

/** The same for a mask whose bits are declared in its field. */
export function flagNames(declared: { readonly [name: string]: number }, mask: U64): { names: string[]; unknown: U64 } {
  return namedBits(flagBits(declared), mask);
}

const flagTables = new WeakMap<object, Bits>();

function flagBits(declared: { readonly [name: string]: number }): Bits {
  let bits = flagTables.get(declared);
  if (!bits) {
    bits = table(Object.fromEntries(Object.entries(declared).map(([name, bit]) => [name, { bit, doc: '' }])));
    flagTables.set(declared, bits);
  }
  return bits;
}
