/** The two peers as authors of messages. */
import type { Channel, Direction } from '../frame.ts';
import { requester } from '../header.ts';
import type { Side } from './rule.ts';

/** The author of what travels in a direction. */
export function sideOf(dir: Direction | undefined): Side | undefined {
  return dir === undefined ? undefined : dir === 'front-to-back' ? 'front-end' : 'back-end';
}

/** The side that is asked on a channel. */
export function answerer(channel: Channel): Side {
  return requester(channel) === 'front-to-back' ? 'back-end' : 'front-end';
}
