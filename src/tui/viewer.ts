/** The viewer: joins the terminal, the trace and the pure part, and does what that says is to be done. */
import type { TraceClient } from '../trace/client.ts';
import { type EngineFacts, EngineLink, type EngineOptions } from './engine.ts';
import { type Model, newModel } from './model.ts';
import { afterLine, newReplay, type Playing, type ReplayFacts, type ReplayOptions } from './replay.ts';
import type { ReplayOrder } from './replaying.ts';
import type { Action, Effect } from './step.ts';
import { Terminal, type TerminalStreams } from './terminal.ts';
import type { Ability } from './theme.ts';
import { update } from './update.ts';
import { view } from './view.ts';
import { newlyPlayed } from './views/replay.ts';
import { openWireshark, wiresharkHere } from './wireshark.ts';

/** What is to be opened. */
export interface ViewerOptions {
  /** The captures, read by a thread that may have begun before there is anything to draw with. */
  readonly trace: TraceClient;
  /** How they are named on the screen. */
  readonly title: string;
  readonly ability: Ability;
  /** Begin at the newest message and stay there. */
  readonly follow: boolean;
  /** The engine that writes the capture. */
  readonly engine?: EngineOptions;
  /** A replay of the capture, which is started with the viewer. */
  readonly replay?: ReplayOptions;
  /** Makes one that somebody asks for; or why there can be none. */
  readonly replays: ((order: ReplayOrder) => ReplayOptions) | string;
  readonly streams?: TerminalStreams;
}

/** How the viewer ended. */
export type Ending =
  | {
      readonly how: 'quit';
      /** The engine, where one was known, as it was last. */
      readonly engine: EngineFacts | undefined;
    }
  /** The capture cannot be read, or not any more. */
  | { readonly how: 'failed'; readonly message: string };

/** Milliseconds between two paintings at least, where nobody has done anything that he waits to see. */
const frameMs = 16;
/** What somebody does, and what he is answered: this is seen at once. */
const urgent: ReadonlySet<Action['type']> = new Set(['key', 'mouse', 'paste', 'resize', 'answer']);

/** A viewer at work. */
export class Viewer {
  /** Resolves once it has ended and the terminal is as it was; rejects where something in here is broken. */
  readonly ended: Promise<Ending>;
  #model: Model;
  readonly #terminal: Terminal;
  readonly #trace: TraceClient;
  readonly #engine: EngineLink | undefined;
  readonly #replays: ViewerOptions['replays'];
  #playing: Playing | undefined;
  /** What cancels the questions that are not answered yet. */
  readonly #asked = new Map<string, () => void>();
  #settle: (ending: Ending) => void = () => {};
  #reject: (error: unknown) => void = () => {};
  #over = false;
  #paintedAt = 0;
  #painting: { readonly atOnce: boolean; readonly timer: NodeJS.Timeout } | undefined;

  /** Takes the terminal over and begins to read. */
  constructor({ trace, title, ability, follow, engine, replay, replays, streams }: ViewerOptions) {
    this.ended = new Promise((resolve, reject) => {
      this.#settle = resolve;
      this.#reject = reject;
    });
    this.#terminal = new Terminal(ability, action => this.#dispatch(action), streams);
    const wireshark = wiresharkHere(process.env);
    const can = typeof replays === 'string' ? replays : true;
    this.#model = { ...newModel(title, this.#terminal.size, ability, follow), wireshark, replays: can };
    this.#replays = replays;
    this.#trace = trace;
    this.#engine =
      engine &&
      new EngineLink(engine, {
        facts: facts => this.#dispatch({ type: 'engine', facts }),
        said: (text, bad) => this.#dispatch({ type: 'said', text, bad }),
        obeyed: (order, outcome) => this.#dispatch({ type: 'obeyed', order, outcome }),
      });
    if (replay) {
      this.#model = newlyPlayed(this.#model);
      this.#play(replay);
    }
    trace.listen({
      standing: standing => this.#dispatch({ type: 'standing', standing }),
      failed: message => this.#end(() => this.#settle({ how: 'failed', message })),
    });
    this.#paintSoon();
  }

