/**
 * Who is at the other end of a connection. SO_PEERCRED names the process that called listen() or connect(), which need
 * not be the one that holds the socket now; so the holder is looked for by the inode of the peer's socket in /proc.
 */
import { closeSync, fstatSync, openSync, readdirSync, readFileSync, readlinkSync, readSync } from 'node:fs';
import { setImmediate as turn } from 'node:timers/promises';
import { parseCommandLine, withoutSecrets } from './command-line.ts';
import { elfNotes, type ReadAt, versionInText } from './elf.ts';
import { unixSocketOf } from './sock-diag.ts';
import { type Credentials, peerCredentials } from './socket.ts';

/** What a process is, as far as /proc lets us see; what could not be read is absent. */
export interface ProcessInfo {
  pid: number;
  /** Its own short name; any bytes, at most 15. */
  comm?: string;
  executable?: string;
  /** Build-id of the executable, hexadecimal. */
  buildId?: string;
  /** Version of the executable or of its package; absent where neither tells. */
  version?: string;
  /** The arguments it was started with, as it shows them now, without known kinds of passwords; at most 64 KiB. */
  commandLine?: string[];
  /** The command line was longer. */
  commandLineCut?: true;
  /** Start of the process in clock ticks since boot: tells it from a later one with the same number. */
  startTicks?: number;
}

/** How the peer's process was found. */
export type FoundBy =
  /** It has the peer's end of the connection open. */
  | 'socket-inode'
  /** It called connect() or listen(); who holds the socket could not be seen. */
  | 'credentials';

/** The process at the other end of a connection. */
export interface Peer {
  process: ProcessInfo;
  foundBy: FoundBy;
  /** All processes that have the peer's socket open, `process` among them. */
  holders: number[];
  /** Why it was not found by the socket, for people. */
  reason?: string;
}

const commandLineLimit = 64 * 1024;

function attempt<Result>(action: () => Result): Result | undefined {
  try {
    return action();
  } catch {
    return undefined; // gone, or not ours to see
  }
}

function readStart(path: string, limit: number): Buffer {
  const fd = openSync(path, 'r');
  try {
    const bytes = Buffer.alloc(limit);
    let length = 0;
    for (;;) {
      const got = readSync(fd, bytes, length, limit - length, null);
      length += got;
      if (got === 0 || length === limit) return bytes.subarray(0, length);
    }
  } finally {
    closeSync(fd);
  }
}

interface Executable {
  buildId?: string;
  version?: string;
}

/** What was learnt of executables, by device, inode, size and time of change: a reconnecting peer is read once. */
const executables = new Map<string, Executable>();
const executablesLimit = 64;

function readExecutable(pid: number): Executable {
  const fd = openSync(`/proc/${pid}/exe`, 'r');
  try {
    const { dev, ino, size, mtimeMs } = fstatSync(fd);
    const key = `${dev}:${ino}:${size}:${mtimeMs}`;
    const earlier = executables.get(key);
    if (earlier) return earlier;
    const read: ReadAt = (offset, length) => {
      const bytes = Buffer.alloc(Math.max(0, Math.min(length, size - offset)));
      return bytes.subarray(0, readSync(fd, bytes, 0, bytes.length, offset));
    };
    const { buildId, package: from } = elfNotes(read);
    const version = versionInText(read) ?? (from && `${from.name} ${from.version}`);
    const found = { ...(buildId && { buildId }), ...(version && { version }) };
    if (executables.size >= executablesLimit) executables.clear();
    executables.set(key, found);
    return found;
  } finally {
    closeSync(fd);
  }
}

/** The fields of /proc/PID/stat after the name, which may itself contain spaces and parentheses; the first is field 3. */
function statFields(pid: number): string[] {
  const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
  return text.slice(text.lastIndexOf(')') + 2).split(' ');
}

/** Describes a process; what cannot be read is left out, all of it when the process is gone. */
export function describeProcess(pid: number): ProcessInfo {
  const info: ProcessInfo = { pid };
  const startTicks = attempt(() => Number(statFields(pid)[19]));
  const comm = attempt(() => readFileSync(`/proc/${pid}/comm`, 'utf8').replace(/\n$/, ''));
  const executable = attempt(() => readlinkSync(`/proc/${pid}/exe`));
  const commandLine = attempt(() => readStart(`/proc/${pid}/cmdline`, commandLineLimit));
  if (startTicks !== undefined) info.startTicks = startTicks;
  if (comm !== undefined) info.comm = comm;
  if (executable !== undefined) info.executable = executable;
  if (commandLine?.length) info.commandLine = withoutSecrets(parseCommandLine(commandLine));
  if (commandLine?.length === commandLineLimit) info.commandLineCut = true;
  return Object.assign(
    info,
    attempt(() => readExecutable(pid)),
  );
}

/** Whether a process has a socket open; undefined where we may not look. A process that is gone has none. */
function holds(pid: number, inode: number): boolean | undefined {
  const target = `socket:[${inode}]`;
  try {
    const names = readdirSync(`/proc/${pid}/fd`);
    return names.some(name => attempt(() => readlinkSync(`/proc/${pid}/fd/${name}`)) === target);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EACCES' ? undefined : false;
  }
}

/**
 * The processes that have a socket open, by its inode. The whole of /proc is looked through, in
 * pieces, so that the event loop goes on.
 */
export async function holdersOf(inode: number): Promise<{ pids: number[]; hidden: number }> {
  const pids: number[] = [];
  let hidden = 0;
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const held = holds(Number(name), inode);
    if (held === undefined) hidden++;
    else if (held) pids.push(Number(name));
    await turn();
  }
  return { pids, hidden };
}

/** What to say where no holder of the peer's socket was found. */
function whyNotFound(inode: number | undefined, hidden: number): string {
  if (inode === undefined) return 'the connection was over before its other end could be looked for';
  if (hidden > 0) return `no process that we may look into holds it; ${hidden} may not be looked into`;
  return 'no process that can be seen holds it: it was closed, or its holder lives in another container';
}

/** Our end of a connection: what the search for the other end starts from. Stays valid when the descriptor is closed. */
export interface Connection {
  /** Inode of our socket. */
  inode: number;
  /** SO_PEERCRED. */
  credentials?: Credentials;
}

/** Takes down what `findPeer` needs from a connected UNIX socket. */
export function connectionOf(fd: number): Connection {
  const credentials = peerCredentials(fd);
  return { inode: fstatSync(fd).ino, ...(credentials && { credentials }) };
}

/** Finds and describes the process at the other end of a connection; undefined where nothing tells. */
export async function findPeer({ inode: own, credentials }: Connection): Promise<Peer | undefined> {
  const inode = unixSocketOf(own)?.peer;
  const caller = credentials?.pid || undefined;
  // The likeliest holder is looked at before anything can change: a connection may be short.
  const isCaller = inode !== undefined && caller !== undefined && holds(caller, inode) === true;
  const likely = isCaller ? describeProcess(caller) : undefined;
  const { pids, hidden } = inode ? await holdersOf(inode) : { pids: [], hidden: 0 };
  if (likely) {
    const holders = pids.includes(likely.pid) ? pids : [likely.pid, ...pids];
    return { process: likely, foundBy: 'socket-inode', holders };
  }
  if (pids[0] !== undefined) return { process: describeProcess(pids[0]), foundBy: 'socket-inode', holders: pids };
  if (caller === undefined) return undefined;
  return {
    process: describeProcess(caller),
    foundBy: 'credentials',
    holders: [],
    reason: whyNotFound(inode, hidden),
  };
}
