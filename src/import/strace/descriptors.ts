/** Descriptors as strace names them: numbers, and with -y or -yy what is behind them. */
import type { FdIdentity, FdKind } from '../../decode/frame.ts';
import { unquote } from './strings.ts';

/** A descriptor of the traced process. */
export interface NamedFd {
  number: number;
  /** What it refers to, empty where the log does not tell: `anon_inode:[eventfd]`, `/memfd:ram`, `UNIX-STREAM:[1->2]`. */
  name: string;
  /** Of a socket: its own inode. */
  inode?: number;
  /** Of a connected UNIX socket: the inode of the other end, where strace knew it. */
  peer?: number;
}

const fdPattern =
  /(\d+)(?:<((?:UNIX(?:-STREAM|-DGRAM|-SEQPACKET)?):\[(\d+)(?:->(\d+))?(?:,(?:@)?"[^"]*")?\]|[^>]*)>(?:\(deleted\))?)?/g;

/** The descriptors in a stretch of a line, in order. */
export function namedFds(text: string): NamedFd[] {
  return [...text.matchAll(fdPattern)].map(([, number, name = '', inode, peer]) => {
    const plain = name.startsWith('\\x') ? unquote(name).toString() : name;
    // Where the kernel does not tell the protocol, strace says socket:[inode].
    const own = inode ?? /^socket:\[(\d+)\]$/.exec(plain)?.[1];
    return {
      number: Number(number),
      name: plain,
      ...(own !== undefined && { inode: Number(own) }),
      ...(peer !== undefined && Number(peer) !== 0 && { peer: Number(peer) }),
    };
  });
}

/** The path or the abstract name (`@NAME`) that strace shows of a UNIX socket. */
export function socketPath({ name }: NamedFd): string | undefined {
  const found = /^UNIX[A-Z-]*:\[[^,]*,(@?)"([^"]*)"\]$/.exec(name);
  return found ? `${found[1]}${unquote(found[2] as string)}` : undefined;
}

const kinds: readonly (readonly [RegExp, FdKind])[] = [
  [/^UNIX|^socket:/, 'socket'],
  [/^\/memfd:/, 'memfd'],
  [/^\/dmabuf:/, 'dmabuf'],
  [/^anon_inode:\[eventfd\]/, 'eventfd'],
  [/^anon_inode:\[userfaultfd\]|^\/dev\/userfaultfd$/, 'userfaultfd'],
  [/^pipe:/, 'pipe'],
  [/^\/dev\/(?!shm|hugepages)/, 'device'],
  [/^\//, 'file'],
];

/** What kind of descriptor it is. */
export function kindOf(fd: NamedFd): FdKind {
  return kinds.find(([pattern]) => pattern.test(fd.name))?.[1] ?? 'unknown';
}

/** As much of its identity as its name tells: never a size. */
export function identityOf(fd: NamedFd): FdIdentity {
  const kind = kindOf(fd);
  const pipe = /^pipe:\[(\d+)\]/.exec(fd.name)?.[1];
  const id = kind === 'socket' ? fd.inode : pipe === undefined ? undefined : Number(pipe);
  const name = kind === 'memfd' ? fd.name.slice('/memfd:'.length).replace(/ \(deleted\)$/, '') : fd.name;
  const named = kind === 'memfd' || kind === 'file' || kind === 'device' || kind === 'dmabuf';
  return { kind, ...(id !== undefined && { id }), ...(named && name !== '' && { name }) };
}
