/**
 * Debian trixie in a folder: the newer QEMU, the virtiofsd written in Rust, the newer DPDK. Its mounts exist only in the
 * mount namespace of the command that runs there, so nothing stays mounted.
 */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from './programs.ts';
import { rig } from './rig.ts';

const packages = ['qemu-system-x86', 'qemu-system-gui', 'qemu-system-modules-opengl', 'virtiofsd', 'tshark'];

/** The folder; `VHUSCOPE_TRIXIE` names one that exists already. */
const root: string = process.env.VHUSCOPE_TRIXIE ?? join(rig, 'trixie');

/** The words that, put before a command, run it in trixie. The rig's folder has the same path there as outside. */
export function inTrixie(command: readonly string[]): string[] {
  makeTrixie();
  return ['unshare', '--mount', '--propagation', 'private', '--', 'sh', '-c', enter, root, rig, ...command];
}

// $0 is the chroot, $1 the rig's folder, the rest the command. The process stays the same one all through.
const enter = `rig=$1; shift; mkdir -p "$0$rig" && mount --bind /proc "$0/proc" && mount --rbind /sys "$0/sys" &&
mount --rbind /dev "$0/dev" && mount --bind "$rig" "$0$rig" && cd / && exec chroot "$0" "$@"`;

let made = false;

/** Creates the chroot, or adds what an earlier run did not know of; about two minutes and 2 GB the first time. */
export function makeTrixie(): void {
  if (made) return;
  made = true;
  if (process.env.VHUSCOPE_TRIXIE) return;
  const stamp = join(root, '.complete');
  if (!existsSync(stamp)) bootstrap();
  else if (readFileSync(stamp, 'utf8') === packages.join('\n')) return;
  const apt = (...args: string[]) => {
    const [command = '', ...rest] = inTrixie(['apt-get', '-q', '-y', ...args]);
    run(command, rest, { env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C' } });
  };
  apt('update');
  apt('install', '--no-install-recommends', ...packages);
  apt('clean');
  writeFileSync(stamp, packages.join('\n'));
}

/** A fresh chroot with nothing in it but the base system. */
function bootstrap(): void {
  rmSync(root, { recursive: true, force: true });
  const { mirror, keyring } = archive();
  run('debootstrap', ['--variant=minbase', `--keyring=${keyring}`, 'trixie', root, mirror]);
  mkdirSync(join(root, 'etc/apt/apt.conf.d'), { recursive: true });
  // What the host's apt is told about proxies and certificates holds here too; and no service may start.
  writeFileSync(
    join(root, 'etc/apt/apt.conf.d/90host'),
    run('sh', [
      '-c',
      'apt-config dump Acquire | grep -E "::(Proxy|Retries|Verify-Peer|CaInfo|Check-Valid-Until)" || true',
    ]),
  );
  writeFileSync(join(root, 'usr/sbin/policy-rc.d'), '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  run('cp', ['-L', '/etc/resolv.conf', join(root, 'etc/resolv.conf')]);
}

/** The Debian archive that this machine's apt uses. */
export function archive(): { mirror: string; keyring: string } {
  const format = '$(REPO_URI)|$(SIGNED_BY)';
  const filters = ['Created-By: Packages', 'Origin: Debian', 'Label: Debian', 'Component: main'];
  const first = run('apt-get', ['indextargets', '--format', format, ...filters]).split('\n')[0] ?? '';
  const [mirror = '', signedBy = ''] = first.split('|');
  if (mirror === '') throw new Error('apt has no Debian archive configured; run apt-get update');
  return { mirror, keyring: existsSync(signedBy) ? signedBy : '/usr/share/keyrings/debian-archive-keyring.gpg' };
}
