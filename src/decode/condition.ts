/** Reads the conditions of the declaration against what is known of a message and its session. */
import type { Context } from './frame.ts';
import type { Cond } from './schema.ts';
import { protocolFeatures } from './spec/protocol-features.ts';
import { transportFeatures } from './spec/transport-features.ts';

/** What conditions may ask about. */
export interface Facts {
  readonly context: Context;
  /** Payload bytes on the wire. */
  readonly size: number;
  /** Descriptors that came with the message. */
  readonly fdCount: number;
  /** The first 32-bit word of the payload, 0 where there is none. */
  readonly first: number;
  /** Set when an answer had to be assumed because the context does not tell. */
  assumed: boolean;
}

/**
 * Whether a condition holds. Total: what the context does not tell counts as not negotiated, and `facts.assumed` says
 * that this was so.
 */
export function holds(cond: Cond, facts: Facts): boolean {
  switch (cond[0]) {
    case 'feature':
      return hasFeature(facts.context.features, transportFeatures[cond[1]].bit, facts);
    case 'protocol':
      return hasFeature(facts.context.protocolFeatures, protocolFeatures[cond[1]].bit, facts);
    case 'size':
      return facts.size >= cond[1] && facts.size <= (cond[2] ?? cond[1]);
    case 'starts':
      return facts.size >= 4 && facts.first === cond[1];
    case 'stride':
      return facts.first > 0 && facts.size === cond[1] + facts.first * cond[2];
    case 'dialect':
      return facts.context.frontEnd === cond[1] || facts.context.backEnd === cond[1];
    case 'fds':
      return facts.fdCount === cond[1];
    case 'not':
      return !holds(cond[1], facts);
    case 'all':
      return cond[1].every(part => holds(part, facts));
    case 'any':
      return cond[1].some(part => holds(part, facts));
  }
}

function hasFeature(mask: bigint | undefined, bit: number, facts: Facts): boolean {
  if (mask === undefined) {
    facts.assumed = true;
    return false;
  }
  return ((mask >> BigInt(bit)) & 1n) === 1n;
}
