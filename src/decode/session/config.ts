/** The device configuration space, as far as it was read or written over the wire. */
import type { Payload } from '../decode.ts';
import type { Frame } from '../frame.ts';
import { type Area, number } from './area.ts';

/** What is known of the configuration space. */
export interface Config {
  /** Bytes from offset 0; those never seen are zero. */
  readonly bytes: Uint8Array;
  /** Which of them were seen. */
  readonly seen: Uint8Array;
  readonly changedAt?: number;
  /** The back-end said that it changed, and nobody has asked since. */
  readonly staleSince?: number;
}

/** The largest configuration space any implementation accepts, in bytes. */
const mostBytes = 4096;

/** Nothing seen. */
export const noConfig: Config = { bytes: new Uint8Array(0), seen: new Uint8Array(0) };

function written(now: Config, payload: Payload, { n }: Frame): Config {
  const data = payload.config;
  const offset = number(payload.offset);
  if (!(data instanceof Uint8Array) || offset + data.length > mostBytes) return now;
  const length = Math.max(now.bytes.length, offset + data.length);
  const bytes = new Uint8Array(length);
  const seen = new Uint8Array(length);
  bytes.set(now.bytes);
  bytes.set(data, offset);
  seen.set(now.seen);
  seen.fill(1, offset, offset + data.length);
  return { bytes, seen, changedAt: n };
}

/** How messages change it. */
export const config: Area<Config> = {
  GET_CONFIG: { reply: written },
  SET_CONFIG: { request: written },
  BACKEND_CONFIG_CHANGE_MSG: { request: (now, _, { n }) => ({ ...now, staleSince: n }) },
};
