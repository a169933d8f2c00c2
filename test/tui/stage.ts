/**
 * The viewer without threads: the pure part, the desk that answers it, and the terminal of a program that believes it
 * has one. Everything has happened when a call returns, so nothing is waited for.
 */
import { PassThrough, Writable } from 'node:stream';
import headless, { type IBufferNamespace } from '@xterm/headless';
import { Desk, type Report } from '../../src/trace/desk.ts';
import { Trace } from '../../src/trace/trace.ts';
import type { Frame, Size } from '../../src/tui/frame.ts';
import { type Model, newModel } from '../../src/tui/model.ts';
import type { Action, Effect } from '../../src/tui/step.ts';
import { Terminal } from '../../src/tui/terminal.ts';
import type { Ability } from '../../src/tui/theme.ts';
import { update } from '../../src/tui/update.ts';
import { view } from '../../src/tui/view.ts';

/** A terminal with everything. */
export const able: Ability = { colours: 256, light: false, ascii: false };

/** A viewer over a capture. */
export class Stage {
  model: Model;
  /** What was to be done outside and is no question. */
  readonly effects: Effect[] = [];
  readonly #trace: Trace;
  readonly #desk: Desk;
  readonly #keys = new Map<number, string>();
  #reports: Report[] = [];
  #asked = 0;

  constructor(path: string, size: Size, ability: Ability = able) {
    this.#trace = Trace.open(path);
    while (this.#trace.advance());
    this.#desk = new Desk(this.#trace, ability.ascii, report => this.#reports.push(report));
    while (this.#desk.isBusy) this.#desk.work(performance.now() + 1);
    this.model = newModel(path.split('/').at(-1) ?? '', size, ability, false);
    this.#stand();
  }

  /** Presses keys, named as in docs/keys.md; `"text"` types a text. */
  press(...keys: string[]): this {
    for (const key of singleKeys(keys)) this.act({ type: 'key', key });
    return this;
  }

  /** Presses a key until something is so; a screen's worth of presses that do not bring it about are a failure. */
  pressUntil(key: string, isSo: () => boolean): this {
    for (let presses = 0; !isSo(); presses++) {
      if (presses === 200) throw new Error(`'${key}' pressed ${presses} times, and still not: ${isSo}`);
      this.press(key);
    }
    return this;
  }

  /** Presses keys faster than anything is answered. */
  pressAtOnce(...keys: string[]): this {
    const all: Effect[] = [];
    for (const key of singleKeys(keys)) {
      const [model, effects] = update(this.model, { type: 'key', key });
      this.model = model;
      all.push(...effects);
    }
    for (const effect of all) this.#perform(effect);
    this.#answer();
    return this;
  }

  /** Lets something happen, and everything that follows from it. */
  act(action: Action): this {
    const [model, effects] = update(this.model, action);
    this.model = model;
    for (const effect of effects) this.#perform(effect);
    this.#answer();
    return this;
  }

  /** Reads what has been added to the capture. */
  grow(): this {
    while (this.#trace.advance());
    while (this.#desk.isBusy) this.#desk.work(performance.now() + 1);
    this.#stand();
    return this;
  }

  /** What is seen. */
  get frame(): Frame {
    return view(this.model);
  }

  /** What a terminal shows of it, a line each, without spaces at their ends. */
  screen(): Promise<string> {
    return shown(this.frame, this.model.ability, ({ active }) => {
      const lines = Array.from({ length: this.model.size.height }, (_, y) =>
        active.getLine(y)?.translateToString(true),
      );
      return `${lines.map(line => line?.trimEnd()).join('\n')}\n`;
    });
  }

  close(): void {
    this.#trace.close();
  }

  #perform(effect: Effect): void {
    if (effect.type === 'ask') {
      this.#keys.set(++this.#asked, effect.key);
      this.#desk.ask(this.#asked, effect.question);
    } else if (effect.type === 'choose') {
      this.#desk.choose(effect.choice);
      while (this.#desk.isBusy) this.#desk.work(performance.now() + 1);
      this.#stand();
    } else if (effect.type !== 'cancel') this.effects.push(effect);
  }

  #answer(): void {
    while (this.#desk.isBusy) this.#desk.work(performance.now() + 1);
    for (let reports = this.#reports; reports.length > 0; reports = this.#reports) {
      this.#reports = [];
      for (const report of reports) {
        const key = this.#keys.get(report.id);
        if (key === undefined) continue;
        // Answers cross from one thread to another.
        if (report.type === 'answer') this.act({ type: 'answer', key, answer: structuredClone(report.answer) });
        else if (report.type === 'failed') this.act({ type: 'failed', key, message: report.message });
      }
    }
  }

  #stand(): void {
    this.act({ type: 'standing', standing: this.#desk.standing(false) });
  }
}

/** Keys one by one, texts in their letters. */
function singleKeys(keys: readonly string[]): string[] {
  return keys.flatMap(key => {
    const typed = /^"(.*)"$/.exec(key)?.[1];
    return typed === undefined ? key : Array.from(typed, char => (char === ' ' ? 'space' : char));
  });
}

/** Paints a frame through the code that paints into a real terminal, and reads what an emulated one shows then. */
export async function shown<T>(frame: Frame, ability: Ability, read: (buffer: IBufferNamespace) => T): Promise<T> {
  const { width, height } = frame.size;
  const emulator = new headless.Terminal({ cols: width, rows: height, allowProposedApi: true });
  let written = Promise.resolve();
  const output = new Writable({
    write(chunk: Buffer, _, done) {
      written = new Promise(resolve => emulator.write(chunk, resolve));
      done();
    },
  });
  const input = new PassThrough();
  Object.assign(output, { isTTY: true, columns: width, rows: height });
  Object.assign(input, { isTTY: true, setRawMode: () => input });
  const terminal = new Terminal(ability, () => {}, { input, output });
  try {
    terminal.paint(frame);
    await terminal.shown();
    await new Promise(resolve => setImmediate(resolve));
    await written;
    return read(emulator.buffer);
  } finally {
    terminal.close();
    emulator.dispose();
  }
}
