/**
 * Bytes and descriptors over a UNIX stream socket.
 *
 * One arena holds the msghdr, the iovec and the control buffer of both directions: the calls are synchronous, so one of
 * each is enough for a thread, and an address stored in one of them never outlives the call.
 */
import { errno, littleEndian, Memory, recv, recvmsg, sendmmsg, sendmsg, send as sendPlain } from './libc.ts';

/** The most descriptors that one message can carry (SCM_MAX_FD). */
export const mostFds = 253;

// struct msghdr: name 0, name length 8, iovec 16, count 24, control 32, control length 40, flags 48; 56 bytes.
const controlAt = 32;
const controlLengthAt = 40;
const flagsAt = 48;
const headerSize = 56;
const iovecSize = 16;
// A control message: length 0 (8 bytes), level 8, type 12, descriptors from 16. Room for those that other settings of an
// inherited socket may add (credentials, a security label).
const controlHeader = 16;
const controlRoom = 1536;
const socketLevel = 1;
const rights = 1;

const dontWait = 0x40;
const noSignal = 0x4000;
const sending = dontWait | noSignal;
const closeOnExec = 0x40000000;
const controlTruncated = 0x8;

function prepared(): Memory {
  const memory = new Memory(headerSize + iovecSize + controlRoom);
  memory.setPointer(16, memory.address + headerSize);
  memory.setPointer(24, 1);
  memory.setPointer(controlAt, memory.address + headerSize + iovecSize);
  return memory;
}

const incoming = prepared();
const outgoing = prepared();
const iovecWord = headerSize >> 2;
const controlStart = headerSize + iovecSize;
const low = littleEndian ? 0 : 1;
const high = 1 - low;

/** What came beside the bytes of the last `receive`; overwritten by the next one, and by `fdsAhead`. */
export const arrival = {
  /** Descriptors, close-on-exec, owned by the caller from now on. */
  fds: [] as number[],
  /** The kernel dropped descriptors: no room in the descriptor table, or forbidden by a security module. */
  truncated: false,
};

const noFds: number[] = [];

/**
 * Receives up to `length` bytes to an address, never waiting. Returns the number of bytes, 0 at the end of the stream,
 * or the negative errno (-EAGAIN: nothing there). Descriptors are in `arrival`.
 */
export function receive(fd: number, address: number, length: number): number {
  const words = incoming.u32;
  words[iovecWord + low] = address;
  words[iovecWord + high] = address / 0x1_0000_0000;
  words[iovecWord + 2 + low] = length;
  words[iovecWord + 2 + high] = 0;
  words[(controlLengthAt >> 2) + low] = controlRoom;
  arrival.truncated = false;
  arrival.fds = noFds;
  let result: number;
  do result = recvmsg(fd, incoming.address, dontWait | closeOnExec);
  while (result === -errno.EINTR);
  if (result < 0) return result;
  const controlLength = words[(controlLengthAt >> 2) + low] as number;
  if (controlLength !== 0) collect(controlLength);
  if (((words[flagsAt >> 2] as number) & controlTruncated) !== 0) arrival.truncated = true;
  return result;
}

/** Takes the descriptors out of the control buffer. */
function collect(controlLength: number): void {
  const words = incoming.u32;
  const fds: number[] = [];
  let at = controlStart;
  const end = controlStart + controlLength;
  while (at + controlHeader <= end) {
    const length = words[(at >> 2) + low] as number;
    if (length < controlHeader) break;
    if (words[(at + 8) >> 2] === socketLevel && words[(at + 12) >> 2] === rights)
      for (let i = at + controlHeader; i + 4 <= at + length; i += 4) fds.push(words[i >> 2] as number);
    at += (length + 7) & ~7;
  }
  arrival.fds = fds;
}

/**
 * Sends `length` bytes from an address with `fds` attached to the first of them, never waiting and without SIGPIPE.
 * Returns the number of bytes taken, or the negative errno (-EAGAIN, -EPIPE, -ETOOMANYREFS, …): then nothing was sent.
 * The descriptors stay the caller's.
 */
export function send(fd: number, address: number, length: number, fds: readonly number[]): number {
  let result: number;
  do result = fds.length === 0 ? sendPlain(fd, address, length, sending) : sendWith(fd, address, length, fds);
  while (result === -errno.EINTR);
  return result;
}

