import type { Report } from './reports.ts';

/** The questions that the relay has not answered yet. */
export class Asked {
  readonly #open = new Map<number, { resolve(result: unknown): void; reject(error: Error): void }>();
  #last = 0;
  #over = false;

  /** Sends a question under a new number with `send`; resolves or rejects with the answer to it. */
  add<Result>(send: (ask: number) => void): Promise<Result> {
    if (this.#over) return Promise.reject(new Error('the engine has ended'));
    const ask = ++this.#last;
    return new Promise<Result>((resolve, reject) => {
      this.#open.set(ask, { resolve: resolve as (result: unknown) => void, reject });
      send(ask);
    });
  }

  /** The relay has answered. */
  answered({ ask, result, error }: Extract<Report, { type: 'answer' }>): void {
    const asked = this.#open.get(ask);
    this.#open.delete(ask);
    if (error === undefined) asked?.resolve(result);
    else asked?.reject(new Error(error));
  }

  /** The relay is gone: nobody will answer any more. */
  end(): void {
    this.#over = true;
    for (const { reject } of this.#open.values()) reject(new Error('the engine has ended'));
    this.#open.clear();
  }
}
