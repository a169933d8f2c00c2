/**
 * What two programs said to each other on UNIX sockets, from an strace log of one of them.
 *
 * This is the ground truth that a capture is held against, so it knows nothing of the protocol but the twelve header
 * bytes, and shares nothing with what records and decodes. Only the form of strace's lines is read by the same code that
 * `vhuscope import` has. The log must come from {@link straceOptions}.
 */
import { calls } from '../../src/import/strace/calls.ts';
import { type NamedFd, namedFds } from '../../src/import/strace/descriptors.ts';
import { unquote } from '../../src/import/strace/strings.ts';
import { movedBy, type Shown } from '../../src/import/strace/transfer.ts';

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

/** The bytes and descriptors that one call moved. What `-s` cut away is in `length`, but in none of the pieces. */
export interface Transfer {
  time: number;
  length: number;
  pieces: Shown[];
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
  pieces: Shown[];
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
      const [one, other] = namedFds(call.arguments).flatMap(fd => fd.inode ?? []);
      if (one !== undefined && other !== undefined) trace.pairs.set(one, other).set(other, one);
      continue;
    }
    const socket = firstSocket(call.arguments);
    if (socket === undefined) continue;
    switch (call.name) {
      case 'connect': {
        const path = pathIn(call.arguments, /sun_path=(@?)"((?:\\x[0-9a-f]{2})*)"/);
        if (path === undefined) break;
        const { time = 0, result, error } = call;
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
        if (call.result === 0 && call.time !== undefined) end(socket).closed = call.time;
        break;
      default: {
        const moved = movedBy(call);
        if (!moved) break;
        const { sent, ...transfer } = moved;
        end(socket)[sent ? 'sent' : 'received'].push({ time: call.time ?? 0, ...transfer });
      }
    }
  }
  return trace;
}

function pathIn(args: string, pattern: RegExp): string | undefined {
  const found = pattern.exec(args);
  return found ? `${found[1]}${unquote(found[2] ?? '')}` : undefined;
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
function cut(pieces: readonly Shown[], from: number, to: number, place: number): Shown[] {
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
