/** The same peers behind the same seeded rules: what is done to their messages is the same each time. */
import { describe, expect, it } from 'vitest';
import { parseRules } from '../../src/cli/rule-file.ts';
import type { Frame } from '../../src/decode/frame.ts';
import { decodeFrame } from '../../src/decode/message.ts';
import * as conversations from '../../src/peers/conversations.ts';
import { expect as awaits, type Script, script, send, untilClosed } from '../../src/peers/script.ts';
import { blockBackEnd, qemuLike } from '../../src/peers/traits.ts';
import { talkThroughProxy } from './talk.ts';

const rules = (seed: number): string => `
seed: ${seed}
rules:
  - { name: late, when: message, probability: 0.3, do: { delay: { ms: 1, jitter: 3 } } }
  - { name: twice, when: SET_VRING_CALL or SET_VRING_ERR, probability: 0.5, do: { duplicate: true } }
  - { name: spoilt, when: GET_CONFIG and reply, do: { corrupt: { bytes: 2, from: 24 } } }
  - { name: marked, when: message, probability: 0.2, do: { note: here } }
`;

const asks = script(
  awaits('SET_VRING_ENABLE'),
  ...Array.from({ length: 6 }, () => send('BACKEND_CONFIG_CHANGE_MSG', {}, { needReply: true })),
  untilClosed(),
);
const uses: Script = script(
  conversations.qemuConnects(1),
  conversations.readsConfig,
  conversations.qemuStartsBlk(),
  // Goes on while the back-end asks: what comes first is another thing each time.
  ...Array.from({ length: 20 }, () => send('GET_QUEUE_NUM')),
  ...Array.from({ length: 6 }, () => awaits('BACKEND_CONFIG_CHANGE_MSG')),
  conversations.readsConfig,
  conversations.qemuStops(),
);

/** What was done to the messages of each direction of each channel, in order: which bytes of them were changed, and how. */
async function treated(seed: number): Promise<Record<string, string[]>> {
  const { front, back, frames } = await talkThroughProxy(
    { traits: qemuLike(), scripts: [uses, uses] },
    { traits: blockBackEnd(), scripts: [asks, asks] },
    { front: 'connect', back: 'listen' },
    {},
    parseRules(rules(seed), 'r.yaml'),
  );
  expect([front.error, back.error]).toEqual([undefined, undefined]);
  const done: Record<string, string[]> = {};
  const nameOf = new Map(frames.map(frame => [frame.n, frame] as const));
  for (const frame of frames) {
    const { event, of, did, text }: { event?: string; of?: number; did?: string[]; text?: string } =
      frame.kind === 'event' ? JSON.parse(Buffer.from(frame.bytes).toString()) : {};
    const about = of === undefined ? frame : (nameOf.get(of) as Frame);
    if (about.kind !== 'message') continue;
    const place = `${about.epoch} ${about.channel} ${about.dir}`;
    const said = `${decodeFrame(about).name}${about.reply ? ' =' : ''}${about.injected ? ' made' : ''}`;
    const what = event === undefined ? `${said} ${differing(frame)}` : `${said} ${event} ${did ?? text}`;
    const before = done[place] ?? [];
    done[place] = [...before, what.trim()];
  }
  return done;
}

/** The bytes of a message that were changed: their places, and what they are exclusive-or what they were. */
function differing({ bytes, sentBytes }: Frame): string {
  if (sentBytes === undefined) return '';
  return [...bytes]
    .flatMap((byte, i) => (byte === sentBytes[i] ? [] : [`${i}:${byte ^ (sentBytes[i] ?? 0)}`]))
    .join(' ');
}

describe('a seeded scenario', () => {
  it('runs again identically, and not with another seed', async () => {
    const [once, again, other] = [await treated(7), await treated(7), await treated(8)];
    expect(once['1 main front-to-back']?.some(what => what.endsWith('delayed by 1 to 4 ms'))).toBe(true);
    expect(once['1 main back-to-front']?.some(what => /^GET_CONFIG = \d+:\d+ \d+:\d+$/.test(what))).toBe(true);
    expect(Object.keys(once)).toHaveLength(8);
    expect(again).toEqual(once);
    expect(other).not.toEqual(once);
  });
});
