/** The thread in which a viewer's trace is read: what it waits for never makes the screen wait. */
import { setImmediate as turn } from 'node:timers/promises';
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { Desk, type Report } from './desk.ts';
import type { Question, Standing } from './questions.ts';
import type { Choice } from './selection.ts';
import { Trace } from './trace.ts';

/** What the thread is started with. */
export interface TraceWork {
  readonly paths: readonly string[];
  /** Write arrows with ASCII characters only. */
  readonly ascii: boolean;
}

/** What the thread is told. */
export type Order =
  | { readonly type: 'ask'; readonly id: number; readonly question: Question }
  | { readonly type: 'cancel'; readonly id: number }
  | { readonly type: 'choose'; readonly choice: Choice }
  | { readonly type: 'close' };

/** What the thread tells. */
export type Told =
  | Report
  | { readonly type: 'standing'; readonly standing: Standing }
  | { readonly type: 'unreadable'; readonly message: string };

/** Milliseconds of work between two looks for new questions. */
const sliceMs = 5;
/** Milliseconds between two words about how far everything is. */
const tellMs = 16;
/** Milliseconds without a new record after which a file counts as read to its end. */
const quietMs = 50;

const port = parentPort as MessagePort;
const tell = (told: Told): void => port.postMessage(told);

/** Reads a trace and answers until it is told to close. */
async function serve(trace: Trace, ascii: boolean): Promise<void> {
  const desk = new Desk(trace, ascii, tell);
  const ending = new AbortController();
  let grownAt = performance.now();
  let working = false;
  let toldAt = 0;
  let telling: NodeJS.Timeout | undefined;
  let settling: NodeJS.Timeout | undefined;

  const stand = (): void => {
    telling = undefined;
    toldAt = performance.now();
    const indexing = toldAt - grownAt < quietMs;
    tell({ type: 'standing', standing: desk.standing(indexing) });
    clearTimeout(settling);
    if (indexing) settling = setTimeout(standSoon, quietMs);
  };
  // A timer that is due is never set anew: in a busy thread it would never come.
  const standSoon = (): void => {
    telling ??= setTimeout(stand, Math.max(0, toldAt + tellMs - performance.now()));
  };
  const work = async (): Promise<void> => {
    if (working) return;
    working = true;
    while (desk.isBusy && !ending.signal.aborted) {
      desk.work(performance.now() + sliceMs);
      standSoon();
      await turn();
    }
    working = false;
  };

  port.on('message', (order: Order) => {
    if (order.type === 'ask') desk.ask(order.id, order.question);
    else if (order.type === 'cancel') desk.cancel(order.id);
    else if (order.type === 'choose') desk.choose(order.choice);
    else ending.abort();
    standSoon();
    void work();
  });

  for await (const _ of trace.follow(ending.signal)) {
    grownAt = performance.now();
    standSoon();
    void work();
    await turn();
  }
  clearTimeout(telling);
  clearTimeout(settling);
  trace.close();
  port.close();
}

const { paths, ascii } = workerData as TraceWork;
let trace: Trace | undefined;
try {
  trace = Trace.open(paths);
} catch (error) {
  tell({ type: 'unreadable', message: (error as Error).message });
}
if (trace) void serve(trace, ascii);
else port.close();
