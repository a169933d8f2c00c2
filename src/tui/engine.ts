/** The running engine that writes the capture on the screen: asked through its control socket, never waited for. */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { ControlClient } from '../control/client.ts';
import type { ConnectionStatus, HeldStatus, Params, RuleStatus, Status } from '../control/messages.ts';
import { type Order, type Outcome, outcomeOf } from './order.ts';

/** Whether this viewer has started it, and that a command of its own, which ends with it. */
export type Owned = boolean | 'with a command';

/** What the viewer knows of it. */
export interface EngineFacts {
  readonly name: string;
  /** It is over: the capture grows no more. */
  readonly ended: boolean;
  readonly connections: readonly ConnectionStatus[];
  /** What it waits for, in words. */
  readonly waiting: readonly string[];
  /** Messages that are held back, the one that waits longest first. */
  readonly held: readonly HeldStatus[];
  /** Rules, in the order in which they are applied; breakpoints last. */
  readonly rules: readonly RuleStatus[];
  /** The files that rules come from. */
  readonly ruleFiles: readonly string[];
  /** Names of rules that come with vhuscope. */
  readonly readyRules: readonly string[];
  /** Why nothing can be recorded at present. */
  readonly failing?: string;
  /** This viewer started it: whoever quits is asked what becomes of it. */
  readonly owned: Owned;
}

/** An engine to be asked. */
export interface EngineOptions {
  readonly client: ControlClient;
  readonly owned: Owned;
  /** Ends it, and what it has started; asked through its socket where absent. */
  end?(): void;
}

/** Who is told about the engine. */
export interface EngineListener {
  facts(facts: EngineFacts): void;
  said(text: string, bad: boolean): void;
  /** What became of an order. */
  obeyed(order: Order, outcome: Outcome): void;
}

/** Milliseconds between two questions how it is; events of the engine are asked after at once. */
const askMs = 1000;
/** Milliseconds between two steps of what counts down. */
const tickMs = 200;

/** What is known before it has answered. */
export function newFacts(name: string, owned: Owned): EngineFacts {
  return {
    name,
    ended: false,
    connections: [],
    waiting: [],
    held: [],
    rules: [],
    ruleFiles: [],
    readyRules: [],
    owned,
  };
}

/** A connection to an engine. */
export class EngineLink {
  readonly #client: ControlClient;
  readonly #owned: Owned;
  readonly #end: (() => void) | undefined;
  readonly #listener: EngineListener;
  readonly #timers: readonly NodeJS.Timeout[];
  #asking = false;
  /** Something happened while it was asked. */
  #again = false;
  #last: EngineFacts;
  /** When what is known was told. */
  #at = performance.now();

  constructor({ client, owned, end }: EngineOptions, listener: EngineListener) {
    this.#client = client;
    this.#owned = owned;
    this.#end = end;
    this.#listener = listener;
    this.#last = newFacts(client.hello.name, owned);
    this.#timers = [setInterval(() => this.#ask(), askMs).unref(), setInterval(() => this.#tick(), tickMs).unref()];
    client.subscribe(() => this.#ask()).catch(() => {});
    void client.closed.then(() => this.#tell({ ...newFacts(client.hello.name, owned), ended: true }));
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

  /** Gives an order, and what follows from it where it was done. */
  order(given: Order): void {
    const order = placed(given);
    this.#client.request(order.request, order.params as Params<Order['request']>).then(
      result => {
        const outcome = outcomeOf(order, result);
        if (order.after && !outcome.bad) this.order(order.after);
        else this.#listener.obeyed(order, outcome);
        this.#ask();
      },
      error => this.#listener.obeyed(order, { text: (error as Error).message, bad: true }),
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
    for (const timer of this.#timers) clearInterval(timer);
    this.#client.close();
  }

  #ask(): void {
    if (this.#last.ended) return;
    if (this.#asking) {
      this.#again = true;
      return;
    }
    this.#asking = true;
    const client = this.#client;
    Promise.all([client.request('status', {}), client.request('holds', {}), client.request('rules', {})])
      .then(([status, { held }, { rules, files, ready }]) => {
        this.#tell({ ...factsOf(status, this.#owned), held, rules, ruleFiles: files, readyRules: ready });
      })
      .catch(() => {})
      .finally(() => {
        const again = this.#again;
        this.#asking = false;
        this.#again = false;
        if (again) this.#ask();
      });
  }

  #tell(facts: EngineFacts): void {
    this.#last = facts;
    this.#at = performance.now();
    this.#listener.facts(facts);
  }

  /** What is held waits longer and longer, without the engine being asked for each second of it. */
  #tick(): void {
    if (this.#last.held.length === 0) return;
    const passed = performance.now() - this.#at;
    this.#listener.facts({ ...this.#last, held: this.#last.held.map(held => later(held, passed)) });
  }
}

/** The order with paths that hold where the engine runs; what is no file here may be a name. */
function placed(order: Order): Order {
  const files = order.request === 'load' ? order.params.files : undefined;
  if (!files) return order;
  return { request: 'load', params: { files: files.map(file => (existsSync(file) ? resolve(file) : file)) } };
}

/** A held message so many milliseconds later. */
export function later(held: HeldStatus, ms: number): HeldStatus {
  const { heldMs, leftMs, waits } = held;
  return {
    ...held,
    heldMs: heldMs + ms,
    ...(leftMs !== undefined && { leftMs: Math.max(0, leftMs - ms) }),
    ...(waits && { waits: { ...waits, ms: waits.ms + ms } }),
  };
}

function factsOf({ name, capture, pairs, connections }: Status, owned: Owned): EngineFacts {
  const waiting = pairs
    .filter(pair => !connections.some(connection => connection.pair === pair.name))
    .flatMap(pair => [
      ...pair.waiting.map(side => `waiting for the ${side} of ${pair.name}`),
      ...(pair.waiting.length === 0 ? pair.listening.map(side => `listening for the ${side} of ${pair.name}`) : []),
    ]);
  const failing = capture.failing === undefined ? {} : { failing: capture.failing };
  return { ...newFacts(name, owned), connections, waiting, ...failing };
}
