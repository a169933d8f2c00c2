/**
 * Starts the front-end as it would have been started without us: the same terminal, process group, folder, environment
 * and umask, the soft limit of open files that we were given ourselves, and the descriptors its command line names.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, readlinkSync } from 'node:fs';
import { constants } from 'node:os';
import { delimiter, join } from 'node:path';

/** Signals that are handed on. Those of the terminal reach the whole foreground process group by themselves. */
const handedOn: readonly NodeJS.Signals[] = ['SIGTERM', 'SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2', 'SIGCONT'];
const sentByTerminal: ReadonlySet<NodeJS.Signals> = new Set(['SIGINT', 'SIGQUIT']);

/** A front-end that was started. */
export interface Child {
  pid: number;
  /** Its exit status as a shell tells it: 128 + n where signal n ended it. */
  ended: Promise<number>;
  /** True until `ended` is settled. */
  running(): boolean;
  signal(signal: NodeJS.Signals): void;
}

/** A command that cannot be started; `status` is what a shell would give: 127 not found, 126 not executable. */
export class StartError extends Error {
  override name = 'StartError';
  readonly status: number;

  constructor(command: string, cause: NodeJS.ErrnoException) {
    const missing = cause.code === 'ENOENT' || (cause.code === 'EACCES' && !isThere(command));
    super(missing ? `cannot start '${command}': no such command` : `cannot start '${command}': ${cause.message}`);
    this.status = missing ? 127 : 126;
  }
}

/** Whether a command is in a folder of PATH: one that we may not look into makes the kernel say EACCES all the same. */
function isThere(command: string): boolean {
  if (command.includes('/')) return true;
  return (process.env.PATH ?? '').split(delimiter).some(folder => existsSync(join(folder, command)));
}

/** The numbers of descriptors that a command line says are inherited: `fd=3`, `fds=3:4`, `[3,4]`, /dev/fd/3. */
export function descriptorsNamed(argv: readonly string[]): number[] {
  const found = new Set<number>();
  for (const word of argv) {
    const lists = [...word.matchAll(/\b(?:fds?|vhostfds?|tapfds?)["']?[=:]\s*["']?(\[[\d,\s]+\]|\d+(?::\d+)*)/g)].map(
      m => m[1],
    );
    const paths = [...word.matchAll(/\/(?:dev|proc\/self)\/fd\/(\d+)/g)].map(m => m[1]);
    for (const number of [...lists, ...paths].flatMap(text => text?.match(/\d+/g) ?? [])) found.add(Number(number));
  }
  return [...found].filter(fd => fd > 2).sort((a, b) => a - b);
}

/** Whether a descriptor is open and not one that the runtime made for itself. */
function isInherited(fd: number): boolean {
  try {
    return !/^anon_inode:\[(eventpoll|eventfd|io_uring)\]/.test(readlinkSync(`/proc/self/fd/${fd}`));
  } catch {
    return false;
  }
}

/** Those of some descriptors that we were started with. */
export function inheritedOf(descriptors: readonly number[]): number[] {
  return descriptors.filter(isInherited);
}

/** What `spawn` is told so that a child has these descriptors under the numbers that they have here. */
export function withInherited(
  standard: readonly ('inherit' | 'ignore' | number)[],
  inherited: readonly number[],
): ('inherit' | 'ignore' | number)[] {
  const stdio = [...standard];
  for (const fd of inherited) stdio[fd] = fd;
  return Array.from(stdio, entry => entry ?? 'ignore');
}

/** Soft and hard limit of open files of a process, as /proc/PID/limits shows them. */
function openFilesOf(pid: number): number | undefined {
  const match = /^Max open files\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/limits`, 'utf8'));
  return match ? Number(match[1]) : undefined;
}

/**
 * The soft limit of open files that we were started with. Node raises its own before any of our code runs, so the
 * parent's is taken, or that of the first ancestor that is not Node too. 1024, the usual one, under init.
 */
function openFilesGiven(): number | undefined {
  try {
    for (let pid = process.ppid, depth = 0; depth < 16; depth++) {
      if (pid <= 1) return 1024;
      if (readlinkSync(`/proc/${pid}/exe`) !== process.execPath) return openFilesOf(pid);
      pid = Number(/^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 1);
    }
  } catch {
    // An ancestor that cannot be looked into: the limit stays as it is.
  }
  return undefined;
}

/** Whether our process group is the terminal's foreground group, to which the terminal sends its signals itself. */
function isInForeground(): boolean {
  const stat = readFileSync('/proc/self/stat', 'latin1');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields[2] === fields[5];
}

/** How the start is wrapped: `spawn` runs while the limits are those that the child shall have. */
export interface StartOptions {
  /** Runs an action under a soft limit of open files. */
  withOpenFiles?(soft: number, action: () => ChildProcess): ChildProcess;
  /** Descriptors that we keep for ourselves. */
  keep?: readonly number[];
}

/** Starts the command. Rejects with StartError where it cannot be started. */
export async function startChild(argv: readonly string[], options: StartOptions = {}): Promise<Child> {
  const [command = '', ...rest] = argv;
  const inherited = inheritedOf(descriptorsNamed(argv)).filter(fd => !options.keep?.includes(fd));
  const stdio = withInherited(['inherit', 'inherit', 'inherit'], inherited);
  const start = () => spawn(command, rest, { stdio });
  const soft = openFilesGiven();
  // From before the child exists: a signal that comes while it starts must not end us and leave it behind.
  const handing = handOn();
  const stopHandingOn = handing.stop;
  let child: ChildProcess;
  try {
    child = soft !== undefined && options.withOpenFiles ? options.withOpenFiles(soft, start) : start();
  } catch (error) {
    stopHandingOn();
    throw error;
  }
  handing.to(child);
  let running = true;
  const ended = new Promise<number>(resolve => {
    child.once('exit', (code, signal) => {
      running = false;
      stopHandingOn();
      resolve(code ?? 128 + (signal ? constants.signals[signal] : 0));
    });
  });
  try {
    await once(child, 'spawn');
  } catch (error) {
    stopHandingOn();
    throw new StartError(command, error as NodeJS.ErrnoException);
  }
  return { pid: child.pid as number, ended, running: () => running, signal: signal => void child.kill(signal) };
}

/** Takes the signals that we are sent from now on: hands them on once it is told to whom, until it is stopped. */
function handOn(): { to(child: ChildProcess): void; stop(): void } {
  let child: ChildProcess | undefined;
  const early: NodeJS.Signals[] = [];
  const listeners = handedOn.map(signal => {
    const listener = () => {
      if (sentByTerminal.has(signal) && isInForeground()) return;
      if (child) child.kill(signal);
      else early.push(signal);
    };
    process.on(signal, listener);
    return { signal, listener };
  });
  return {
    to(started) {
      child = started;
      for (const signal of early.splice(0)) started.kill(signal);
    },
    stop() {
      for (const { signal, listener } of listeners) process.off(signal, listener);
    },
  };
}
