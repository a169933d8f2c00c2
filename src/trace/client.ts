/** A trace in a thread of its own, as those who ask it see it. */
import { Worker } from 'node:worker_threads';
import type { Answer, Question, QuestionKind, Standing } from './questions.ts';
import type { Choice } from './selection.ts';
import type { Order, Told, TraceWork } from './worker.ts';

/** Who is told what the thread says. */
export interface TraceListener {
  standing(standing: Standing): void;
  /** No trace can be read, or the thread ended by an error; nothing is answered from now on. */
  failed(message: string): void;
}

/** What is told of one question. */
export interface AnswerListener<K extends QuestionKind = QuestionKind> {
  answer(answer: Answer<K>): void;
  progress?(done: number, of: number): void;
  failed?(message: string): void;
}

/**
 * Memory of the thread in MiB. Nearly everything it makes is rubbish a moment later, which with Node's own limits may
 * grow to many times of what is kept before it is cleared up: what is new has less room, and below 2 GiB for the rest the
 * heap may only double, not quadruple, between two clearings.
 */
const resourceLimits = { maxYoungGenerationSizeMb: 12, maxOldGenerationSizeMb: 2000 };

/** A trace that can be asked. */
export class TraceClient {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, AnswerListener>();
  #last = 0;
  #listener: TraceListener | undefined;
  /** What was told last before anybody listened. */
  #untold: ((listener: TraceListener) => void) | undefined;

  /** Starts the thread. Whether the files can be read is told to who listens. */
  constructor(work: TraceWork) {
    this.#worker = new Worker(new URL('./worker.js', import.meta.url), { workerData: work, resourceLimits });
    this.#worker.on('message', (told: Told) => {
      if (told.type === 'standing') this.#tell(listener => listener.standing(told.standing));
      else if (told.type === 'unreadable') this.#tell(listener => listener.failed(told.message));
      else this.#told(told);
    });
    this.#worker.on('error', error =>
      this.#tell(listener => listener.failed(`reading the capture failed: ${error.message}`)),
    );
  }

  /** Tells somebody from now on, and how things stand already. */
  listen(listener: TraceListener): void {
    this.#listener = listener;
    this.#untold?.(listener);
    this.#untold = undefined;
  }

  /** Asks; returns what cancels the question. */
  ask<K extends QuestionKind>(question: Question<K>, listener: AnswerListener<K>): () => void {
    const id = ++this.#last;
    this.#waiting.set(id, listener as AnswerListener);
    this.#post({ type: 'ask', id, question: question as Question });
    return () => {
      if (this.#waiting.delete(id)) this.#post({ type: 'cancel', id });
    };
  }

  /** Says which rows are shown from now on. The filter must be one. */
  choose(choice: Choice): void {
    this.#post({ type: 'choose', choice });
  }

  /** Ends the thread. */
  async close(): Promise<void> {
    this.#waiting.clear();
    this.#post({ type: 'close' });
    await this.#worker.terminate();
  }

  #tell(tell: (listener: TraceListener) => void): void {
    if (this.#listener) tell(this.#listener);
    else this.#untold = tell;
  }

  #told(told: Exclude<Told, { type: 'standing' | 'unreadable' }>): void {
    const listener = this.#waiting.get(told.id);
    if (!listener) return;
    if (told.type === 'progress') {
      listener.progress?.(told.done, told.of);
      return;
    }
    this.#waiting.delete(told.id);
    if (told.type === 'answer') listener.answer(told.answer);
    else listener.failed?.(told.message);
  }

  #post(order: Order): void {
    this.#worker.postMessage(order);
  }
}
