/** Starts simulated peers, each in a thread of its own. */
import { Worker } from 'node:worker_threads';
import type { Outcome, Plan } from './peer.ts';
import type { PeerWord, PeerWork } from './worker.ts';

/** A peer that runs. */
export interface RunningPeer {
  /** Resolves once it can be connected to; at once for a peer that connects. */
  readonly ready: Promise<void>;
  /** Resolves when it has taken its last step or could not go on. */
  readonly ended: Promise<Outcome>;
  /** Makes it give up; `ended` says how far it came. */
  stop(): void;
}

/** Starts a peer. */
export function startPeer(plan: Plan): RunningPeer {
  const stop = new SharedArrayBuffer(4);
  const worker = new Worker(new URL('./worker.js', import.meta.url), { workerData: { plan, stop } satisfies PeerWork });
  let isReady = () => {};
  const ready = new Promise<void>(resolve => {
    isReady = resolve;
  });
  const ended = new Promise<Outcome>((resolve, reject) => {
    let outcome: Outcome | undefined;
    worker.on('message', (word: PeerWord) => {
      isReady();
      if (word.word === 'ended') outcome = word.outcome;
    });
    worker.on('error', reject);
    worker.on('exit', () => {
      if (outcome) resolve(outcome);
      else reject(new Error('the thread of a simulated peer ended early'));
    });
  });
  return { ready, ended, stop: () => void Atomics.store(new Int32Array(stop), 0, 1) };
}
