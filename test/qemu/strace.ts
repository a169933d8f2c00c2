/**
 * Reads what two programs said to each other on UNIX sockets out of an strace log.
 *
 * This is the ground truth that a capture is held against, so it shares no code with `src`: strings of hex digits, the
 * results of system calls, and the twelve header bytes are all it knows. The log must come from {@link straceOptions}.
 */
import { closeSync, openSync, readSync } from 'node:fs';

/** Options of strace that this reader relies on: every byte as hex, every descriptor with its name, threads followed. */
export const straceOptions: readonly string[] = [
  '-f',
  '--seccomp-bpf',
  '-ttt',
  '-yy',
  '-xx',
  '-v',
  '-s',
  '8192',
  '-e',
  'trace=sendmsg,recvmsg,sendto,recvfrom,read,write,connect,accept,accept4,socketpair,close',
  '-e',
  'signal=none',
];

/** A descriptor as strace names it: its number in the traced process and what it refers to. */
export interface NamedFd {
  number: number;
  /** For example `anon_inode:[eventfd]`, `/memfd:ram`, `pipe:[7]`; for a socket the part in `<…>`. */
  name: string;
  /** Of a UNIX socket: its own inode. */
  inode?: number;
  /** Of a connected UNIX socket: the inode of the other end, where strace knew it. */
  peer?: number;
}

/** One finished system call. */
export interface Call {
  pid: number;
  /** Seconds since 1970, when the call began. */
  time: number;
  name: string;
  /** Everything between the parentheses, as strace prints it. */
  arguments: string;
  /** The returned number; negative on failure. */
  result: number;
  /** The error's name (`EPIPE`) of a call that failed. */
  error?: string;
  /** The descriptor a call returned (`accept4`). */
  resultFd?: NamedFd;
}

/** A run of bytes that strace shows, and its place in the message or transfer. */
export interface Piece {
  at: number;
  bytes: Buffer;
}

/** The bytes and descriptors that one call moved. What `-s` cut away is in `length`, but in none of the pieces. */
export interface Transfer {
  time: number;
  length: number;
  pieces: Piece[];
  fds: NamedFd[];
}

/** One end of a UNIX stream socket, with all that the traced process sent and received there. */
export interface SocketEnd {
  inode: number;
  /** Where the process connected to, or listened. Absent for a socket pair or a socket that was passed. */
  path?: string;
  sent: Transfer[];
  received: Transfer[];
  /** Time of the last successful `close` of a descriptor of this socket. */
  closed?: number;
}

/** A message put together from the transfers of one direction. */
export interface TracedMessage {
  time: number;
  id: number;
  flags: number;
  /** Payload bytes. */
  size: number;
  /** Header and payload, as far as the log shows them. */
  pieces: Piece[];
  fds: NamedFd[];
}

/** All that a log tells about UNIX sockets. */
export interface Trace {
  /** By inode, in the order of their first use. */
  ends: Map<number, SocketEnd>;
  /** Both ends of every socket pair, by inode. */
  pairs: Map<number, number>;
  /** Every `connect` to a UNIX socket, failed ones included. */
  connects: { time: number; path: string; result: number; error?: string }[];
}

