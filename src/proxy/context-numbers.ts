import { headerFlag } from '../capture/pseudo-header.ts';
import { type Context, deviceSources, dialects } from '../decode/frame.ts';
import { littleEndian } from '../sys/libc.ts';

/** The bits of `headerFlag` that say which parts of a context are known. */
export function contextFlags(context: Context): number {
  let flags = littleEndian ? 0 : headerFlag.bigEndian;
  if (context.features !== undefined) flags |= headerFlag.features;
  if (context.protocolFeatures !== undefined) flags |= headerFlag.protocolFeatures;
  return flags;
}

/** A context in the numbers of the fixed header. */
export function splitContext(context: Context) {
  const { features = 0n, protocolFeatures = 0n } = context;
  return {
    featuresLow: Number(features & 0xffff_ffffn),
    featuresHigh: Number(features >> 32n),
    protocolFeaturesLow: Number(protocolFeatures & 0xffff_ffffn),
    protocolFeaturesHigh: Number(protocolFeatures >> 32n),
    frontEnd: Math.max(0, dialects.indexOf(context.frontEnd)),
    backEnd: Math.max(0, dialects.indexOf(context.backEnd)),
    deviceFrom: deviceSources.indexOf(context.deviceFrom),
  };
}
