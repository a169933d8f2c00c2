/** Which implementation a program is, by its name. */
import type { Dialect } from '../frame.ts';
import type { Side } from '../side.ts';

/** A process that holds a socket, as far as it is known. */
export interface Program {
  /** Path of the executable. */
  readonly executable?: string | undefined;
  /** Name of the command, at most 15 characters. */
  readonly comm?: string | undefined;
  readonly version?: string | undefined;
}

interface Clue {
  /** Matches the last part of the executable's path, or the command name, which may be cut. */
  readonly name: RegExp;
  readonly side: Side | 'either';
  readonly dialect: Dialect;
}

/** Programs by name; the first that matches counts. */
export const programs: readonly Clue[] = [
  { name: /^qemu-storage-da/, side: 'back-end', dialect: 'qemu-storage-daemon' },
  { name: /^(qemu-system-|qemu-kvm|kvm$)/, side: 'front-end', dialect: 'qemu' },
  { name: /^(vhost-user-(gpu|input|blk|scsi|bridge)|vubr)/, side: 'back-end', dialect: 'libvhost-user' },
  { name: /^(dpdk-|testpmd|ovs-vswitchd|vhost-switch)/, side: 'either', dialect: 'dpdk' },
  { name: /^(spdk|vhost$|nvmf_tgt)/, side: 'back-end', dialect: 'spdk' },
  { name: /^vhost[-_]device[-_]/, side: 'back-end', dialect: 'rust-vmm' },
  { name: /^crosvm/, side: 'either', dialect: 'crosvm' },
  { name: /^cloud-hyperviso/, side: 'either', dialect: 'cloud-hypervisor' },
  { name: /^(vmlinux|linux|uml)/, side: 'front-end', dialect: 'uml' },
  { name: /^(vpp|vpp_main)$/, side: 'either', dialect: 'vpp' },
  { name: /^(passt|pasta)/, side: 'back-end', dialect: 'passt' },
  { name: /^vhuscope/, side: 'either', dialect: 'vhuscope' },
];

/** The name of a program: the last part of its path, else its command name. */
export function programName({ executable, comm }: Program): string | undefined {
  const path = executable?.replace(/ \(deleted\)$/, '');
  return path === undefined ? comm : path.slice(path.lastIndexOf('/') + 1);
}

/** The implementation behind a program; `undefined` where its name does not tell. */
export function dialectOfProgram(program: Program, side?: Side): Dialect | undefined {
  const name = programName(program);
  if (name === undefined) return undefined;
  if (name === 'virtiofsd') return virtiofsd(program);
  return programs.find(one => (one.side === 'either' || side === undefined || one.side === side) && one.name.test(name))
    ?.dialect;
}

/** Two programs have this name; the one written in C came with QEMU and has its version, the one in Rust began at 1. */
function virtiofsd({ executable, version }: Program): Dialect | undefined {
  if (version?.startsWith('1.')) return 'rust-vmm';
  return executable?.includes('/qemu/') || version !== undefined ? 'libvhost-user' : undefined;
}
