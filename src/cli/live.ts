/** Prints a recording while it is written. It reads the capture like any viewer, so it can never delay the relay. */
import { once } from 'node:events';
import { setTimeout } from 'node:timers/promises';
import { jsonForm } from '../decode/forms.ts';
import { LineBuffer } from '../decode/line-buffer.ts';
import { TraceReader } from '../trace/reading.ts';
import { textForm } from './printer.ts';
import { surfaceOf } from './terminal.ts';

/** How records are printed as they come. */
export type LiveForm = 'text' | 'json';

/** Follows a capture and prints it to stdout until `signal` ends it, or until nobody reads the output any more. */
export async function printLive(
  path: string,
  form: LiveForm,
  signal: AbortSignal,
  onProblem: (text: string) => void,
): Promise<void> {
  const out = new LineBuffer();
  const print = (form === 'json' ? jsonForm(false) : textForm(surfaceOf({})))(out);
  const options = {
    signal,
    untilWriterIsGone: false,
    onProblem: ({ message }: { message: string }) => onProblem(`${path}: ${message}`),
  };
  for await (const rows of new TraceReader({ labelled: form === 'json' }).follow(path, options)) {
    out.truncate(0);
    for (const row of rows) print(row.frame, row);
    if (!(await written(process.stdout, out.bytes.slice(), signal))) return;
  }
}

/** After the end of the recording a reader has so long, in milliseconds, to take what it has not read. */
const patienceMs = 2000;

/** Writes and waits until it is taken; false when nobody reads any more, or not before the patience is over. */
async function written(out: NodeJS.WriteStream, bytes: Uint8Array, signal: AbortSignal): Promise<boolean> {
  if (!out.writable) return false;
  const over = new AbortController();
  const taken = new Promise<boolean>(resolve => {
    out.write(bytes, error => resolve(!error));
  });
  const late = (async () => {
    if (!signal.aborted) await once(signal, 'abort', { signal: over.signal });
    await setTimeout(patienceMs, undefined, { signal: over.signal });
    return false;
  })();
  late.catch(() => {}); // called off
  const result = await Promise.race([taken, late]);
  over.abort();
  return result;
}
