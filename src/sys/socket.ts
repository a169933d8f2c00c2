import {
  accept4,
  bindSocket,
  close,
  connect,
  fcntl,
  getsockopt,
  ioctl,
  listen,
  Memory,
  poll,
  setsockopt,
  shutdown,
  socket,
  socketpair,
} from './libc.ts';
import { checked } from './system-error.ts';

/** Where a UNIX stream socket is found: a path in the file system, or a name in the abstract namespace. */
export type Address = { readonly path: string } | { readonly abstract: string };

/** The longest path a UNIX socket can be bound or connected to, in bytes. */
export const longestSocketPath = 107;

const unix = 1;
const stream = 1;
const nonBlocking = 0o4000;
const closeOnExec = 0o2000000;
const socketLevel = 1;
const option = { type: 3, sendBuffer: 7, peerCredentials: 17, acceptsConnections: 30, domain: 39 } as const;
const getStatusFlags = 3;
const setStatusFlags = 4;
const bytesToRead = 0x541b;
const bytesNotTaken = 0x5411;
const pollHangUp = 0x10;

const name = new Memory(112);
const pair = new Memory(8);
const value = new Memory(16);
const length = new Memory(8);

/** An address as people write it: the path, or `@name` for an abstract one. */
export function addressText(address: Address): string {
  return 'path' in address ? address.path : `@${address.abstract}`;
}

/** Throws, for people, where a socket can never have that address. Returns the length of its text in bytes. */
export function checkAddress(address: Address): number {
  const text = 'path' in address ? address.path : address.abstract;
  const bytes = Buffer.byteLength(text);
  if (bytes > longestSocketPath)
    throw new Error(
      `the socket ${'path' in address ? 'path' : 'name'} is ${bytes} bytes long, Linux allows ${longestSocketPath}: ${addressText(address)}`,
    );
  if (bytes === 0) throw new Error('a socket needs a path or a name');
  if ('path' in address && text.includes('\0')) throw new Error('a socket path cannot contain a NUL byte');
  return bytes;
}

/** Fills the sockaddr_un; returns its length in bytes. */
function fillName(address: Address): number {
  const bytes = checkAddress(address);
  const text = 'path' in address ? address.path : address.abstract;
  name.bytes.fill(0);
  new Uint16Array(name.bytes.buffer, 0, 1)[0] = unix;
  name.bytes.write(text, 'path' in address ? 2 : 3);
  return 2 + bytes + 1;
}

/** Opens a UNIX stream socket, non-blocking and close-on-exec. */
export function openSocket(): number {
  return checked(socket(unix, stream | nonBlocking | closeOnExec, 0), 'cannot open a socket');
}

/** Binds a socket to an address; throws on a path that is taken, too long or not writable. */
export function bindTo(fd: number, address: Address): void {
  checked(bindSocket(fd, name.address, fillName(address)), `cannot create the socket ${addressText(address)}`);
}

/** Starts to listen. */
export function startListening(fd: number, backlog = 128): void {
  checked(listen(fd, backlog), 'cannot listen');
}

/**
 * Connects a non-blocking socket. A UNIX connect is complete when it returns: 0, or the negative errno
 * (-ENOENT, -ECONNREFUSED: nobody there; -EAGAIN: the listener's queue is full, try again).
 */
export function connectTo(fd: number, address: Address): number {
  return connect(fd, name.address, fillName(address));
}

/**
 * Makes a descriptor one that never waits. One that was handed to us may be of the other kind, and accepting on it
 * would halt the thread as soon as nobody knocks.
 */
export function neverWaiting(fd: number): void {
  const flags = checked(fcntl(fd, getStatusFlags, 0), `cannot look at descriptor ${fd}`);
  checked(fcntl(fd, setStatusFlags, flags | nonBlocking), `cannot set descriptor ${fd} to not wait`);
}

/** Accepts a waiting connection, non-blocking and close-on-exec; the new descriptor or the negative errno. */
export function acceptFrom(fd: number): number {
  return accept4(fd, 0, 0, nonBlocking | closeOnExec);
}

