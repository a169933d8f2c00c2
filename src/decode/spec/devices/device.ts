/** What is declared of a virtio device type: feature bits, configuration space, names of its rings. */
import type { Struct } from '../../schema.ts';
import type { FeatureBit } from '../protocol-features.ts';

/** Names of rings by index: the fixed ones first, then a repeated group, numbered from 0. */
export interface VringNames {
  readonly fixed: readonly string[];
  readonly each?: readonly string[];
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

/** Name of a ring, such as `request 2` or `tx 0`. */
export function vringName(device: DeviceSpec, index: number): string | undefined {
  const { fixed, each } = device.vrings;
  if (index < fixed.length) return fixed[index];
  if (!each || each.length === 0) return undefined;
  const beyond = index - fixed.length;
  return `${each[beyond % each.length]} ${Math.floor(beyond / each.length)}`;
}
