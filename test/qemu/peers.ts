/** Command lines of the real peers: front-ends and back-ends as Debian 12 (bookworm) and 13 (trixie) package them. */
import { truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildGuest, type Guest } from './guest/build.ts';
import { rig } from './rig.ts';
import { inTrixie } from './trixie.ts';

/** Which Debian a peer comes from: the machine's own, or the chroot. */
export type Debian = 'bookworm' | 'trixie';

function from(debian: Debian, command: string[]): string[] {
  return debian === 'trixie' ? inTrixie(command) : command;
}

/** What a QEMU runs: its vhost-user device and what the guest does with it. */
export interface Machine {
  debian?: Debian;
  /** Tasks of the guest's `init`, and the rounds of those that repeat. */
  tasks: string;
  times?: number;
  /** Options of the chardev after its path: `server=on`, `reconnect=1`. */
  chardev?: string;
  device: readonly string[];
  /** The memory backend; by default a shared memfd of 256 MiB, as vhost-user needs it. */
  memory?: string;
  /** Value of -m, where it is more than the size of the memory backend. */
  slots?: string;
  /** The guest may reset its system instead of ending QEMU. */
  reboots?: boolean;
  /** More words for the guest's kernel. */
  kernel?: string;
  /** Path for a QMP monitor. */
  qmp?: string;
  more?: readonly string[];
}

let guest: Guest | undefined;

/** QEMU with the test guest and one vhost-user device on `socket`. */
export function qemu(socket: string, machine: Machine): string[] {
  guest ??= buildGuest(join(rig, 'guest'));
  const kernel = `console=ttyS0 quiet mitigations=off tsc=reliable nokaslr do=${machine.tasks} times=${machine.times ?? 5} ${machine.kernel ?? ''}`;
  const chardev = machine.chardev === undefined ? '' : `,${machine.chardev}`;
  return from(machine.debian ?? 'bookworm', [
    'qemu-system-x86_64',
    ...['-M', 'q35,memory-backend=ram', '-accel', 'tcg,thread=multi', '-cpu', 'max', '-smp', '1'],
    ...['-m', machine.slots ?? '256M'],
    ...['-object', machine.memory ?? 'memory-backend-memfd,id=ram,size=256M,share=on'],
    ...['-nodefaults', '-display', 'none', '-serial', 'stdio', ...(machine.reboots ? [] : ['-no-reboot'])],
    ...['-kernel', guest.kernel, '-initrd', guest.initrd, '-append', kernel],
    ...['-chardev', `socket,id=vhost,path=${socket}${chardev}`],
    ...machine.device,
    ...(machine.qmp === undefined ? [] : ['-qmp', `unix:${machine.qmp},server=on,wait=off`]),
    ...(machine.more ?? []),
  ]);
}

/** The vhost-user devices of QEMU. */
export const devices = {
  fs: ['-device', 'vhost-user-fs-pci,chardev=vhost,tag=share'],
  blk: ['-device', 'vhost-user-blk-pci,chardev=vhost,num-queues=1'],
  gpu: ['-device', 'vhost-user-gpu-pci,chardev=vhost'],
  /** QEMU 7.2 under TCG crashes with MSI-X on this device (its irqfd code wants KVM), so it gets no vectors there. */
  net: (debian: Debian = 'bookworm') => [
    ...['-netdev', 'vhost-user,id=net,chardev=vhost'],
    ...['-device', `virtio-net-pci,netdev=net,mac=52:54:00:12:34:56,vectors=${debian === 'bookworm' ? 0 : 4}`],
  ],
  netWithTwoPairs: [
    ...['-netdev', 'vhost-user,id=net,chardev=vhost,queues=2'],
    ...['-device', 'virtio-net-pci,netdev=net,mac=52:54:00:12:34:56,mq=on,vectors=0'],
  ],
  /** One pair behind an IOMMU: the back-end asks the front-end to translate the addresses it finds in the rings. */
  netBehindIommu: [
    ...['-device', 'intel-iommu,device-iotlb=on', '-netdev', 'vhost-user,id=net,chardev=vhost'],
    ...['-device', 'virtio-net-pci,netdev=net,mac=52:54:00:12:34:56,disable-legacy=on,iommu_platform=on,ats=on'],
  ],
};

