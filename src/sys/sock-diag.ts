/** Questions to the kernel's socket monitor (sock_diag(7)) about UNIX sockets. Works without privileges. */
import { closeSync } from 'node:fs';
import { littleEndian, Memory, read, socket, write } from './libc.ts';
import type { Address } from './socket.ts';

/** One UNIX socket of this network namespace. */
export interface UnixSocket {
  inode: number;
  /** SOCK_STREAM is 1. */
  type: number;
  listening: boolean;
  /** The name it was bound to, as the process wrote it: a path may be relative to a folder that is not ours. */
  address?: Address;
  /** Inode of the connected socket, where there is one and the source tells. */
  peer?: number;
  /** The socket file behind a path, where the source tells. */
  file?: { dev: number; inode: number };
}

const netlink = 16;
const rawCloseOnExec = 3 | 0o2000000;
const sockDiag = 4;
const byFamily = 20;
const requestFlag = 0x1;
const dumpFlags = 0x301;
const messageDone = 3;
const messageError = 2;
const listenState = 10;
const show = { name: 1, file: 2, peer: 4 } as const;
const attribute = { name: 0, file: 1, peer: 2 } as const;
const headerSize = 16;
const socketSize = 16;

/** The answers of one read, and whether the dump is over. */
interface Answers {
  sockets: UnixSocket[];
  done: boolean;
  /** Errno of an error message, 0 for none. */
  error: number;
}

/** Asks for one socket by its inode, or for all in the given states (a bit each); 40 bytes. */
function request(inode: number, states: number): Buffer {
  const bytes = Buffer.alloc(headerSize + 24);
  const u32 = new Uint32Array(bytes.buffer, bytes.byteOffset, 10);
  const u16 = new Uint16Array(bytes.buffer, bytes.byteOffset, 8);
  u32[0] = bytes.length;
  u16[2] = byFamily;
  u16[3] = inode ? requestFlag : dumpFlags;
  u32[2] = 1;
  bytes[headerSize] = 1; // AF_UNIX
  u32[5] = states;
  u32[6] = inode;
  u32[7] = show.name | show.file | show.peer;
  u32[8] = 0xffffffff; // any cookie
  u32[9] = 0xffffffff;
  return bytes;
}

/** A socket's name as the kernel keeps it: a path, or NUL and an abstract name. Trailing NULs of a padded name stay. */
function addressOfName(bytes: Buffer): Address | undefined {
  if (bytes.length === 0) return undefined;
  if (bytes[0] === 0) return { abstract: bytes.toString('utf8', 1) };
  const end = bytes.indexOf(0);
  return { path: bytes.toString('utf8', 0, end < 0 ? bytes.length : end) };
}

/** One unix_diag_msg with its attributes, in the machine's byte order. */
function socketOf(body: Buffer): UnixSocket {
  const u32 = (at: number) => (littleEndian ? body.readUInt32LE(at) : body.readUInt32BE(at));
  const u16 = (at: number) => (littleEndian ? body.readUInt16LE(at) : body.readUInt16BE(at));
  const found: UnixSocket = { inode: u32(4), type: body[1] as number, listening: body[2] === listenState };
  for (let at = socketSize; at + 4 <= body.length; ) {
    const length = u16(at);
    if (length < 4 || at + length > body.length) break;
    const value = body.subarray(at + 4, at + length);
    const kind = u16(at + 2);
    if (kind === attribute.name) {
      const address = addressOfName(value);
      if (address) found.address = address;
    } else if (kind === attribute.peer && value.length >= 4) found.peer = u32(at + 4);
    else if (kind === attribute.file && value.length >= 8) found.file = { inode: u32(at + 4), dev: u32(at + 8) };
    at += (length + 3) & ~3;
  }
  return found;
}

/** Reads what one read(2) of the netlink socket gave. */
export function parseAnswers(bytes: Buffer): Answers {
  const answers: Answers = { sockets: [], done: false, error: 0 };
  const u32 = (at: number) => (littleEndian ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at));
  for (let at = 0; at + headerSize <= bytes.length; ) {
    const length = u32(at);
    if (length < headerSize || at + length > bytes.length) break;
    const type = littleEndian ? bytes.readUInt16LE(at + 4) : bytes.readUInt16BE(at + 4);
    if (type === messageDone) answers.done = true;
    else if (type === messageError && length >= headerSize + 4) answers.error = -(u32(at + headerSize) | 0);
    else if (type === byFamily && length >= headerSize + socketSize) {
      answers.sockets.push(socketOf(bytes.subarray(at + headerSize, at + length)));
    }
    at += (length + 3) & ~3;
  }
  return answers;
}

/** Sends a request and collects the answers; undefined where the kernel has no socket monitor for UNIX sockets. */
function ask(inode: number, states: number): UnixSocket[] | undefined {
  const fd = socket(netlink, rawCloseOnExec, sockDiag);
  if (fd < 0) return undefined;
  try {
    const memory = new Memory(64 * 1024);
    const question = request(inode, states);
    question.copy(memory.bytes);
    if (write(fd, memory.address, question.length) < 0) return undefined;
    const sockets: UnixSocket[] = [];
    for (;;) {
      const length = read(fd, memory.address, memory.bytes.length);
      if (length <= 0) return undefined;
      const answers = parseAnswers(Buffer.from(memory.bytes.subarray(0, length)));
      sockets.push(...answers.sockets);
      if (answers.error !== 0) return inode && answers.error === 2 ? [] : undefined;
      if (answers.done || inode) return sockets;
    }
  } finally {
    closeSync(fd);
  }
}

/** All UNIX sockets of this network namespace; undefined where the kernel cannot be asked. */
export function dumpUnixSockets(): UnixSocket[] | undefined {
  return ask(0, 0xffffffff);
}

/** One socket by its inode; undefined where it is not in this network namespace or the kernel cannot be asked. */
export function unixSocketOf(inode: number): UnixSocket | undefined {
  return ask(inode, 0xffffffff)?.[0];
}
