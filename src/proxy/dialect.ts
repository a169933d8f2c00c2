import type { Dialect } from '../decode/frame.ts';
import type { ProcessInfo } from '../sys/process.ts';

/** Which implementation a program is, by the name of its executable. The first that matches counts. */
const byName: readonly (readonly [RegExp, Dialect])[] = [
  [/^qemu-storage-daemon/, 'qemu-storage-daemon'],
  [/^(qemu-system-|qemu-kvm|kvm$)/, 'qemu'],
  [/^(vhost-user-(gpu|input|blk|scsi|bridge)|vubr)$/, 'libvhost-user'],
  [/^(dpdk-|testpmd|ovs-vswitchd)/, 'dpdk'],
  [/^(spdk|vhost$|nvmf_tgt)/, 'spdk'],
  [/^(vhost-device-|vhost_device_)/, 'rust-vmm'],
  [/^crosvm/, 'crosvm'],
  [/^cloud-hypervisor/, 'cloud-hypervisor'],
  [/^(vpp|vpp_main)$/, 'vpp'],
  [/^passt/, 'passt'],
  [/^vhuscope/, 'vhuscope'],
];

/** The implementation behind a process; undefined where its name does not tell. */
export function dialectOf(process: ProcessInfo): Dialect | undefined {
  const name = process.executable?.replace(/ \(deleted\)$/, '').replace(/^.*\//, '') ?? process.comm;
  if (name === undefined) return undefined;
  // Two programs have this name; the one written in C came with QEMU and has its version.
  if (name === 'virtiofsd') return process.version?.startsWith('1.') ? 'rust-vmm' : virtiofsdOf(process);
  return byName.find(([pattern]) => pattern.test(name))?.[1];
}

function virtiofsdOf(process: ProcessInfo): Dialect | undefined {
  if (process.executable?.includes('/qemu/')) return 'libvhost-user';
  return undefined;
}
