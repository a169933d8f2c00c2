/** What the peers of the demo say, and the pair that the engine records. */
import { join } from 'node:path';
import * as conversations from '../peers/conversations.ts';
import type { Plan } from '../peers/peer.ts';
import { expect, type Script, script, send, untilClosed, wait } from '../peers/script.ts';
import { blockBackEnd, qemuLike } from '../peers/traits.ts';
import type { PairOptions } from '../proxy/engine.ts';

/** What is written to the device, and read back. */
export const sector = Uint8Array.from({ length: 512 }, (_, i) => 0x41 + (i % 26));

/** A block device is connected, used, told that its configuration changed, and stopped; then it is connected again. */
const frontEndScripts: readonly Script[] = [
  script(
    conversations.qemuConnects(1),
    conversations.readsConfig,
    conversations.qemuStartsBlk(),
    conversations.writesBlocks(7, sector),
    expect('BACKEND_CONFIG_CHANGE_MSG'),
    conversations.readsConfig,
    conversations.qemuStops(),
  ),
  script(
    conversations.qemuConnects(1),
    conversations.qemuStartsBlk(),
    conversations.readsBlocks(7, sector.length),
    conversations.qemuStops(),
  ),
];
const backEndScripts: readonly Script[] = [
  script(expect('SET_VRING_ENABLE'), send('BACKEND_CONFIG_CHANGE_MSG', {}, { needReply: true }), untilClosed()),
  script(untilClosed()),
];

/** The same again and again, slow enough to look on and step in: the device is used for a while, then connected anew. */
const slowly: { readonly front: readonly Script[]; readonly back: readonly Script[] } = {
  front: [
    script(
      conversations.qemuConnects(1),
      conversations.readsConfig,
      conversations.qemuStartsBlk(),
      wait(2000),
      conversations.writesBlocks(7, sector),
      expect('BACKEND_CONFIG_CHANGE_MSG'),
      conversations.readsConfig,
      wait(3000),
      conversations.readsBlocks(7, sector.length),
      conversations.qemuStops(),
      wait(1000),
    ),
  ],
  back: [
    script(
      expect('SET_VRING_ENABLE'),
      wait(2500),
      send('BACKEND_CONFIG_CHANGE_MSG', {}, { needReply: true }),
      untilClosed(),
    ),
  ],
};
/** Some hours of that. */
const rounds = 2000;
const again = (scripts: readonly Script[]): readonly Script[] => Array.from({ length: rounds }, () => scripts).flat();

/** Milliseconds that peers wait for each other while somebody may hold their messages. */
const patient = { patience: 86_400_000, goesOn: true } as const;

const socketsIn = (folder: string) => ({
  front: { path: join(folder, 'front.sock') },
  back: { path: join(folder, 'back.sock') },
});

/** The pair that the demo records. */
export function demoPair(folder: string): PairOptions {
  const { front, back } = socketsIn(folder);
  return {
    name: 'demo',
    device: { id: 2, from: 'option', reason: 'what the demo has', confidence: 'certain' },
    frontEnd: { role: 'listen', address: front },
    backEnd: { role: 'connect', address: back },
  };
}

/** The two peers; with `goesOn` they connect again and again. */
export function demoPeers(folder: string, goesOn: boolean): { readonly front: Plan; readonly back: Plan } {
  const { front, back } = socketsIn(folder);
  const more = goesOn ? patient : {};
  return {
    front: {
      ...{ side: 'front-end', address: front, socket: 'connect', traits: qemuLike() },
      scripts: goesOn ? [...frontEndScripts, ...again(slowly.front)] : frontEndScripts,
      ...more,
    },
    back: {
      ...{ side: 'back-end', address: back, socket: 'listen', traits: blockBackEnd() },
      scripts: goesOn ? [...backEndScripts, ...again(slowly.back)] : backEndScripts,
      ...more,
    },
  };
}
