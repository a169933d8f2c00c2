/** The built program in a pseudo-terminal, and what an emulated terminal shows of it. */
import { resolve } from 'node:path';
import { type IPty, spawn } from '@lydell/node-pty';
import headless from '@xterm/headless';

const program = resolve(import.meta.dirname, '../../dist/cli/main.js');

/** A running program with its terminal. */
export class Pty {
  readonly process: IPty;
  readonly ended: Promise<{ status: number; signal: number | undefined }>;
  readonly #emulator: InstanceType<typeof headless.Terminal>;
  #output = '';
  #wake: () => void = () => {};

  /** @param script a shell script in which the program runs as `"$@"` */
  constructor(
    args: readonly string[],
    { width = 120, height = 40, env = {} as Record<string, string>, script = 'exec "$@"' } = {},
  ) {
    this.#emulator = new headless.Terminal({ cols: width, rows: height, allowProposedApi: true });
    this.process = spawn('/bin/sh', ['-c', script, 'sh', process.execPath, program, ...args], {
      ...{ cols: width, rows: height, name: 'xterm-256color' },
      env: { ...process.env, LANG: 'C.UTF-8', NO_COLOR: '', ...env },
    });
    this.process.onData(data => {
      this.#output += data;
      this.#emulator.write(data, () => this.#wake());
    });
    this.ended = new Promise(done => {
      this.process.onExit(({ exitCode: status, signal }) => done({ status, signal }));
    });
  }

  /** Everything that was sent to the terminal. */
  get output(): string {
    return this.#output;
  }

  /** What is shown now. */
  get screen(): string {
    const { active } = this.#emulator.buffer;
    return Array.from({ length: this.#emulator.rows }, (_, y) =>
      (active.getLine(active.viewportY + y)?.translateToString(true) ?? '').trimEnd(),
    ).join('\n');
  }

  /** Whether a program has the whole screen. */
  get isTakenOver(): boolean {
    return this.#emulator.buffer.active.type === 'alternate';
  }

  /** Types keys as a terminal sends them. */
  type(keys: string): void {
    this.process.write(keys);
  }

  /** Gives the terminal another size. */
  resize(width: number, height: number): void {
    this.#emulator.resize(width, height);
    this.process.resize(width, height);
  }

  /** Resolves once the screen shows what is looked for. */
  async until(wanted: RegExp): Promise<void> {
    while (!wanted.test(this.screen)) {
      await new Promise<void>((seen, missed) => {
        const timer = setTimeout(() => missed(new Error(`never saw ${wanted}:\n${this.screen}`)), 20_000);
        this.#wake = () => {
          clearTimeout(timer);
          seen();
        };
      });
    }
  }

  /** Resolves once everything that was sent is on the screen of a program that has ended. */
  async drained(): Promise<void> {
    await new Promise<void>(done => this.#emulator.write('', done));
  }

  close(): void {
    this.#emulator.dispose();
  }
}
