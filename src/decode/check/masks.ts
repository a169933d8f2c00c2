/** Feature masks as rules compare and tell them. */
import { featureBits, namedBits } from '../features.ts';
import type { U64 } from '../schema.ts';
import { protocolFeatures } from '../spec/protocol-features.ts';
import { transportFeatures } from '../spec/transport-features.ts';
import { hex, normalU64 } from '../u64.ts';

/** The mask of one bit. */
export const bit = (n: number) => 1n << BigInt(n);
/** The mask of a protocol feature. */
export const protocolBit = (name: keyof typeof protocolFeatures) => bit(protocolFeatures[name].bit);
/** The mask of a virtio feature that does not depend on the device. */
export const transportBit = (name: keyof typeof transportFeatures) => bit(transportFeatures[name].bit);

/** Bits QEMU may acknowledge although the back-end did not offer them: it filters only a list per device. */
export const unfiltered = transportBit('ANY_LAYOUT') | transportBit('NOTIFY_ON_EMPTY') | transportBit('RING_RESET');

/** Names of the bits of a mask, unnamed ones as hex. */
export function spell(of: 'virtio' | 'protocol', mask: bigint, device: number | undefined): string {
  const value: U64 = normalU64(mask);
  const { names, unknown } = namedBits(featureBits(of, device), value);
  return [...names, ...(unknown === 0 ? [] : [hex(unknown)])].join('|');
}
