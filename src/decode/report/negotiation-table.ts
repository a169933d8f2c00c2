/** What was offered, accepted and is missing of the two feature masks: one table for a report and for comparisons. */
import { bit } from '../check/masks.ts';
import { featureBits } from '../features.ts';
import type { Mask } from '../session/negotiation.ts';

/** How a feature stands: offered and acknowledged, only offered, acknowledged without an offer, or neither. */
export type Standing = 'accepted' | 'declined' | 'unoffered' | 'missing';

/** One feature. */
export interface FeatureRow {
  readonly bit: number;
  /** Its name, `bit 63` where it has none. */
  readonly name: string;
  readonly standing: Standing;
}

/** Declared features that say nothing when they are missing: deprecated, reserved, or of hardware devices. */
const unremarkable = new Set(['NOTIFY_ON_EMPTY', 'ANY_LAYOUT', 'SR_IOV', 'ADMIN_VQ', 'XEN_MMAP', 'VERSION_1']);

/**
 * Every feature that is offered or accepted, and those that are declared but missing, in the order of bits.
 *
 * @param device virtio device id, whose own features have names
 */
export function featureTable(of: 'virtio' | 'protocol', mask: Mask, device: number | undefined): FeatureRow[] {
  const names = featureBits(of, device);
  const { offered, accepted } = mask;
  if (offered === undefined && accepted === undefined) return [];
  return names.flatMap((named, n): FeatureRow[] => {
    const is = (value: bigint | undefined): boolean => ((value ?? 0n) & bit(n)) !== 0n;
    const name = named?.name ?? `bit ${n}`;
    if (is(accepted))
      return [{ bit: n, name, standing: is(offered) || offered === undefined ? 'accepted' : 'unoffered' }];
    if (is(offered)) return [{ bit: n, name, standing: 'declined' }];
    return named && !unremarkable.has(name) && offered !== undefined ? [{ bit: n, name, standing: 'missing' }] : [];
  });
}

/** Names of the features that stand so. */
export function standing(rows: readonly FeatureRow[], wanted: Standing): string[] {
  return rows.filter(row => row.standing === wanted).map(row => row.name);
}
