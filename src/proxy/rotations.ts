/** Requests for a new file of the recording that the recorder has not answered yet. */
import type { RecorderReport } from './recorder-worker.ts';
import { askForRotation } from './ring.ts';

interface Waiting {
  resolve(from: string): void;
  reject(error: Error): void;
}

/** Those of one engine. */
export class Rotations {
  readonly #ring: SharedArrayBuffer;
  readonly #waiting = new Map<number, Waiting>();
  /** Why no request can be answered. */
  #refusal: string | undefined;

  /** @param possible the recording was started to be spread over files */
  constructor(ring: SharedArrayBuffer, possible: boolean) {
    this.#ring = ring;
    if (!possible) this.#refusal = 'the recording stays in one file: start it with --rotate (a size, or ctl)';
  }

  /** Asks for a new file; resolves to the path of the one before, or rejects with an error for people. */
  ask(): Promise<string> {
    if (this.#refusal !== undefined) return Promise.reject(new Error(this.#refusal));
    return new Promise((resolve, reject) => this.#waiting.set(askForRotation(this.#ring), { resolve, reject }));
  }

  /** Listens to the recorder, for its answers and its end. */
  hear(report: RecorderReport): void {
    if (report.type === 'rotated') this.#answered(report);
    if (report.type === 'recorded' || report.type === 'unwritable') this.#end();
  }

  /** One new file does for all who had asked by then. */
  #answered({ request, from, message }: Extract<RecorderReport, { type: 'rotated' }>): void {
    for (const [number, { resolve, reject }] of this.#waiting) {
      if (number > request) continue;
      this.#waiting.delete(number);
      if (message === undefined) resolve(from);
      else reject(new Error(message));
    }
  }

  #end(): void {
    this.#refusal ??= 'the recording has ended';
    for (const { reject } of this.#waiting.values()) reject(new Error('the recording has ended'));
    this.#waiting.clear();
  }
}
