/** The two peers as authors of messages, and the two ways between them. */
import type { Channel, Direction } from './frame.ts';
import { requester } from './header.ts';

/** One of the two peers. */
export type Side = 'front-end' | 'back-end';

/** The author of what travels in a direction. */
export function sideOf(dir: Direction): Side;
export function sideOf(dir: Direction | undefined): Side | undefined;
export function sideOf(dir: Direction | undefined): Side | undefined {
  return dir === undefined ? undefined : dir === 'front-to-back' ? 'front-end' : 'back-end';
}

/** The direction in which a side speaks. */
export function directionOf(side: Side): Direction {
  return side === 'front-end' ? 'front-to-back' : 'back-to-front';
}

/** The peer of a side. */
export function otherSide(side: Side): Side {
  return side === 'front-end' ? 'back-end' : 'front-end';
}

/** The direction of answers. */
export function otherWay(dir: Direction): Direction {
  return dir === 'front-to-back' ? 'back-to-front' : 'front-to-back';
}

/** The side that is asked on a channel. */
export function answerer(channel: Channel): Side {
  return otherSide(sideOf(requester(channel)));
}
