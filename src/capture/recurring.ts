/**
 * What many pseudo-headers have in common. It is made once and given again where the bytes are the same: to make it
 * takes longer than to read all the rest. Nobody changes a context.
 */
import { type Context, deviceSources, dialects } from '../decode/frame.ts';
import { fieldAt, headerFlag } from './pseudo-header.ts';

/** Flags that belong to the context. */
const contextFlags = headerFlag.features | headerFlag.protocolFeatures | headerFlag.bigEndian;

/** A context, and the words it was read from. */
interface ReadContext {
  readonly told: number;
  readonly device: number;
  readonly peers: number;
  readonly featuresLow: number;
  readonly featuresHigh: number;
  readonly protocolLow: number;
  readonly protocolHigh: number;
  readonly context: Context;
}

/** Contexts that are kept; a power of two. A capture has a few for each of its connections. */
const keptContexts = 64;

class Recurring {
  #captureLow = 0;
  #captureHigh = 0;
  #captureId = 0n;
  readonly #contexts: (ReadContext | undefined)[] = new Array(keptContexts).fill(undefined);

  captureId(view: DataView, at: number): bigint {
    const low = view.getUint32(at + fieldAt.captureId, true);
    const high = view.getUint32(at + fieldAt.captureId + 4, true);
    if (low !== this.#captureLow || high !== this.#captureHigh) {
      this.#captureLow = low;
      this.#captureHigh = high;
      this.#captureId = view.getBigUint64(at + fieldAt.captureId, true);
    }
    return this.#captureId;
  }

  context(view: DataView, at: number, flags: number): Context {
    const told = flags & contextFlags;
    const device = view.getUint16(at + fieldAt.device, true);
    const peers = view.getUint32(at + fieldAt.frontEnd, true);
    const featuresLow = view.getUint32(at + fieldAt.features, true);
    const featuresHigh = view.getUint32(at + fieldAt.features + 4, true);
    const protocolLow = view.getUint32(at + fieldAt.protocolFeatures, true);
    const protocolHigh = view.getUint32(at + fieldAt.protocolFeatures + 4, true);
    const mixed = told ^ device ^ peers ^ featuresLow ^ (featuresHigh << 3) ^ (protocolLow << 1) ^ protocolHigh;
    const slot = (mixed ^ (mixed >>> 8) ^ (mixed >>> 16) ^ (mixed >>> 24)) & (keptContexts - 1);
    const kept = this.#contexts[slot];
    if (
      kept !== undefined &&
      kept.told === told &&
      kept.device === device &&
      kept.peers === peers &&
      kept.featuresLow === featuresLow &&
      kept.featuresHigh === featuresHigh &&
      kept.protocolLow === protocolLow &&
      kept.protocolHigh === protocolHigh
    )
      return kept.context;
    const context = readContext(view, at, flags);
    this.#contexts[slot] = { told, device, peers, featuresLow, featuresHigh, protocolLow, protocolHigh, context };
    return context;
  }
}

/** The one of this thread. */
export const recurring = new Recurring();

function readContext(view: DataView, at: number, flags: number): Context {
  const context: { -readonly [K in keyof Context]: Context[K] } = {};
  if (flags & headerFlag.features) context.features = view.getBigUint64(at + fieldAt.features, true);
  if (flags & headerFlag.protocolFeatures)
    context.protocolFeatures = view.getBigUint64(at + fieldAt.protocolFeatures, true);
  const device = view.getUint16(at + fieldAt.device, true);
  if (device > 0) context.device = device;
  const deviceFrom = deviceSources[view.getUint8(at + fieldAt.deviceFrom)];
  if (deviceFrom !== undefined) context.deviceFrom = deviceFrom;
  const frontEnd = dialects[view.getUint8(at + fieldAt.frontEnd)];
  if (frontEnd !== undefined) context.frontEnd = frontEnd;
  const backEnd = dialects[view.getUint8(at + fieldAt.backEnd)];
  if (backEnd !== undefined) context.backEnd = backEnd;
  if (flags & headerFlag.bigEndian) context.bigEndian = true;
  return context;
}
