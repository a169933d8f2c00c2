// A program in a pseudo-terminal, and what its screen shows.
import { spawn } from '@lydell/node-pty';
import headless from '@xterm/headless';

/** Milliseconds that something is waited for at most. */
const patienceMs = 600_000;

/** A terminal of 200 × 60 cells. */
export class Screen {
  #wake = () => {};
  #emulator = new headless.Terminal({ ...Screen.size, allowProposedApi: true });
  /** Called whenever the screen may have changed. */
  changed = () => {};

  static size = { cols: 200, rows: 60 };

  /** Starts a program of Node on an empty screen; `ended` resolves when it has ended. */
  start(args, env = {}) {
    this.#emulator.reset();
    const started = performance.now();
    const program = spawn(process.execPath, args, {
      ...Screen.size,
      name: 'xterm-256color',
      env: { ...process.env, LANG: 'C.UTF-8', ...env },
    });
    program.onData(data =>
      this.#emulator.write(data, () => {
        this.changed();
        this.#wake();
      }),
    );
    const ended = new Promise(done => program.onExit(done));
    process.on('exit', () => program.kill('SIGKILL'));
    return { program, started, ended };
  }

  /** Lines from the top. */
  lines(from = 0, count = Screen.size.rows) {
    const { active } = this.#emulator.buffer;
    return Array.from({ length: count }, (_, y) => active.getLine(from + y)?.translateToString(true) ?? '');
  }

  get text() {
    return this.lines().join('\n');
  }

  /** Milliseconds until the screen is as wished; rejects after ten minutes. */
  async until(what, wished) {
    const start = performance.now();
    while (!wished()) {
      let timer;
      await new Promise((seen, missed) => {
        this.#wake = seen;
        timer = setTimeout(() => missed(new Error(`${what}: not seen within ten minutes:\n${this.text}`)), patienceMs);
      });
      clearTimeout(timer);
    }
    return performance.now() - start;
  }

  /** Milliseconds until something can be read. */
  shows(what, wanted) {
    return this.until(what, () => wanted.test(this.text));
  }
}

export const ms = value => `${value.toFixed(value < 100 ? 1 : 0)} ms`;
export const say = (what, value) => console.log(`${what.padEnd(60)} ${value}`);

/** Median, 95 of 100, and the largest, in milliseconds. */
export function spread(times) {
  const sorted = [...times].sort((a, b) => a - b);
  const at = part => ms(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))]);
  return `median ${at(0.5)}, 95 % ${at(0.95)}, slowest ${at(1)}`;
}
