/** What is declared of a virtio device type: feature bits, configuration space, names of its rings. */
import type { Struct } from '../../schema.ts';
import type { FeatureBit } from '../protocol-features.ts';

/** Names of rings by index: the fixed ones first, then a repeated group. */
export interface VringNames {
  /** Those in braces exist only with a feature of the device; where it is not negotiated the later ones move up. */
  readonly fixed: readonly (string | { readonly name: string; readonly with: string })[];
  /** The group that repeats, numbered. */
  readonly each?: readonly string[];
  /** Number of the first repetition, 0 where absent. */
  readonly first?: number;
}

/** One virtio device type. */
export interface DeviceSpec {
  /** Virtio device id; the vhost-user protocol never transmits it. */
  readonly id: number;
  /** Short name, as in filters and on the command line. */
  readonly name: string;
  readonly title: string;
  readonly aliases?: readonly string[];
  /** Device-specific feature bits by name; those above 63 cannot be negotiated through vhost-user. */
  readonly features: { readonly [name: string]: FeatureBit };
  /** Configuration space; little endian for modern devices. */
  readonly config?: Struct;
  readonly vrings: VringNames;
}

/**
 * Name of a ring, such as `request 2` or `tx 0`.
 *
 * @param features acknowledged virtio features; without them, rings that depend on one are taken not to exist
 */
export function vringName(device: DeviceSpec, index: number, features = 0n): string | undefined {
  const { fixed, each, first = 0 } = device.vrings;
  const names = fixed.flatMap(ring => {
    if (typeof ring === 'string') return [ring];
    const bit = device.features[ring.with]?.bit ?? 64;
    return (features >> BigInt(bit)) & 1n ? [ring.name] : [];
  });
  if (index < names.length) return names[index];
  if (!each || each.length === 0) return undefined;
  const beyond = index - names.length;
  return `${each[beyond % each.length]} ${Math.floor(beyond / each.length) + first}`;
}
