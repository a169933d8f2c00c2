/**
 * What a file descriptor is, learnt without disturbing anybody: nothing here reads from it, duplicates it, or asks a
 * file system that may be slow to answer (FUSE, NFS): statx(2) with AT_STATX_DONT_SYNC takes what the kernel has, and
 * links, flags and fdinfo are the kernel's own.
 */
import { readFileSync } from 'node:fs';
import type { FdIdentity, FdKind } from '../decode/frame.ts';
import { close, fcntl, fstatfs, Memory, openAt, read, readlink, statx } from './libc.ts';

/** A descriptor's identity, and whether closing our copy of it could take long. */
export interface Inspected {
  identity: FdIdentity;
  /** Close it elsewhere than on a thread that others wait for. */
  slowToClose: boolean;
}

// struct statx, offsets in bytes.
const at = { blockSize: 4, mode: 28, inode: 32, size: 40, major: 136, minor: 140, mount: 144 } as const;
const emptyPath = 0x1000;
const doNotSync = 0x4000;
const basicsAndMount = 0x17ff;
const readOnlyCloseOnExec = 0o2000000;
const getFlags = 3;
const getSeals = 1034;
const hugetlbfsMagic = 0x958458f6;
/** Freeing this much memory at the last close takes tens of milliseconds. */
const slowSize = 1 << 30;

const type = { mask: 0o170000, socket: 0o140000, regular: 0o100000, pipe: 0o010000, char: 0o020000, block: 0o060000 };

const stat = new Memory(256);
const fileSystem = new Memory(256);
const path = new Memory(64);
const text = new Memory(4096);
const noPath = new Memory(8);

function fileType(fd: number): number {
  if (statx(fd, noPath.address, emptyPath | doNotSync, basicsAndMount, stat.address) < 0) return -1;
  return (new Uint16Array(stat.bytes.buffer, at.mode, 1)[0] as number) & type.mask;
}

/** Whether it is a pipe or a socket: a copy of one keeps the other end from seeing its end, so it must be closed first. */
export function isPipeOrSocket(fd: number): boolean {
  const found = fileType(fd);
  return found === type.socket || found === type.pipe;
}

/**
 * Whether it does no harm to keep a copy for some milliseconds: a file, memory or an eventfd. A copy of a socket or pipe
 * keeps the other end from seeing its end, one of a userfaultfd or a device may keep more than that.
 */
export function canWait(fd: number): boolean {
  const found = fileType(fd);
  return found === type.regular || (found === 0 && linkOf(fd) === 'anon_inode:[eventfd]');
}

/** What a descriptor is; `unknown` where even that cannot be learnt. */
export function inspect(fd: number): Inspected {
  const found = fileType(fd);
  const identity: FdIdentity = { kind: 'unknown' };
  if (found < 0) return { identity, slowToClose: false };
  const inode = stat.getPointer(at.inode);
  const size = stat.getPointer(at.size);
  const blockSize = stat.u32[at.blockSize >> 2] as number;
  const mount = stat.getPointer(at.mount);
  const access = accessOf(fd);
  if (access !== undefined) identity.access = access;
  if (found === type.socket || found === type.pipe) {
    identity.kind = found === type.socket ? 'socket' : 'pipe';
    identity.id = inode;
    return { identity, slowToClose: false };
  }
  const link = linkOf(fd);
  identity.kind = kindOf(found, link);
  if (identity.kind === 'eventfd' || identity.kind === 'userfaultfd') {
    if (identity.kind === 'eventfd') addEventFdId(fd, identity);
    return { identity, slowToClose: false };
  }
  const name = nameOf(link);
  if (name !== '') identity.name = name;
  identity.dev = deviceNumber(stat.u32[at.major >> 2] as number, stat.u32[at.minor >> 2] as number);
  identity.inode = inode;
  if (identity.kind === 'unknown' || identity.kind === 'device') return { identity, slowToClose: false };
  identity.size = size;
  if (identity.kind === 'memfd') addSeals(fd, identity);
  if (found === type.regular && blockSize > 65_536 && isHugetlb(fd, mount)) {
    identity.kind = 'hugetlb';
    identity.pageSize = blockSize;
  }
  return { identity, slowToClose: size >= slowSize || isSlowMount(mount) };
}

function kindOf(found: number, link: string): FdKind {
  if (link.startsWith('/memfd:')) return 'memfd';
  if (link.startsWith('/dmabuf:')) return 'dmabuf';
  if (link === 'anon_inode:[eventfd]') return 'eventfd';
  if (link === 'anon_inode:[userfaultfd]') return 'userfaultfd';
  if (found === type.char || found === type.block) return link === '/dev/userfaultfd' ? 'userfaultfd' : 'device';
  return found === type.regular ? 'file' : 'unknown';
}

/** The name people gave it: without the kernel's decoration for memory files. */
function nameOf(link: string): string {
  if (link.startsWith('/memfd:')) return link.slice('/memfd:'.length).replace(/ \(deleted\)$/, '');
  return link.startsWith('/dmabuf:') ? link.slice('/dmabuf:'.length) : link;
}

function accessOf(fd: number): FdIdentity['access'] {
  const flags = fcntl(fd, getFlags, 0);
  return flags < 0 ? undefined : (['r', 'w', 'rw'] as const)[flags & 3];
}

function linkOf(fd: number): string {
  const length = readlink(path.setText(0, `/proc/self/fd/${fd}`), text.address, 4096);
  return length < 0 ? '' : text.bytes.toString('utf8', 0, length);
}

function addEventFdId(fd: number, identity: FdIdentity): void {
  const info = openAt(path.setText(0, `/proc/self/fdinfo/${fd}`), readOnlyCloseOnExec, 0);
  if (info < 0) return;
  const length = read(info, text.address, 4096);
  close(info);
  const id = /eventfd-id:\s*(\d+)/.exec(text.bytes.toString('latin1', 0, Math.max(0, length)))?.[1];
  if (id !== undefined) identity.id = Number(id);
}

function addSeals(fd: number, identity: FdIdentity): void {
  const seals = fcntl(fd, getSeals, 0);
  if (seals >= 0) identity.seals = seals;
}

function isHugetlb(fd: number, mount: number): boolean {
  if (isSlowMount(mount) || fstatfs(fd, fileSystem.address) < 0) return false;
  return fileSystem.u32[0] === hugetlbfsMagic;
}

/** st_dev as the C library packs it. */
function deviceNumber(major: number, minor: number): number {
  const upper = (major >>> 12) * 2 ** 44 + (minor >>> 8) * 2 ** 20;
  return upper + (major & 0xfff) * 256 + (minor & 0xff);
}

const mountTypes = new Map<number, string>();
let unknownMount = -1;

/** Whether a mount's file system asks somebody else before it answers. Mounts inside the kernel (memfds) are not listed. */
function isSlowMount(mount: number): boolean {
  if (!mountTypes.has(mount) && unknownMount !== mount) {
    readMounts();
    if (!mountTypes.has(mount)) unknownMount = mount;
  }
  return /^(fuse|nfs|cifs|smb|9p|ceph|virtiofs|afs)/.test(mountTypes.get(mount) ?? '');
}

function readMounts(): void {
  mountTypes.clear();
  for (const line of mountLines()) {
    const [before, after] = line.split(' - ');
    if (after !== undefined) mountTypes.set(Number.parseInt(before as string, 10), after.split(' ')[0] as string);
  }
}

function mountLines(): string[] {
  try {
    return readFileSync('/proc/self/mountinfo', 'utf8').split('\n');
  } catch {
    return []; // no descriptor left to read it with
  }
}