function sendWith(fd: number, address: number, length: number, fds: readonly number[]): number {
  const words = outgoing.u32;
  words[iovecWord + low] = address;
  words[iovecWord + high] = address / 0x1_0000_0000;
  words[iovecWord + 2 + low] = length;
  words[iovecWord + 2 + high] = 0;
  words[(controlLengthAt >> 2) + low] = controlHeader + ((fds.length * 4 + 7) & ~7);
  words[(controlStart >> 2) + low] = controlHeader + fds.length * 4;
  words[(controlStart + 8) >> 2] = socketLevel;
  words[(controlStart + 12) >> 2] = rights;
  for (let i = 0; i < fds.length; i++) words[((controlStart + controlHeader) >> 2) + i] = fds[i] as number;
  return sendmsg(fd, outgoing.address, sending);
}

const peek = 0x2;

/**
 * Copies up to `length` bytes that wait to be read to an address and leaves them there, descriptors included. Whether
 * there are some is told in `flagsAt`.
 */
export function peekBytes(fd: number, address: number, length: number): number {
  const words = incoming.u32;
  words[iovecWord + low] = address;
  words[iovecWord + high] = address / 0x1_0000_0000;
  words[iovecWord + 2 + low] = length;
  words[iovecWord + 2 + high] = 0;
  words[(controlLengthAt >> 2) + low] = 0;
  return recvmsg(fd, incoming.address, dontWait | closeOnExec | peek);
}

/**
 * Whether descriptors lie within or anywhere behind the bytes that the last `peekBytes` saw. The kernel walks through
 * all there is, and reports a truncated control message as soon as it meets descriptors.
 */
export function metDescriptors(): boolean {
  return ((incoming.u32[flagsAt >> 2] as number) & controlTruncated) !== 0;
}

/**
 * Whether descriptors lie within or anywhere behind the next `length` bytes: 1 or 0, or the negative errno. A read of several
 * bytes would return them with bytes they did not come with, since the kernel goes on reading until a piece with
 * descriptors ends. An error is told once, so it must not be dropped here.
 */
export function fdsAhead(fd: number, address: number, length: number): number {
  arrival.truncated = false;
  arrival.fds = noFds;
  const result = peekBytes(fd, address, length);
  return result <= 0 ? result : Number(metDescriptors());
}

/** Takes `length` bytes that `peekBytes` has seen, and with which no descriptors came. */
export function takeSeen(fd: number, address: number, length: number): void {
  for (let left = length; left > 0; ) {
    const result = recv(fd, address, left, dontWait);
    if (result > 0) left -= result;
    else if (result !== -errno.EINTR) return;
  }
}

/** The most pieces that one `sendEach` sends. */
export const mostAtOnce = 8;

// struct mmsghdr: a msghdr, then the bytes sent of it in 4 bytes, padded to 64. Behind the headers an iovec for each.
const eachSize = 64;
const sentAt = 56;
const each = new Memory(mostAtOnce * (eachSize + iovecSize));
for (let i = 0; i < mostAtOnce; i++) {
  each.setPointer(i * eachSize + 16, each.address + mostAtOnce * eachSize + i * iovecSize);
  each.setPointer(i * eachSize + 24, 1);
}

/** Puts what `sendEach` sends as its i-th piece. */
export function putEach(i: number, address: number, length: number): void {
  const word = (mostAtOnce * eachSize + i * iovecSize) >> 2;
  each.u32[word + low] = address;
  each.u32[word + high] = address / 0x1_0000_0000;
  each.u32[word + 2 + low] = length;
}

/**
 * Sends the first `count` pieces that were put, each with a send of its own, never waiting and without SIGPIPE. Returns how many
 * were taken, the last of them perhaps in part (`sentOfEach`), or the negative errno: then nothing was sent.
 */
export function sendEach(fd: number, count: number): number {
  if (count === 1) return sendOne(fd);
  return sendmmsg(fd, each.address, count, sending);
}

/** A message alone needs no array of headers: the kernel would read and write one for nothing. */
function sendOne(fd: number): number {
  const iovec = mostAtOnce * eachSize;
  const result = sendPlain(fd, each.getPointer(iovec), each.getPointer(iovec + 8), sending);
  if (result < 0) return result;
  each.u32[sentAt >> 2] = result;
  return 1;
}

/** How many bytes were taken of the i-th piece of the last `sendEach`. */
export function sentOfEach(i: number): number {
  return each.u32[(i * eachSize + sentAt) >> 2] as number;
}
