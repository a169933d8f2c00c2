/**
 * The system calls that Node does not offer, through koffi. The only file that knows koffi.
 *
 * Every function returns what the call returns, or the negative errno (`-11` is EAGAIN), read at once. Memory is
 * handed over as an integer address (see `Memory`); the caller keeps the memory alive: an address keeps nothing.
 */
import { endianness, constants as os } from 'node:os';
import koffi from 'koffi';

/** Error numbers by name; Node leaves ETOOMANYREFS out. */
export const errno = { ...os.errno, ETOOMANYREFS: 109 };

const library = koffi.load(null);

type Call<Arguments extends readonly unknown[]> = (...args: Arguments) => number;

/** Binds a C function that reports errors by returning -1 and setting errno. */
function bind<Arguments extends readonly unknown[]>(prototype: string): Call<Arguments> {
  const raw = library.func(prototype) as Call<Arguments>;
  return (...args) => {
    const result = raw(...args);
    return result < 0 ? -koffi.errno() : result;
  };
}

// The calls of the hot path are written out: a rest parameter would cost an array each time.
const recvmsgRaw = library.func('intptr_t recvmsg(int, uintptr_t, int)') as Call<[number, number, number]>;
const sendmsgRaw = library.func('intptr_t sendmsg(int, uintptr_t, int)') as Call<[number, number, number]>;
const recvRaw = library.func('intptr_t recv(int, uintptr_t, uintptr_t, int)') as Call<[number, number, number, number]>;
const sendRaw = library.func('intptr_t send(int, uintptr_t, uintptr_t, int)') as Call<[number, number, number, number]>;
const sendmmsgRaw = library.func('int sendmmsg(int, uintptr_t, uint32_t, int)') as Call<
  [number, number, number, number]
>;
const epollWaitRaw = library.func('int epoll_wait(int, uintptr_t, int, int)') as Call<[number, number, number, number]>;
const clockGettimeRaw = library.func('int clock_gettime(int, uintptr_t)') as Call<[number, number]>;
const closeRaw = library.func('int close(int)') as Call<[number]>;

/** recvmsg(2): the header is the address of a msghdr. */
export function recvmsg(fd: number, header: number, flags: number): number {
  const result = recvmsgRaw(fd, header, flags);
  return result < 0 ? -koffi.errno() : result;
}

/** sendmsg(2): the header is the address of a msghdr. */
export function sendmsg(fd: number, header: number, flags: number): number {
  const result = sendmsgRaw(fd, header, flags);
  return result < 0 ? -koffi.errno() : result;
}

/** recv(2). Quicker than recvmsg(2), which has a header to read and to write. */
export function recv(fd: number, address: number, length: number, flags: number): number {
  const result = recvRaw(fd, address, length, flags);
  return result < 0 ? -koffi.errno() : result;
}

/** send(2). */
export function send(fd: number, address: number, length: number, flags: number): number {
  const result = sendRaw(fd, address, length, flags);
  return result < 0 ? -koffi.errno() : result;
}

/** sendmmsg(2): headers is the address of an array of mmsghdr. Returns how many messages were sent. */
export function sendmmsg(fd: number, headers: number, count: number, flags: number): number {
  const result = sendmmsgRaw(fd, headers, count, flags);
  return result < 0 ? -koffi.errno() : result;
}

/** epoll_wait(2): events is the address of an array of epoll_event. */
export function epollWait(fd: number, events: number, room: number, timeout: number): number {
  const result = epollWaitRaw(fd, events, room, timeout);
  return result < 0 ? -koffi.errno() : result;
}

/** clock_gettime(2): result is the address of a timespec. */
export function clockGettime(clock: number, result: number): number {
  return clockGettimeRaw(clock, result) < 0 ? -koffi.errno() : 0;
}

/** close(2). Works on every descriptor, unlike fs.closeSync it never throws. */
export function close(fd: number): number {
  return closeRaw(fd) < 0 ? -koffi.errno() : 0;
}

export const socket = bind<[domain: number, type: number, protocol: number]>('int socket(int, int, int)');
export const bindSocket = bind<[fd: number, address: number, length: number]>('int bind(int, uintptr_t, uint32_t)');
export const listen = bind<[fd: number, backlog: number]>('int listen(int, int)');
export const connect = bind<[fd: number, address: number, length: number]>('int connect(int, uintptr_t, uint32_t)');
export const accept4 = bind<[fd: number, address: number, length: number, flags: number]>(
  'int accept4(int, uintptr_t, uintptr_t, int)',
);
export const socketpair = bind<[domain: number, type: number, protocol: number, pair: number]>(
  'int socketpair(int, int, int, uintptr_t)',
);
export const shutdown = bind<[fd: number, how: number]>('int shutdown(int, int)');
export const getsockopt = bind<[fd: number, level: number, option: number, value: number, length: number]>(
  'int getsockopt(int, int, int, uintptr_t, uintptr_t)',
);
export const setsockopt = bind<[fd: number, level: number, option: number, value: number, length: number]>(
  'int setsockopt(int, int, int, uintptr_t, uint32_t)',
);
export const poll = bind<[entries: number, count: number, timeout: number]>('int poll(uintptr_t, uintptr_t, int)');
export const ioctl = bind<[fd: number, request: number, argument: number]>('int ioctl(int, uintptr_t, uintptr_t)');
export const fcntl = bind<[fd: number, command: number, argument: number]>('int fcntl(int, int, uintptr_t)');
export const epollCreate = bind<[flags: number]>('int epoll_create1(int)');
export const epollCtl = bind<[fd: number, operation: number, target: number, event: number]>(
  'int epoll_ctl(int, int, int, uintptr_t)',
);
export const eventfd = bind<[initial: number, flags: number]>('int eventfd(uint32_t, int)');
export const pipe = bind<[pair: number, flags: number]>('int pipe2(uintptr_t, int)');
export const memfdCreate = bind<[name: string, flags: number]>('int memfd_create(const char *, uint32_t)');
/** mmap(2); returns the address, exact below 2^53. */
export const mmap = bind<
  [address: number, length: number, protection: number, flags: number, fd: number, offset: number]
