/** What a system call moved on a socket: bytes as far as the log shows them, and descriptors. */
import type { Call } from './calls.ts';
import { type NamedFd, namedFds } from './descriptors.ts';
import { stringPattern, unquote } from './strings.ts';

/** A run of bytes that the log shows, and its place in the transfer. */
export interface Shown {
  at: number;
  bytes: Buffer;
}

/** The bytes and descriptors of one call. What `-s` cut away is in `length`, but in none of the pieces. */
export interface Moved {
  sent: boolean;
  length: number;
  pieces: Shown[];
  fds: NamedFd[];
}

const sends = /^(?:sendmsg|sendto|send|write|writev)$/;
const receives = /^(?:recvmsg|recvfrom|recv|read|readv)$/;
const vectored = /^(?:sendmsg|recvmsg|readv|writev)$/;
/** An entry of an iovec; strace before 4.18 leaves the names of the fields out. */
const iovec = new RegExp(`\\{(?:iov_base=)?${stringPattern}, (?:iov_len=)?(\\d+)\\}`, 'g');
const onlyBuffer = new RegExp(`,\\s+${stringPattern}`);

/** What a call moved; undefined for one that moved nothing or does something else. */
export function movedBy(call: Call): Moved | undefined {
  const sent = sends.test(call.name);
  if (call.result <= 0 || !(sent || receives.test(call.name))) return undefined;
  // What a call only looks at, another one takes.
  if (call.arguments.includes('MSG_PEEK')) return undefined;
  const buffers: { bytes: Buffer; length: number }[] = [];
  if (vectored.test(call.name)) {
    for (const [, text = '', length] of call.arguments.matchAll(iovec))
      buffers.push({ bytes: unquote(text), length: Number(length) });
  } else {
    const only = onlyBuffer.exec(call.arguments)?.[1] ?? '';
    buffers.push({ bytes: unquote(only), length: call.result });
  }
  const pieces: Shown[] = [];
  let at = 0;
  for (const buffer of buffers) {
    // A partial send, and the unused rest of a receive buffer, end with the result.
    const length = Math.min(buffer.length, call.result - at);
    const bytes = buffer.bytes.subarray(0, length);
    if (bytes.length > 0) pieces.push({ at, bytes });
    at += length;
  }
  return { sent, length: call.result, pieces, fds: passedFds(call.arguments) };
}

/** Descriptors in SCM_RIGHTS; strace before 4.18 shows them in braces, without a name. */
function passedFds(text: string): NamedFd[] {
  const named = [...text.matchAll(/cmsg_type=SCM_RIGHTS, cmsg_data=\[(.*?)\]\}/g)];
  const old = [...text.matchAll(/cmsg_type=SCM_RIGHTS, \{([^}]*)\}\}/g)];
  return [...named, ...old].flatMap(([, list = '']) => namedFds(list));
}
