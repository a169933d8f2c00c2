/** The simulated front-ends say what real ones were recorded to say, in the same order. */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readCapture } from '../../src/capture/reader.ts';
import type { Frame } from '../../src/decode/frame.ts';
import { decodeFrame } from '../../src/decode/message.ts';
import { bitsOf } from '../../src/decode/u64.ts';
import * as conversations from '../../src/peers/conversations.ts';
import { type Script, script, untilClosed } from '../../src/peers/script.ts';
import { blockBackEnd, type FrontEndTraits, qemuLike, virtioUserLike } from '../../src/peers/traits.ts';
import { talk } from './talk.ts';

/** The first connection of a recording. */
function recorded(name: string): Frame[] {
  const path = join(import.meta.dirname, '../../captures', `${name}.pcapng`);
  return [...readCapture(path)].filter(({ kind, epoch, session }) => kind === 'message' && session * epoch === 1);
}

/** Which features the recorded back-end offered, by bit. */
function offered(frames: readonly Frame[], message: string, field: string): number[] {
  for (const frame of frames) {
    const { name, reply, payload } = decodeFrame(frame);
    if (name === message && reply) return bitsOf(payload[field] as number | bigint);
  }
  throw new Error(`no reply to ${message}`);
}

/** The front-end's requests in order: name, ring, and `!` where it wants an acknowledgement. */
function requests(frames: readonly Frame[]): string[] {
  const asked = frames.map(decodeFrame).filter(({ channel, reply }) => channel === 'main' && !reply);
  return asked.map(({ name, payload, needReply }) =>
    [name, payload.index === undefined ? '' : ` ${payload.index}`, needReply ? '!' : ''].join(''),
  );
}

/** Requests up to the given one, with that one. */
const upTo = (last: string) => (all: string[]) => all.slice(0, all.indexOf(last) + 1);
/** QEMU tells which queues of a card are on whenever somebody asks; the simulated one does so once. */
const withoutRepetition = (all: string[]) => {
  const start = all.indexOf('SET_FEATURES');
  const isSwitch = (one: string) => one.startsWith('SET_VRING_ENABLE');
  return [...new Set(all.slice(0, start).filter(isSwitch)), ...all.filter(one => !isSwitch(one))];
};

const rows: [capture: string, traits: FrontEndTraits, says: Script, part: (all: string[]) => string[]][] = [
  [
    'blk',
    qemuLike(),
    script(
      conversations.qemuConnects(1),
      conversations.readsConfig,
      conversations.qemuStartsBlk(),
      conversations.qemuStops(),
    ),
    upTo('GET_VRING_BASE 0'),
  ],
  [
    'fs',
    qemuLike({ device: 26 }),
    script(conversations.qemuConnects(2), conversations.qemuStartsFs(2), conversations.qemuStops(2)),
    upTo('GET_VRING_BASE 1'),
  ],
  ['net', qemuLike({ device: 1 }), script(conversations.qemuNet(1), conversations.qemuNetStops(1)), withoutRepetition],
  ['virtio-user', virtioUserLike, conversations.virtioUser(), upTo('GET_VRING_BASE 1')],
];

describe('the order of real front-ends', () => {
  it.each(rows)('%s', async (name, traits, says, part) => {
    const real = recorded(name);
    const offers = {
      virtio: offered(real, 'GET_FEATURES', 'features'),
      protocol: offered(real, 'GET_PROTOCOL_FEATURES', 'protocol_features'),
    };
    const { front, back } = await talk(
      { traits, scripts: [says] },
      { traits: blockBackEnd({ device: traits.device, offers }), scripts: [[untilClosed()]] },
    );
    expect([front.error, back.error]).toEqual([undefined, undefined]);
    const said = part(requests(front.connections[0]?.frames ?? []));
    expect(said.length).toBeGreaterThan(15);
    expect(said).toEqual(part(requests(real)));
  });
});