  /** Starts a replay, and tells of it as it goes on, until another one is started or it is put away. */
  #play(options: ReplayOptions): void {
    let facts = newReplay(options);
    const tell = (now: ReplayFacts): void => {
      facts = now;
      if (this.#playing === playing) this.#dispatch({ type: 'replay', facts });
    };
    this.#model = { ...this.#model, replay: facts };
    const playing = options.start({
      line: text => tell(afterLine(facts, text)),
      said: said => tell({ ...facts, said }),
      ended: () => tell({ ...facts, ended: true }),
    });
    this.#playing = playing;
  }

  /** Ends it as the user would. */
  quit(): void {
    this.#end(() => this.#settle({ how: 'quit', engine: this.#model.engine }));
  }

  #end(settle: () => void): void {
    if (this.#over) return;
    this.#over = true;
    clearTimeout(this.#painting?.timer);
    this.#terminal.close();
    this.#engine?.close();
    // One that has told its verdict ends by itself, with a status of its own.
    if (!this.#model.replay?.verdict) this.#playing?.stop();
    this.#trace.close().then(settle, this.#reject);
  }

  #dispatch(action: Action): void {
    this.#guarded(() => {
      const [model, effects] = update(this.#model, action);
      this.#model = model;
      for (const effect of effects) this.#perform(effect);
      this.#paintSoon(urgent.has(action.type));
    });
  }

  #paintSoon(atOnce = false): void {
    if (this.#over || (this.#painting && (this.#painting.atOnce || !atOnce))) return;
    clearTimeout(this.#painting?.timer);
    const wait = atOnce ? 0 : Math.max(0, this.#paintedAt + frameMs - performance.now());
    this.#painting = { atOnce, timer: setTimeout(() => this.#paint(), wait) };
  }

  #paint(): void {
    this.#painting = undefined;
    this.#paintedAt = performance.now();
    this.#guarded(() => this.#terminal.paint(view(this.#model)));
  }

  /** Whatever throws in here gives the terminal back first. */
  #guarded(work: () => void): void {
    try {
      if (!this.#over) work();
    } catch (error) {
      this.#end(() => this.#reject(error));
    }
  }

  #perform(effect: Effect): void {
    switch (effect.type) {
      case 'ask':
        this.#ask(effect);
        break;
      case 'cancel':
        this.#asked.get(effect.key)?.();
        this.#asked.delete(effect.key);
        break;
      case 'choose':
        this.#trace.choose(effect.choice);
        break;
      case 'copy':
        this.#terminal.copy(effect.text);
        break;
      case 'wake':
        setTimeout(() => this.#dispatch({ type: 'awake', turn: effect.turn }), effect.ms).unref();
        break;
      case 'note':
        this.#engine?.note(effect.text, effect.of);
        break;
      case 'order':
        this.#engine?.order(effect.order);
        break;
      case 'replay-start':
        if (typeof this.#replays !== 'string') this.#play(this.#replays(effect.order));
        break;
      case 'replay-next':
        this.#playing?.next();
        break;
      case 'replay-leave':
        this.#playing?.stop();
        this.#playing = undefined;
        break;
      case 'replay-stop':
        this.#playing?.stop();
        break;
      case 'wireshark':
        openWireshark(effect.place, why => this.#dispatch({ type: 'said', text: why, bad: true }));
        break;
      case 'quit':
        this.quit();
        break;
      case 'stop-engine':
        void this.#engine?.stop().then(() => this.quit());
        break;
    }
  }

  #ask({ key, question }: Effect & { type: 'ask' }): void {
    const cancel = this.#trace.ask(question, {
      answer: answer => {
        this.#asked.delete(key);
        this.#dispatch({ type: 'answer', key, answer });
      },
      progress: (done, of) => this.#dispatch({ type: 'progress', key, done, of }),
      failed: message => {
        this.#asked.delete(key);
        this.#dispatch({ type: 'failed', key, message });
      },
    });
    this.#asked.set(key, cancel);
  }
}