/** Opens a socket that listens at an address; throws where that is not possible. */
export function listenAt(address: Address): number {
  const fd = openSocket();
  return closingOnError(fd, () => {
    bindTo(fd, address);
    startListening(fd);
    return fd;
  });
}

/** Opens a connection to an address: the descriptor, or the negative errno as `connectTo`. */
export function dial(address: Address): number {
  const fd = openSocket();
  const result = connectTo(fd, address);
  if (result < 0) close(fd);
  return result < 0 ? result : fd;
}

/** Two stream sockets connected to each other, close-on-exec, blocking. Throws a SystemError when there is no room. */
export function socketPair(): [number, number] {
  checked(socketpair(unix, stream | closeOnExec, 0, pair.address), 'cannot make a pair of sockets');
  return [pair.u32[0] as number, pair.u32[1] as number];
}

const shutdownHow = { read: 0, write: 1, both: 2 } as const;

/** Closes one or both directions of a connection while keeping the descriptor. */
export function shutDown(fd: number, how: keyof typeof shutdownHow): void {
  shutdown(fd, shutdownHow[how]);
}

function integerOption(fd: number, which: number): number {
  length.u32[0] = 4;
  const result = getsockopt(fd, socketLevel, which, value.address, length.address);
  return result < 0 ? result : (value.u32[0] as number);
}

/** What a descriptor is as a socket: a UNIX stream connection, one that listens, or neither. */
export function socketNature(fd: number): 'connection' | 'listener' | 'other' {
  if (integerOption(fd, option.domain) !== unix || integerOption(fd, option.type) !== stream) return 'other';
  return integerOption(fd, option.acceptsConnections) === 1 ? 'listener' : 'connection';
}

/** Who called connect() or listen() on the other side, as the kernel noted it then. */
export interface Credentials {
  pid: number;
  uid: number;
  gid: number;
}

/** SO_PEERCRED of a connected socket. `pid` is 0 where the peer lives in a PID namespace we cannot see. */
export function peerCredentials(fd: number): Credentials | undefined {
  length.u32[0] = 12;
  if (getsockopt(fd, socketLevel, option.peerCredentials, value.address, length.address) < 0) return undefined;
  return { pid: value.u32[0] as number, uid: value.u32[1] as number, gid: value.u32[2] as number };
}

/** How many bytes wait to be read; 0 where that cannot be learnt. */
export function unreadBytes(fd: number): number {
  return ioctl(fd, bytesToRead, value.address) < 0 ? 0 : (value.u32[0] as number);
}

/** Whether the peer has not read yet everything that was sent to it. */
export function isUnreadByPeer(fd: number): boolean {
  return ioctl(fd, bytesNotTaken, value.address) >= 0 && (value.u32[0] as number) > 0;
}

/** Whether both directions are over: the peer has closed, or has shut down both. */
export function isHungUp(fd: number): boolean {
  value.u32[0] = fd;
  value.u32[1] = 0; // events (16 bits) and revents (16 bits): none asked, hang-up is always told
  if (poll(value.address, 1, 0) <= 0) return false;
  return ((new Uint16Array(value.bytes.buffer, 6, 1)[0] as number) & pollHangUp) !== 0;
}

/** Gives `to` the blocking mode and send buffer of `from`, so that it can stand in for it. */
export function copySocketSettings(from: number, to: number): void {
  const flags = fcntl(from, getStatusFlags, 0);
  if (flags >= 0 && (flags & nonBlocking) !== 0) fcntl(to, setStatusFlags, fcntl(to, getStatusFlags, 0) | nonBlocking);
  const size = integerOption(from, option.sendBuffer);
  if (size <= 0 || size === integerOption(to, option.sendBuffer)) return;
  value.u32[0] = size >> 1; // the kernel doubles what it is given
  setsockopt(to, socketLevel, option.sendBuffer, value.address, 4);
}

/** Closes a descriptor if the action that needed it fails. */
export function closingOnError<Result>(fd: number, action: () => Result): Result {
  try {
    return action();
  } catch (error) {
    close(fd);
    throw error;
  }
}