/** Makes a folder to share, with the file that the guest expects. */
export function newShare(folder: string): string {
  writeFileSync(join(folder, 'hello'), 'hello from the host\n');
  return folder;
}

/** Makes a disk image, with the first bytes that the guest expects. */
export function newDisk(file: string): string {
  writeFileSync(file, 'hello from the host');
  truncateSync(file, 64 << 20);
  return file;
}

/** virtiofsd of QEMU 7.2, written in C. It serves one connection and ends with it. */
export function virtiofsd(socket: string, share: string): string[] {
  return ['/usr/lib/qemu/virtiofsd', `--socket-path=${socket}`, '-o', `source=${share}`, '--thread-pool-size=1'];
}

/** virtiofsd written in Rust; it can pass its state in a migration. */
export function rustVirtiofsd(socket: string, share: string): string[] {
  const options = ['--sandbox=chroot', '--log-level=info'];
  return inTrixie(['/usr/libexec/virtiofsd', `--socket-path=${socket}`, `--shared-dir=${share}`, ...options]);
}

/** qemu-storage-daemon with one vhost-user-blk export; `locking=off` lets two of them share an image. */
export function storageDaemon(socket: string, image: string): string[] {
  return [
    'qemu-storage-daemon',
    ...['--blockdev', `driver=file,node-name=file,filename=${image},locking=off`],
    ...['--blockdev', 'driver=raw,node-name=disk,file=file'],
    ...['--export', `type=vhost-user-blk,id=export,node-name=disk,addr.type=unix,addr.path=${socket},writable=on`],
  ];
}

/** vhost-user-gpu, by default of QEMU 7.2. */
export function gpuBackEnd(socket: string, debian: Debian = 'bookworm'): string[] {
  return from(debian, ['/usr/lib/qemu/vhost-user-gpu', `--socket-path=${socket}`]);
}

/** Options that keep DPDK away from huge pages, PCI devices and other DPDK programs. */
function dpdk(name: string, mebibytes: number): string[] {
  const plain = ['--no-huge', '--no-pci', '--no-telemetry', '-m', String(mebibytes)];
  return ['dpdk-testpmd', '-l', '0,1', ...plain, `--file-prefix=vhuscope-${name}-${process.pid}`];
}

const testpmd = ['--auto-start', '--total-num-mbufs=8192', '--stats-period', '2'];

/** DPDK's net_vhost in testpmd, on one or more sockets. It answers ARP and ping, or swaps addresses. */
export function netVhost(
  sockets: readonly string[],
  options: {
    connects?: boolean;
    iommu?: boolean;
    postcopy?: boolean;
    pairs?: number;
    forward?: 'icmpecho' | 'macswap';
  } = {},
): string[] {
  const more = `${options.connects ? ',client=1' : ''}${options.iommu ? ',iommu-support=1' : ''}${options.postcopy ? ',postcopy-support=1' : ''}`;
  const devices = sockets.flatMap((socket, at) => [
    '--vdev',
    `net_vhost${at},iface=${socket},queues=${options.pairs ?? 1}${more}`,
  ]);
  return [...dpdk('back', 256), ...devices, '--', `--forward-mode=${options.forward ?? 'icmpecho'}`, ...testpmd];
}

/** DPDK's virtio-user in testpmd: a front-end without a VM, which sends packets until it is ended. */
export function virtioUser(socket: string, options: { listens?: boolean } = {}): string[] {
  const server = options.listens ? ',server=1' : '';
  const device = `net_virtio_user0,path=${socket},queues=1,mac=52:54:00:00:00:01${server}`;
  return [...dpdk('front', 128), '--vdev', device, '--', '--forward-mode=flowgen', '--nb-cores=1', ...testpmd];
}