>('intptr_t mmap(uintptr_t, uintptr_t, int, int, int, int64_t)');
/** Arguments of mmap(2). */
export const mapping = { readAndWrite: 3, shared: 1 } as const;
export const munmap = bind<[address: number, length: number]>('int munmap(uintptr_t, uintptr_t)');
export const read = bind<[fd: number, address: number, length: number]>('intptr_t read(int, uintptr_t, uintptr_t)');
export const write = bind<[fd: number, address: number, length: number]>('intptr_t write(int, uintptr_t, uintptr_t)');
export const openAt = bind<[path: number, flags: number, mode: number]>('int open(uintptr_t, int, uint32_t)');
export const readlink = bind<[path: number, buffer: number, room: number]>(
  'intptr_t readlink(uintptr_t, uintptr_t, uintptr_t)',
);
export const statx = bind<[fd: number, path: number, flags: number, mask: number, result: number]>(
  'int statx(int, uintptr_t, int, uint32_t, uintptr_t)',
);
export const fstatfs = bind<[fd: number, result: number]>('int fstatfs(int, uintptr_t)');
export const prlimit = bind<[pid: number, resource: number, value: number, old: number]>(
  'int prlimit64(int, int, uintptr_t, uintptr_t)',
);
export const getxattr = bind<[path: string, name: string, value: number, room: number]>(
  'intptr_t getxattr(const char *, const char *, uintptr_t, uintptr_t)',
);
export const setxattr = bind<[path: string, name: string, value: number, length: number, flags: number]>(
  'int setxattr(const char *, const char *, uintptr_t, uintptr_t, int)',
);
/** renameat2(2) on paths below the current directory or absolute ones, through syscall(2): not every C library has it. */
const syscall5 = bind<[number, number, string, number, string, number]>(
  'intptr_t syscall(intptr_t, int, const char *, int, const char *, uint32_t)',
);
const syscall3 = bind<[number, number, number]>('intptr_t syscall(intptr_t, int, uint32_t)');

const renameat2Number: Record<string, number> = {
  x64: 316,
  arm64: 276,
  riscv64: 276,
  loong64: 276,
  ppc64: 357,
  s390x: 347,
};

/** Renames without replacing: EEXIST where `to` is there already. */
export function renameNoReplace(from: string, to: string): number {
  const number = renameat2Number[process.arch];
  if (number === undefined) return -errno.ENOSYS;
  return syscall5(number, -100, from, -100, to, 1);
}

/** pidfd_open(2); the number is the same on every architecture. */
export function pidfdOpen(pid: number): number {
  return syscall3(434, pid, 0);
}

const userfaultfdNumber: Record<string, number> = {
  x64: 323,
  arm64: 282,
  riscv64: 282,
  loong64: 282,
  ppc64: 364,
  s390x: 355,
};

/** userfaultfd(2); flag 1 is UFFD_USER_MODE_ONLY, which needs no privilege. */
export function userfaultfd(flags: number): number {
  const number = userfaultfdNumber[process.arch];
  if (number === undefined) return -errno.ENOSYS;
  return syscall3(number, flags, 0);
}

/** Memory with a fixed address, to be filled by JavaScript and read by the kernel or the other way round. */
export class Memory {
  readonly bytes: Buffer;
  readonly u32: Uint32Array;
  /** Where the first byte lies; exact, since user space ends far below 2^53. */
  readonly address: number;

  /** @param size bytes, rounded up to a multiple of 8 */
  constructor(size: number) {
    const storage = new ArrayBuffer((size + 7) & ~7);
    this.bytes = Buffer.from(storage);
    this.u32 = new Uint32Array(storage);
    this.address = Number(koffi.address(this.bytes));
  }

  /** This memory, or where it has less than `size` bytes a larger one that begins with its first `keep`. */
  grown(size: number, keep: number): Memory {
    if (this.bytes.length >= size) return this;
    const larger = new Memory(2 ** Math.ceil(Math.log2(size)));
    this.bytes.copy(larger.bytes, 0, 0, keep);
    return larger;
  }

  /** Stores a pointer or a size_t at a byte offset that is a multiple of 8. */
  setPointer(offset: number, value: number): void {
    const high = Math.floor(value / 0x1_0000_0000);
    const low = value >>> 0;
    this.u32[offset >> 2] = littleEndian ? low : high;
    this.u32[(offset >> 2) + 1] = littleEndian ? high : low;
  }

  /** Reads a 64-bit number; exact up to 2^53. */
  getPointer(offset: number): number {
    const first = this.u32[offset >> 2] as number;
    const second = this.u32[(offset >> 2) + 1] as number;
    return littleEndian ? second * 0x1_0000_0000 + first : first * 0x1_0000_0000 + second;
  }

  /** Writes a NUL-terminated path and returns its address. */
  setText(offset: number, text: string): number {
    const length = this.bytes.write(text, offset, 'utf8');
    this.bytes[offset + length] = 0;
    return this.address + offset;
  }
}

/** The byte order of this machine, and so of every message on it. */
export const littleEndian = endianness() === 'LE';
