/**
 * The thread the recorder runs on. It adapts: as long as there is something it takes it every 5 ms and writes it in one
 * piece; after a while without anything it sleeps until the relay wakes it. Being woken for every message would cost
 * the relay more than forwarding it.
 */
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import type { SectionFields } from '../capture/pcapng/build.ts';
import { Recorder, type Rotation } from './recorder.ts';
import { RingReader } from './ring.ts';

/** What the engine starts the thread with. */
export interface RecorderWorkerData {
  ring: SharedArrayBuffer;
  path: string;
  fsyncMs?: number;
  rotation?: Rotation;
  section: SectionFields;
}

/** What the recorder tells the engine. */
export type RecorderReport =
  | { type: 'recording'; path: string }
  /** It stands still since the file cannot be written; `message` is why. */
  | { type: 'recording-failed'; path: string; message: string }
  | { type: 'recording-recovered'; path: string }
  /** What became of a request for a new file; `message` where it was not to be had. */
  | { type: 'rotated'; request: number; from: string; message?: string }
  /** The first message when the file cannot even be made. */
  | { type: 'unwritable'; message: string }
  | { type: 'recorded'; path: string; size: number; records: number; lost: number };

const roundMs = 5;
const emptyRounds = 20;
const sleepMs = 250;

const port = parentPort as MessagePort;
const data = workerData as RecorderWorkerData;
const tell = (report: RecorderReport): void => port.postMessage(report);

/** Runs until the relay has stopped and everything is written. */
function record(recorder: Recorder, ring: RingReader): void {
  const { writer } = recorder;
  let { path } = writer;
  let failing = false;
  let empty = 0;
  for (;;) {
    const last = ring.stopped();
    empty = recorder.drain() > 0 ? 0 : empty + 1;
    const from = writer.path;
    const obeyed = recorder.obey();
    if (writer.path !== path) {
      path = writer.path;
      tell({ type: 'recording', path });
    }
    if (obeyed) {
      const { request, done } = obeyed;
      const message = writer.failure?.message ?? 'the recording was not started to go on in other files';
      tell({ type: 'rotated', request, from, ...(!done && { message }) });
    }
    if ((writer.failure !== undefined) !== failing) {
      failing = !failing;
      if (writer.failure === undefined) tell({ type: 'recording-recovered', path });
      else tell({ type: 'recording-failed', path, message: writer.failure.message });
    }
    if (last) break;
    if (empty < emptyRounds || writer.pending > 0) ring.pause(roundMs);
    else ring.sleep(sleepMs);
  }
  writer.close();
  const { records, lost } = writer.counts;
  tell({ type: 'recorded', path, size: writer.size, records, lost });
}

try {
  const { path, fsyncMs, rotation, section } = data;
  const ring = new RingReader(data.ring);
  const recorder = new Recorder(ring, path, { ...section, ...(fsyncMs !== undefined && { fsyncMs }) }, rotation);
  tell({ type: 'recording', path });
  record(recorder, ring);
} catch (error) {
  tell({ type: 'unwritable', message: (error as Error).message });
}
port.close();
