/** What a vhost-user-gpu back-end shows: protocol features, scanouts, the cursor. */
import type { U64 } from '../schema.ts';
import { type Area, type CarriedFd, fdOf, known, number } from './area.ts';

/** One scanout. */
export interface Scanout {
  readonly id: number;
  readonly n: number;
  /** Pixels; 0×0 is off. */
  readonly width: number;
  readonly height: number;
  /** Record that drew last. */
  readonly lastUpdate?: number;
  /** The buffer it is shared as. */
  readonly dmabuf?: CarriedFd;
}

/** The state of the gpu channel. */
export interface Display {
  readonly offered?: U64;
  readonly accepted?: U64;
  readonly scanouts: ReadonlyMap<number, Scanout>;
  readonly cursor?: { readonly n: number; readonly scanout: number; readonly x: number; readonly y: number };
}

/** Nothing shown. */
export const noDisplay: Display = { scanouts: new Map() };

/** virtio-gpu knows 16 scanouts; ids beyond are not followed. */
const mostScanouts = 16;

function scanout(now: Display, id: number, n: number, change: (one: Scanout) => Partial<Scanout>): Display {
  if (id >= mostScanouts) return now;
  const one = now.scanouts.get(id) ?? { id, n, width: 0, height: 0 };
  return { ...now, scanouts: new Map(now.scanouts).set(id, { ...one, ...change(one) }) };
}

const sized: NonNullable<Area<Display>[string]['request']> = (now, payload, frame) => {
  const dmabuf = fdOf(frame);
  return scanout(now, number(payload.scanout_id), frame.n, () => ({
    n: frame.n,
    width: number(payload.width),
    height: number(payload.height),
    ...(dmabuf && { dmabuf }),
  }));
};
const drawn: NonNullable<Area<Display>[string]['request']> = (now, payload, { n }) =>
  scanout(now, number(payload.scanout_id), n, () => ({ lastUpdate: n }));
const pointed: NonNullable<Area<Display>[string]['request']> = (now, payload, { n }) => ({
  ...now,
  cursor: { n, scanout: number(payload.scanout_id), x: number(payload.x), y: number(payload.y) },
});

/** How messages change it. */
export const display: Area<Display> = {
  GPU_GET_PROTOCOL_FEATURES: {
    reply: (now, { features }) => (known(features) ? { ...now, offered: features } : now),
  },
  GPU_SET_PROTOCOL_FEATURES: {
    request: (now, { features }) => (known(features) ? { ...now, accepted: features } : now),
  },
  GPU_SCANOUT: { request: sized },
  GPU_DMABUF_SCANOUT: { request: sized },
  GPU_DMABUF_SCANOUT2: { request: sized },
  GPU_UPDATE: { request: drawn },
  GPU_DMABUF_UPDATE: { request: drawn },
  GPU_CURSOR_POS: { request: pointed },
  GPU_CURSOR_UPDATE: { request: pointed },
  GPU_CURSOR_POS_HIDE: { request: ({ cursor: _, ...now }) => now },
};
