/** The running engine that writes the capture on the screen: asked through its control socket, never waited for. */
import type { ControlClient } from '../control/client.ts';
import type { Status } from '../control/messages.ts';

/** What the viewer knows of it. */
export interface EngineFacts {
  readonly name: string;
  /** It is over: the capture grows no more. */
  readonly ended: boolean;
  readonly connections: number;
  /** What it waits for, in words. */
  readonly waiting: readonly string[];
  /** Messages that are held back. */
  readonly held: number;
  /** Why nothing can be recorded at present. */
  readonly failing?: string;
  /** This viewer started it: whoever quits is asked what becomes of it. */
  readonly owned: boolean;
}

/** An engine to be asked. */
export interface EngineOptions {
  readonly client: ControlClient;
  readonly owned: boolean;
  /** Ends it, and what it has started; asked through its socket where absent. */
  end?(): void;
}

/** Who is told about the engine. */
export interface EngineListener {
  facts(facts: EngineFacts): void;
  said(text: string, bad: boolean): void;
}

/** Milliseconds between two questions how it is; events of the engine are asked after at once. */
const askMs = 1000;

/** A connection to an engine. */
export class EngineLink {
  readonly #client: ControlClient;
  readonly #owned: boolean;
  readonly #end: (() => void) | undefined;
  readonly #listener: EngineListener;
  readonly #timer: NodeJS.Timeout;
  #asking = false;
  #last: EngineFacts;

  constructor({ client, owned, end }: EngineOptions, listener: EngineListener) {
    this.#client = client;
    this.#owned = owned;
    this.#end = end;
    this.#listener = listener;
    this.#last = { name: client.hello.name, ended: false, connections: 0, waiting: [], held: 0, owned };
    this.#timer = setInterval(() => this.#ask(), askMs).unref();
    client.subscribe(() => this.#ask()).catch(() => {});
    void client.closed.then(() => this.#tell({ ...this.#last, ended: true, connections: 0, held: 0, waiting: [] }));
    this.#tell(this.#last);
    this.#ask();
  }

  /** Writes words into the capture, about a record where one is named. */
  note(text: string, of: number | undefined): void {
    const params = { text, ...(of !== undefined && { of }) };
    this.#client.request('note', params).then(
      () => this.#listener.said(of === undefined ? 'noted' : `noted about ${of}`, false),
      error => this.#listener.said((error as Error).message, true),
    );
  }

  /** Ends the engine, and with it the connections; resolves when it is over. */
  async stop(): Promise<void> {
    if (this.#end) this.#end();
    else await this.#client.request('stop', {}).catch(() => {});
    await this.#client.closed;
  }

  /** Hangs up; the engine goes on. */
  close(): void {
    clearInterval(this.#timer);
    this.#client.close();
  }

  #ask(): void {
    if (this.#asking || this.#last.ended) return;
    this.#asking = true;
    Promise.all([this.#client.request('status', {}), this.#client.request('holds', {})])
      .then(([status, { held }]) => this.#tell(factsOf(status, held.length, this.#owned)))
      .catch(() => {})
      .finally(() => {
        this.#asking = false;
      });
  }

  #tell(facts: EngineFacts): void {
    this.#last = facts;
    this.#listener.facts(facts);
  }
}

function factsOf({ name, capture, pairs, connections }: Status, held: number, owned: boolean): EngineFacts {
  const waiting = pairs
    .filter(pair => !connections.some(connection => connection.pair === pair.name))
    .flatMap(pair => [
      ...pair.waiting.map(side => `waiting for the ${side} of ${pair.name}`),
      ...(pair.waiting.length === 0 ? pair.listening.map(side => `listening for the ${side} of ${pair.name}`) : []),
    ]);
  const failing = capture.failing === undefined ? {} : { failing: capture.failing };
  return { name, ended: false, connections: connections.length, waiting, held, owned, ...failing };
}
