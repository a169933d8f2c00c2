/** The thread of one simulated peer. */
import { parentPort, workerData } from 'node:worker_threads';
import { type Outcome, type Plan, runPeer } from './peer.ts';

/** What the thread is started with. */
export interface PeerWork {
  readonly plan: Plan;
  /** Not zero once the peer shall end. */
  readonly stop: SharedArrayBuffer;
}

/** What the thread tells. */
export type PeerWord = { readonly word: 'listening' } | { readonly word: 'ended'; readonly outcome: Outcome };

const { plan, stop } = workerData as PeerWork;
const flag = new Int32Array(stop);
const tell = (word: PeerWord) => parentPort?.postMessage(word);
const outcome = runPeer(
  plan,
  () => tell({ word: 'listening' }),
  () => Atomics.load(flag, 0) !== 0,
);
tell({ word: 'ended', outcome });
