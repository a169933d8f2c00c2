/** The program that the conformance peer examines, where it was told how to start it: started, watched, ended. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { lstatSync, rmSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import type { Address } from '../sys/socket.ts';

/** How a process ended. */
export interface Exit {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A program that ends again and again before anybody could speak to it, or that cannot be started. */
export class SubjectError extends Error {
  override name = 'SubjectError';
}

/** Starts in a row after which a program that serves nobody is given up. */
const mostVainStarts = 3;
/** How long a process may take to end, ms: where it is known to, where it has not yet shown what it does, after SIGTERM. */
const ending = { expected: 1000, possible: 150, unlikely: 40, told: 3000 } as const;
/** What is kept of its output, characters. */
const keptOutput = 4096;

/**
 * A program under examination. While it is wanted, one that listens is started anew whenever it has ended. One that
 * connects finds us there when it is started, so that its end is its answer.
 */
export class Subject {
  readonly #command: readonly string[];
  readonly #socket: Address | undefined;
  #child: ChildProcess | undefined;
  #wanted = false;
  #vainStarts = 0;
  #exits: Exit[] = [];
  #output = '';
  #outputOfEnded = '';
  /** It has ended by itself at the end of a connection. */
  #servesOnce = false;
  #failure: SubjectError | undefined;

  /**
   * @param command the program and its arguments
   * @param socket where it listens, if it does; a file that an earlier process left there is removed before each start
   */
  constructor(command: readonly string[], socket?: Address) {
    this.#command = command;
    this.#socket = socket;
  }

  /** Sees to it that it runs. Throws SubjectError where it cannot. */
  start(): void {
    if (this.#failure) throw this.#failure;
    this.#wanted = true;
    if (!this.#child) this.#spawn();
  }

  /** Somebody has spoken with it: whatever ends it from now on, it can be started. */
  served(): void {
    this.#vainStarts = 0;
  }

  /**
   * After a connection: gives it time to end, and tells how it ended, if it did.
   *
   * @param closed it has closed the connection itself, so that its end is likely
   */
  async settle(closed: boolean): Promise<Exit | undefined> {
    const child = this.#child;
    const patience = this.#servesOnce ? ending.expected : closed ? ending.possible : ending.unlikely;
    if (child && this.#exits.length === 0) await this.#exitOf(child, patience);
    const exit = this.#exits.at(-1);
    this.#exits = [];
    if (exit && exit.signal === null && !closed) this.#servesOnce = true;
    return exit;
  }

  /** Ends it. */
  async stop(): Promise<void> {
    this.#wanted = false;
    const child = this.#child;
    if (!child) return;
    child.kill('SIGTERM');
    await this.#exitOf(child, ending.told);
    if (this.#child === child) {
      child.kill('SIGKILL');
      await this.#exitOf(child, ending.told);
    }
    this.#exits = [];
  }

  /** The last lines it has printed: a process that has ended, or the one that runs; not again what was told before. */
  takeOutput(lines: number): string[] {
    const text = (this.#outputOfEnded || this.#output).trimEnd();
    if (this.#outputOfEnded === '') this.#output = '';
    this.#outputOfEnded = '';
    return text === '' ? [] : text.split('\n').slice(-lines);
  }

  /** Whether nobody is to be expected from it any more. */
  get over(): boolean {
    return this.#failure !== undefined || (!this.#wanted && this.#child === undefined);
  }

  /** Why nobody came from it; undefined where somebody still may. */
  get failure(): SubjectError | undefined {
    const exit = this.#exits.at(-1);
    if (this.#failure !== undefined || !this.over || exit === undefined) return this.#failure;
    return new SubjectError(this.#vainEnd(exit, 'before it connected'));
  }

  async #exitOf(child: ChildProcess, patience: number): Promise<void> {
    if (this.#child !== child) return;
    const over = new AbortController();
    await Promise.race([
      once(child, 'exit', { signal: over.signal }).catch(() => {}),
      setTimeout(patience, undefined, { signal: over.signal }).catch(() => {}),
    ]);
    over.abort();
  }

  #spawn(): void {
    this.#removeStaleSocket();
    const [program = '', ...args] = this.#command;
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    this.#child = child;
    this.#vainStarts++;
    this.#output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        if (this.#child === child) this.#output = (this.#output + text).slice(-keptOutput);
        else this.#outputOfEnded = (this.#outputOfEnded + text).slice(-keptOutput);
      });
    }
    child.once('error', (problem: NodeJS.ErrnoException) => {
      this.#fail(`cannot start '${program}': ${problem.code === 'ENOENT' ? 'no such command' : problem.message}`);
    });
    child.once('exit', (status, signal) => {
      this.#child = undefined;
      this.#outputOfEnded = this.#output;
      this.#exits.push({ status, signal });
      if (!this.#wanted) return;
      if (this.#socket === undefined) this.#wanted = false;
      else if (this.#vainStarts < mostVainStarts) this.#spawn();
      else this.#fail(this.#vainEnd({ status, signal }, 'before it served anybody'));
    });
  }

  #vainEnd({ status, signal }: Exit, when: string): string {
    const said = this.takeOutput(3).map(line => `\n  ${line}`);
    return `'${this.#command[0]}' ended with ${signal ?? `status ${status}`} ${when}${said.join('')}`;
  }

  #fail(message: string): void {
    this.#wanted = false;
    this.#child = undefined;
    this.#failure = new SubjectError(message);
  }

  #removeStaleSocket(): void {
    if (!this.#socket || !('path' in this.#socket)) return;
    const { path } = this.#socket;
    if (lstatSync(path, { throwIfNoEntry: false })?.isSocket()) rmSync(path);
  }
}
