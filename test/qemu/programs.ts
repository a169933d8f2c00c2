/** Starts the programs of a scenario, watches what they print, and ends every one of them. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { createWriteStream, readdirSync, readFileSync } from 'node:fs';
import { straceOptions } from './strace.ts';

/** Runs a command to its end and returns what it printed; its complaint becomes the error. */
export function run(command: string, args: readonly string[], options: { cwd?: string; env?: NodeJS.ProcessEnv } = {}) {
  const done = spawnSync(command, args, { encoding: 'utf8', maxBuffer: 1 << 28, ...options });
  if (done.error) throw new Error(`${command}: ${done.error.message}; is its package installed?`);
  if (done.status === 0) return done.stdout;
  const said = `${done.stdout}${done.stderr}`.trimEnd().split('\n').slice(-8).join('\n');
  throw new Error(`${command} ${args.join(' ')}: exit status ${done.status}\n${said}`);
}

/** How a program ended: an exit status, or the signal that killed it. */
export type Ending = number | NodeJS.Signals;

/** How to start a program. */
export interface Start {
  /** File that gets everything it prints. */
  log: string;
  /** File for its strace log; not traced when absent. */
  trace?: string;
}

const running = new Set<Program>();

/** A variable that every started process inherits, so that none can be overlooked. */
const mark = `VHUSCOPE_RIG_RUN=${process.pid}.${Date.now()}`;

/** One started program, perhaps under strace, in a process group of its own. */
export class Program {
  /** Resolves when it (and its strace) has ended. */
  readonly ended: Promise<Ending>;
  readonly name: string;
  /** Everything it printed so far, both streams. */
  output = '';
  private readonly child: ChildProcess;
  private readonly traced: boolean;
  private readonly watchers = new Set<() => void>();
  private ending: Ending | undefined;

  constructor(name: string, command: readonly string[], start: Start) {
    this.name = name;
    this.traced = start.trace !== undefined;
    const whole = start.trace === undefined ? command : ['strace', ...straceOptions, '-o', start.trace, ...command];
    const log = createWriteStream(start.log);
    log.write(`$ ${command.join(' ')}\n`);
    const [variable = '', value] = mark.split('=');
    this.child = spawn(whole[0] as string, whole.slice(1), {
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
      env: { ...process.env, [variable]: value },
    });
    for (const stream of [this.child.stdout, this.child.stderr])
      stream?.setEncoding('utf8').on('data', (text: string) => {
        log.write(text);
        this.output += text;
        for (const watcher of this.watchers) watcher();
      });
    running.add(this);
    this.ended = new Promise((resolve, reject) => {
      this.child.on('error', problem => reject(new Error(`${name}: ${problem.message}`)));
      this.child.on('close', (code, signal) => {
        running.delete(this);
        this.ending = code ?? (signal as NodeJS.Signals);
        log.end();
        resolve(this.ending);
        for (const watcher of this.watchers) watcher();
      });
    });
    this.ended.catch(() => {});
  }

  /** Process id of the program itself, not of its strace; undefined once it has ended. */
  get pid(): number | undefined {
    if (this.ending !== undefined || this.child.pid === undefined) return undefined;
    if (!this.traced) return this.child.pid;
    const children = childrenOf(this.child.pid);
    return children[0];
  }

  get alive(): boolean {
    return this.ending === undefined;
  }

  /** Waits for something it prints. */
  async prints(pattern: RegExp, seconds = 60): Promise<RegExpExecArray> {
    return this.until(() => pattern.exec(this.output), `print ${pattern}`, seconds);
  }

  /** Waits for its end. */
  async end(seconds = 60): Promise<Ending> {
    await this.until(() => this.ending !== undefined || null, 'end', seconds);
    return this.ended;
  }

  private until<T>(look: () => T | null, what: string, seconds: number): Promise<T> {
    return new Promise((resolve, reject) => {
      const settle = () => {
        const found = look();
        if (found === null && this.ending === undefined) return;
        this.watchers.delete(settle);
        clearTimeout(timer);
        if (found !== null) resolve(found);
        else reject(new Error(`${this.name} ended (${this.ending}) and did not ${what}\n${this.tail()}`));
      };
      const timer = setTimeout(() => {
        this.watchers.delete(settle);
        reject(new Error(`${this.name} did not ${what} within ${seconds} s\n${this.tail()}`));
      }, seconds * 1000);
      this.watchers.add(settle);
      settle();
    });
  }

  private tail(): string {
    return this.output.trimEnd().split('\n').slice(-15).join('\n');
  }

  /** Sends a signal to the program (not to its strace). */
  signal(signal: NodeJS.Signals): void {
    const pid = this.pid;
    if (pid !== undefined) kill(pid, signal);
  }

  /** Ends it: a signal, some seconds of patience, then SIGKILL. */
  async stop(signal: NodeJS.Signals = 'SIGTERM', seconds = 8): Promise<Ending> {
    this.signal(signal);
    return this.end(seconds).catch(() => {
      this.kill();
      return this.ended;
    });
  }

  /** Kills it with everything it started. */
  kill(): void {
    if (this.child.pid === undefined) return;
    // The traced processes first: strace then writes how they ended.
    for (const pid of childrenOf(this.child.pid)) kill(pid, 'SIGKILL');
    if (!this.traced) kill(-this.child.pid, 'SIGKILL');
    else setTimeout(() => this.alive && kill(-(this.child.pid as number), 'SIGKILL'), 500);
  }
}

/**
 * Ends all that runs, and what it may have started.
 * @throws Error that names processes which outlived their program
 */
export async function stopAll(): Promise<void> {
  const left = [...running];
  for (const program of left) program.kill();
  await Promise.all(left.map(program => program.ended));
  for (let patience = 50; strays().length > 0 && patience > 0; patience--)
    await new Promise(wake => setTimeout(wake, 20));
  const outlived = strays('SIGKILL');
  if (outlived.length > 0) throw new Error(`still running after their program had ended: ${outlived.join(', ')}`);
}

/** Names the processes that were started here and still run, also those that left their group; sends them a signal. */
function strays(signal?: NodeJS.Signals): string[] {
  return readdirSync('/proc')
    .filter(entry => /^\d+$/.test(entry) && Number(entry) !== process.pid)
    .flatMap(pid => {
      if (!contents(`/proc/${pid}/environ`).split('\0').includes(mark)) return [];
      const command = contents(`/proc/${pid}/cmdline`).replaceAll('\0', ' ');
      if (command !== '' && signal !== undefined) kill(Number(pid), signal);
      return command === '' ? [] : [`${pid} ${command}`];
    });
}

process.on('exit', () => {
  for (const program of running) program.kill();
  strays('SIGKILL');
});

function childrenOf(pid: number): number[] {
  return contents(`/proc/${pid}/task/${pid}/children`).split(' ').filter(Boolean).map(Number);
}

function contents(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It ended by itself.
  }
}
