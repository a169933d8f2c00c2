/** What a recording does not show: lost records, shortened messages, ends that could not be copied, channels passed by. */
import type { Channel, Frame } from '../frame.ts';
import type { JsonObject } from '../text/event.ts';

/** Counts of what is missing, and of what a person or a rule changed. */
export interface Gaps {
  /** Messages the recorder could not keep. */
  readonly lost: number;
  /** Messages of which fewer bytes were kept than there were, and the bytes that are missing. */
  readonly snapped: number;
  readonly snappedBytes: number;
  /** Messages whose descriptors the kernel dropped. */
  readonly ctrunc: number;
  /** Records whose keys were overwritten. */
  readonly masked: number;
  /** Stretches that could not be framed. */
  readonly raw: number;
  /** Records the capture holds only in part. */
  readonly damaged: number;
  /** Messages that were changed, made or not sent on. */
  readonly altered: number;
  readonly held: number;
  /** Ends that the other side could not be shown as they were. */
  readonly softened: number;
  /** Bytes that one side sent and the other never received. */
  readonly undelivered: number;
  /** Channels that were not relayed, with the reason. */
  readonly notInterposed: readonly { readonly channel: Channel; readonly why: string }[];
  /** The connection was there before the recording began. */
  readonly late: boolean;
}

/** Nothing is missing. */
export const noGaps: Gaps = {
  lost: 0,
  snapped: 0,
  snappedBytes: 0,
  ctrunc: 0,
  masked: 0,
  raw: 0,
  damaged: 0,
  altered: 0,
  held: 0,
  softened: 0,
  undelivered: 0,
  notInterposed: [],
  late: false,
};

const count = (value: unknown): number => (typeof value === 'number' ? value : 0);

/** What is missing after one more message or run of bytes; the same value where nothing was. */
export function afterFrame(now: Gaps, frame: Frame): Gaps {
  const missing = frame.wireLength - frame.bytes.length;
  const altered = frame.sentBytes !== undefined || frame.injected === true;
  const whole = missing <= 0 && frame.kind === 'message' && !altered && frame.heldNs === undefined;
  if (whole && !frame.ctrunc && !frame.masked && frame.damage === undefined) return now;
  return {
    ...now,
    snapped: now.snapped + (missing > 0 ? 1 : 0),
    snappedBytes: now.snappedBytes + Math.max(0, missing),
    ctrunc: now.ctrunc + (frame.ctrunc ? 1 : 0),
    masked: now.masked + (frame.masked ? 1 : 0),
    raw: now.raw + (frame.kind === 'raw' ? 1 : 0),
    damaged: now.damaged + (frame.damage === undefined ? 0 : 1),
    altered: now.altered + (altered ? 1 : 0),
    held: now.held + (frame.heldNs === undefined ? 0 : 1),
  };
}

/** What is missing after an event, its JSON parsed. */
export function afterEvent(now: Gaps, frame: Frame, event: JsonObject): Gaps {
  switch (event.event) {
    case 'lost':
      return { ...now, lost: now.lost + count(event.count) };
    case 'not-interposed': {
      const one = { channel: String(event.channel) as Channel, why: String(event.why) };
      return { ...now, notInterposed: [...now.notInterposed, one].slice(0, mostChannels) };
    }
    case 'closed':
      return {
        ...now,
        softened: now.softened + (event.delivered === 'softened' ? 1 : 0),
        undelivered: now.undelivered + count(event.undelivered_bytes),
      };
    case 'unheard':
      return { ...now, undelivered: now.undelivered + count(event.bytes) };
    default:
      return frame.damage === undefined ? now : { ...now, damaged: now.damaged + 1 };
  }
}

/** A damaged recording may tell of any number of channels. */
const mostChannels = 8;
