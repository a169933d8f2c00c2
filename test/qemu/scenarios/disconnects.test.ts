/**
 * The connection is closed instead of the nth message of the front-end: QEMU does what docs/disconnects.md says. For a
 * few messages here. `npm run record disconnects` tries every message of the handshake that has no row in
 * docs/disconnects/ yet, for five minutes a set-up: say it again until nothing is left. `VHUSCOPE_DISCONNECTS=blk,net`
 * chooses set-ups.
 */
import { afterEach, describe, expect, it } from 'vitest';
import { disconnectAt, handshakeOf, keepDisconnect, keptOf, setUps } from '../disconnects.ts';
import { stopAll } from '../programs.ts';

const direct = process.env.VHUSCOPE_RIG_DIRECT === '1';
const recording = process.env.VHUSCOPE_RECORD === '1';
const budgetMs = 300_000;
const chosen = process.env.VHUSCOPE_DISCONNECTS?.split(',');

/** Messages whose loss QEMU answers the same way on any machine, slow or fast. */
const telling = [
  ['blk', 3],
  ['blk-reconnect', 12],
  ['fs', 2],
  ['net', 3],
] as const;

describe.skipIf(direct || recording)('the connection is closed instead of a message of the handshake', () => {
  afterEach(stopAll);

  it.each(telling)('%s at message %i: as the table says', async (name, n) => {
    const setUp = setUps.find(each => each.name === name);
    expect(setUp).toBeDefined();
    const kept = setUp && keptOf(setUp).find(row => row.n === n);
    expect(kept).toBeDefined();
    // Whether QEMU reads the end or an error depends on the moment: its last words do not.
    const seen = setUp && (await disconnectAt(setUp, n));
    expect(seen && { ...seen, says: seen.says.slice(-1) }).toEqual(kept && { ...kept, says: kept.says.slice(-1) });
  });
});

// Not skipped but not there: what is skipped counts as a failure.
if (recording)
  describe('every message of the handshake', () => {
    afterEach(stopAll);

    it.each(setUps.filter(({ name }) => chosen?.includes(name) !== false).map(each => [each.name, each] as const))(
      '%s',
      async (_, setUp) => {
        const until = performance.now() + budgetMs;
        const { messages, row } = await handshakeOf(setUp);
        keepDisconnect(setUp, row);
        for (let n = keptOf(setUp).length; n <= messages.length && performance.now() < until; n++) {
          const tried = await disconnectAt(setUp, n);
          expect(tried.instead, `message ${n}`).toBe(messages[n - 1]);
          keepDisconnect(setUp, tried);
        }
      },
      3_600_000,
    );
  });
