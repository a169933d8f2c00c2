/** What a rule has matched: how often in each connection, and which chance a match has. */
import { type Channel, channels, type Frame } from '../../decode/frame.ts';

/** One match of a rule. */
export interface Match {
  /** Which one of its connection it is, from 1. */
  readonly n: number;
  /**
   * Random numbers from 0 to below 1. They follow from seed and name of the rule, from pair, session, epoch, channel and
   * direction of the message, and from which match in that direction it is: what the other direction and other
   * connections do meanwhile, which is another thing each time, makes no difference.
   */
  random(): number;
}

/** The matches of a rule in connections that are open. */
export class Matches {
  /** By connection: how many there were in each direction of its channels. */
  readonly #counts = new Map<number, number[]>();

  /** Counts one more for a rule of that name and seed. */
  next(
    connection: number,
    { pair, session, epoch, channel, dir }: Frame,
    { name, seed = 1 }: { name: string; seed?: number },
  ): Match {
    const counts = this.#counts.get(connection) ?? channels.flatMap(() => [0, 0]);
    this.#counts.set(connection, counts);
    const at = channels.indexOf(channel as Channel) * 2 + (dir === 'back-to-front' ? 1 : 0);
    const count = (counts[at] as number) + 1;
    counts[at] = count;
    let random: (() => number) | undefined;
    return {
      n: counts.reduce((sum, each) => sum + each, 0),
      random() {
        random ??= dice(mixed(seed, `${name}/${pair}/${session}.${epoch}/${channel}/${dir}`), count);
        return random();
      },
    };
  }

  /** A connection is over, its number will not be used again. */
  forget(connection: number): void {
    this.#counts.delete(connection);
  }
}

/** A seed that follows from another one and a text (FNV-1a). */
function mixed(seed: number, text: string): number {
  let hash = seed ^ 0x811c_9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x0100_0193);
  return hash;
}

/** Random numbers from 0 to below 1 that follow from a seed and a count, the same each time (mulberry32). */
export function dice(seed: number, count: number): () => number {
  let state = (Math.imul(seed ^ 0x9e37_79b9, 0x85eb_ca6b) ^ Math.imul(count, 0xc2b2_ae35)) >>> 0;
  return () => {
    state = (state + 0x6d2b_79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000;
  };
}