const fdPattern = /(\d+)<((?:UNIX(?:-STREAM|-DGRAM|-SEQPACKET)?):\[(\d+)(?:->(\d+))?(?:,(?:@)?"[^"]*")?\]|[^>]*)>/g;

/** Bytes of a string that strace wrote with -xx, every one as `\x` and two digits. */
export function unhex(text: string): Buffer {
  return Buffer.from(text.replaceAll('\\x', ''), 'hex');
}

/** The descriptors named in a stretch of an strace line, in order. */
export function namedFds(text: string): NamedFd[] {
  return [...text.matchAll(fdPattern)].map(([, number, name = '', inode, peer]) => ({
    number: Number(number),
    name: name.startsWith('\\x') ? unhex(name).toString() : name,
    ...(inode === undefined ? socketInode(name) : { inode: Number(inode) }),
    ...(peer === undefined ? {} : { peer: Number(peer) }),
  }));
}

/** strace falls back to `socket:[inode]` where the kernel does not tell the protocol. */
function socketInode(name: string): { inode?: number } {
  const plain = name.startsWith('\\x') ? unhex(name).toString() : name;
  const inode = /^socket:\[(\d+)\]$/.exec(plain)?.[1];
  return inode === undefined ? {} : { inode: Number(inode) };
}

/** Every finished call among the lines of a log, in the order in which they returned. */
export function* calls(lines: Iterable<string>): Generator<Call> {
  const begun = new Map<number, { time: number; text: string }>();
  for (const line of lines) {
    const head = /^(\d+)\s+(\d+\.\d+) /.exec(line);
    if (!head) continue;
    const pid = Number(head[1]);
    let time = Number(head[2]);
    let text = line.slice(head[0].length);
    if (text.endsWith('<unfinished ...>')) {
      begun.set(pid, { time, text: text.slice(0, -'<unfinished ...>'.length) });
      continue;
    }
    const resumed = /^<\.\.\. \w+ resumed>/.exec(text);
    if (resumed) {
      const start = begun.get(pid);
      if (!start) continue;
      begun.delete(pid);
      time = start.time;
      text = start.text + text.slice(resumed[0].length);
    }
    const call = /^(\w+)\((.*)\)\s+= (-?\d+)(?: (E[A-Z0-9]+))?/.exec(text);
    if (!call) continue;
    const [, name = '', args = '', result, error] = call;
    const returned = namedFds(text.slice(text.lastIndexOf(') = ') + 4))[0];
    yield {
      pid,
      time,
      name,
      arguments: args,
      result: Number(result),
      ...(error === undefined ? {} : { error }),
      ...(returned === undefined ? {} : { resultFd: returned }),
    };
  }
}

/** The lines of a log, read piece by piece: the log of a migration does not fit into one string. */
export function* linesOf(path: string): Generator<string> {
  const file = openSync(path, 'r');
  const block = Buffer.alloc(1 << 20);
  let left = '';
  try {
    for (let size = readSync(file, block); size > 0; size = readSync(file, block)) {
      const parts = (left + block.toString('latin1', 0, size)).split('\n');
      left = parts.pop() ?? '';
      yield* parts;
    }
    if (left !== '') yield left;
  } finally {
    closeSync(file);
  }
}

/** What a call moved on its socket: undefined for a call that moved nothing. */
function transferOf(call: Call): Transfer | undefined {
  if (call.result <= 0) return undefined;
  const buffers = [...call.arguments.matchAll(/iov_base="((?:\\x[0-9a-f]{2})*)"(?:\.\.\.)?, iov_len=(\d+)/g)].map(
    ([, hex = '', length]) => ({ bytes: unhex(hex), length: Number(length) }),
  );
  if (!/^(sendmsg|recvmsg|readv|writev)$/.test(call.name)) {
    const only = /,\s+"((?:\\x[0-9a-f]{2})*)"/.exec(call.arguments);
    buffers.push({ bytes: unhex(only?.[1] ?? ''), length: call.result });
  }
  const pieces: Piece[] = [];
  let at = 0;
  for (const buffer of buffers) {
    // A partial send, and the unused rest of a receive buffer, end with the result.
    const length = Math.min(buffer.length, call.result - at);
    const bytes = buffer.bytes.subarray(0, length);
    if (bytes.length > 0) pieces.push({ at, bytes });
    at += length;
  }
  const fds = [...call.arguments.matchAll(/cmsg_type=SCM_RIGHTS, cmsg_data=\[(.*?)\]\}/g)].flatMap(match =>
    namedFds(`${match[1]}`),
  );
  return { time: call.time, length: call.result, pieces, fds };
}

/** Reads a whole log, line by line. */
export function readTrace(lines: Iterable<string>): Trace {
  const trace: Trace = { ends: new Map(), pairs: new Map(), connects: [] };
  const end = (inode: number): SocketEnd => {
    const known = trace.ends.get(inode) ?? { inode, sent: [], received: [] };
    trace.ends.set(inode, known);
    return known;
  };
  for (const call of calls(lines)) {
    if (call.name === 'socketpair') {
      const [one, other] = namedFds(call.arguments).map(fd => fd.inode);
      if (one !== undefined && other !== undefined) trace.pairs.set(one, other).set(other, one);
      continue;
    }
    const socket = firstSocket(call.arguments);
    if (socket === undefined) continue;
    switch (call.name) {
      case 'connect': {
        const path = pathIn(call.arguments, /sun_path=(@?)"((?:\\x[0-9a-f]{2})*)"/);
        if (path === undefined) break;
        const { time, result, error } = call;
        trace.connects.push({ time, path, result, ...(error === undefined ? {} : { error }) });
        if (result === 0) end(socket).path = path;
        break;
      }
      case 'accept':
      case 'accept4': {
        const path = pathIn(call.arguments, /^\d+<UNIX[A-Z-]*:\[\d+,(@?)"((?:\\x[0-9a-f]{2})*)"\]>/);
        if (call.resultFd?.inode !== undefined && path !== undefined) end(call.resultFd.inode).path = path;
        break;
      }
      case 'close':
        if (call.result === 0) end(socket).closed = call.time;
        break;
      default: {
        const transfer = transferOf(call);
        if (transfer)
          end(socket)[/^(sendmsg|sendto|write|writev)$/.test(call.name) ? 'sent' : 'received'].push(transfer);
      }
    }
  }
  return trace;
}

function pathIn(args: string, pattern: RegExp): string | undefined {
  const found = pattern.exec(args);
  return found ? `${found[1]}${unhex(found[2] ?? '').toString()}` : undefined;
}

/** The inode of the socket that is a call's first argument. */
function firstSocket(args: string): number | undefined {
  if (!/^\d+<(UNIX|\\x73\\x6f\\x63\\x6b\\x65\\x74)/.test(args)) return undefined;
  return namedFds(args.slice(0, args.indexOf('>,') < 0 ? undefined : args.indexOf('>,') + 1))[0]?.inode;
}

/**
 * The messages of one direction, by their headers: 32-bit id, flags and payload size. Descriptors belong to the message
 * that holds the first byte of their transfer.
 * @returns the messages and the number of bytes after the last whole one
 * @throws Error where the log does not show a header (a buffer longer than strace's -s)
 */
export function messages(transfers: readonly Transfer[]): { messages: TracedMessage[]; rest: number } {
  const whole: TracedMessage[] = [];
  let open: TracedMessage | undefined;
  let got = 0;
  for (const transfer of transfers) {
    for (let at = 0; at < transfer.length; ) {
      open ??= { time: transfer.time, id: 0, flags: 0, size: -1, pieces: [], fds: [] };
      if (at === 0) open.fds.push(...transfer.fds);
      const wanted: number = open.size < 0 ? 12 : 12 + open.size;
      const taken = Math.min(wanted - got, transfer.length - at);
      open.pieces.push(...cut(transfer.pieces, at, at + taken, got));
      at += taken;
      got += taken;
      if (open.size < 0 && got === 12) readHeader(open);
      if (open.size >= 0 && got === 12 + open.size) {
        whole.push(open);
        open = undefined;
        got = 0;
      }
    }
  }
  return { messages: whole, rest: got };
}

/** What the pieces show of [from, to), moved so that `from` comes to lie at `place`. */
function cut(pieces: readonly Piece[], from: number, to: number, place: number): Piece[] {
  return pieces.flatMap(piece => {
    const first = Math.max(from, piece.at);
    const last = Math.min(to, piece.at + piece.bytes.length);
    return first < last
      ? [{ at: place + first - from, bytes: piece.bytes.subarray(first - piece.at, last - piece.at) }]
      : [];
  });
}

function readHeader(message: TracedMessage): void {
  const header = Buffer.concat(message.pieces.map(piece => piece.bytes));
  if (header.length !== 12) throw new Error(`the trace shows ${header.length} of 12 header bytes`);
  message.id = header.readUInt32LE(0);
  message.flags = header.readUInt32LE(4);
  message.size = header.readUInt32LE(8);
}
