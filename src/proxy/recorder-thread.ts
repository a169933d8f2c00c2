import { release } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { CaptureOptions } from './engine-options.ts';
import type { RecorderReport, RecorderWorkerData } from './recorder-worker.ts';

/**
 * Starts the thread that writes what is in a ring to a file. `version` is the program that records. Rejects, with an error
 * for people, where the file cannot be made; `hear` is called with everything that the thread tells from then on.
 */
export async function startRecorder(
  ring: SharedArrayBuffer,
  { path, fsyncMs, rotation }: CaptureOptions,
  version: string,
  hear: (report: RecorderReport) => void,
): Promise<Worker> {
  const workerData: RecorderWorkerData = {
    ...{ ring, path },
    ...(fsyncMs !== undefined && { fsyncMs }),
    ...(rotation !== undefined && { rotation }),
    section: { hardware: process.arch, os: `Linux ${release()}`, userAppl: version },
  };
  const recorder = new Worker(new URL('./recorder-worker.js', import.meta.url), { workerData });
  await new Promise<void>((resolve, reject) => {
    recorder.once('error', reject);
    recorder.once('message', (report: RecorderReport) => {
      if (report.type === 'unwritable') reject(new Error(report.message));
      else resolve();
    });
  });
  recorder.on('message', hear);
  recorder.on('error', ({ message }) => hear({ type: 'unwritable', message }));
  return recorder;
}
