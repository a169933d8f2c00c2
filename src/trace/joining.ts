/** Requests together with their replies: a row waits until its reply is known or has had its time. */
import { Row } from './row.ts';

/** Rows that wait at most; a reply that comes later is not joined. */
const mostWaiting = 4096;

/** Takes rows, gives them back in order, requests with the number of their reply and its latency. */
export class Joining {
  #waiting: Row[] = [];
  /** Place of a waiting request, by its recording and number. */
  readonly #places = new Map<string, number>();
  #given = 0;

  /** Takes rows and gives those that have waited long enough. */
  push(rows: readonly Row[]): Row[] {
    for (const row of rows) {
      const { frame } = row;
      if (frame.answers !== undefined) this.#join(row, frame.answers);
      if (frame.kind === 'message' && !frame.reply) {
        this.#places.set(`${frame.captureId}/${frame.n}`, this.#given + this.#waiting.length);
      }
      this.#waiting.push(row);
    }
    return this.#take(Math.max(0, this.#waiting.length - mostWaiting));
  }

  /** The rows that still wait. */
  rest(): Row[] {
    return this.#take(this.#waiting.length);
  }

  #join(reply: Row, answers: number): void {
    const place = this.#places.get(`${reply.frame.captureId}/${answers}`);
    const request = place === undefined ? undefined : this.#waiting[place - this.#given];
    if (place === undefined || !request) return;
    const { sinceFirstNs, phase, path } = request;
    const facts = { sinceFirstNs, latencyNs: reply.latencyNs, answeredBy: reply.frame.n, phase, path };
    this.#waiting[place - this.#given] = new Row(request.frame, facts);
  }

  #take(count: number): Row[] {
    const taken = this.#waiting.splice(0, count);
    this.#given += taken.length;
    for (const { frame } of taken) this.#places.delete(`${frame.captureId}/${frame.n}`);
    return taken;
  }
}
