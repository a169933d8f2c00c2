/**
 * The kernel's list of UNIX sockets: who listens where, and which socket is at the other end of which. Never learnt by
 * connecting, since some back-ends serve one connection and end with it.
 *
 * The list is asked for over netlink (sock_diag), which gives names byte for byte and the file behind a path. Where the
 * kernel lacks that, /proc/net/unix has to do: there a socket's name may contain line ends and so forge lines.
 */
import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { dumpUnixSockets, type UnixSocket } from './sock-diag.ts';
import type { Address } from './socket.ts';

const acceptsConnections = 0x10000;

/**
 * Reads /proc/net/unix. A line that does not have the kernel's form belongs to the name before it. NUL bytes of
 * abstract names are shown as `@` by the kernel and cannot be told from real ones.
 */
export function parseProcNetUnix(text: string): UnixSocket[] {
  const sockets: UnixSocket[] = [];
  const form =
    /^[0-9a-f]{8,16}: [0-9A-F]{8} [0-9A-F]{8} ([0-9A-F]{8}) ([0-9A-F]{4}) ([0-9A-F]{2}) +(\d+)(?: ([^\n]*(?:\n(?![0-9a-f]{8,16}: )[^\n]+)*))?$/gm;
  for (const [, flags = '', type = '', , inode = '', name] of text.matchAll(form)) {
    sockets.push({
      inode: Number(inode),
      type: Number.parseInt(type, 16),
      listening: (Number.parseInt(flags, 16) & acceptsConnections) !== 0,
      ...(name !== undefined && { address: name.startsWith('@') ? { abstract: name.slice(1) } : { path: name } }),
    });
  }
  return sockets;
}

/** All UNIX sockets of this network namespace, by netlink where the kernel has it. */
export function unixSockets(): UnixSocket[] {
  return dumpUnixSockets() ?? parseProcNetUnix(readFileSync('/proc/net/unix', 'utf8'));
}

/** A device number as the kernel keeps it (12 bits major, 20 bits minor), from the form stat(2) gives. */
function kernelDevice(dev: number): number {
  const minor = (dev & 0xff) | ((dev >>> 12) & 0xfff00);
  return (((dev >>> 8) & 0xfff) << 20) | minor;
}

/**
 * Whether somebody listens at an address, without disturbing them. A path is compared by the file behind it where the
 * kernel tells, so a listener that was bound before a rename or from another folder is found too, and one whose file
 * was replaced is not.
 */
export function isListening(address: Address): boolean {
  const listeners = unixSockets().filter(socket => socket.listening);
  if ('abstract' in address) {
    return listeners.some(({ address: at }) => at && 'abstract' in at && at.abstract === address.abstract);
  }
  const file = statSync(address.path, { throwIfNoEntry: false });
  if (!file?.isSocket()) return false;
  return listeners.some(({ file: bound, address: at }) => {
    const samePath = at !== undefined && 'path' in at && at.path === address.path;
    if (!bound) return samePath;
    // Some file systems (btrfs) show another device to stat(2) than the kernel has; there the name must agree instead.
    return bound.inode === file.ino % 2 ** 32 && (samePath || bound.dev === kernelDevice(file.dev) >>> 0);
  });
}

/** What a connection to an address would meet: a listener, ECONNREFUSED, or (paths only) ENOENT. */
export type Reception = 'listening' | 'refusing' | 'absent';

/** What a connection would meet, without one being made. */
export function receptionAt(address: Address): Reception {
  if (isListening(address)) return 'listening';
  if ('abstract' in address) return 'refusing';
  return statSync(address.path, { throwIfNoEntry: false }) === undefined ? 'absent' : 'refusing';
}

/**
 * A process in another network namespace, such as a container's, where somebody listens at that path: the kernel's list
 * has only the sockets of one's own. Undefined where there is none, or none that may be looked at.
 */
export function pidOfForeignListener(path: string): number | undefined {
  const seen = new Set([readlinkSync('/proc/self/ns/net')]);
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const namespace = readlinkSync(`/proc/${name}/ns/net`);
      if (seen.has(namespace)) continue;
      seen.add(namespace);
      const sockets = parseProcNetUnix(readFileSync(`/proc/${name}/net/unix`, 'utf8'));
      const isThere = ({ listening, address }: UnixSocket) =>
        listening && address !== undefined && 'path' in address && address.path === path;
      if (sockets.some(isThere)) return Number(name);
    } catch {
      // It is gone, or not ours to look at.
    }
  }
  return undefined;
}
