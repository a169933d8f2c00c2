/**
 * Builds the test guest: Debian's own kernel, taken out of its package without installing it, and an initramfs of
 * busybox, a few modules and `init`.
 */
import { execFileSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { run } from '../programs.ts';

/** Modules of the guest, without those that they need. */
const wanted = ['virtio_pci', 'virtio_blk', 'virtio_net', 'virtiofs', 'virtio_gpu', 'af_packet'];

/** Commands of busybox that `init` calls. */
const applets =
  'sh mount umount cat echo dd insmod ip ping mkdir sleep poweroff reboot sync head cp mv rm cmp tr timeout'.split(' ');

/** Files to boot: an uncompressed kernel (3 s under TCG; a bzImage takes 8 s) and an initramfs. */
export interface Guest {
  kernel: string;
  initrd: string;
}

/** Builds the guest below `folder`, or takes what an earlier run built there from the same `init`. */
export function buildGuest(folder: string): Guest {
  mkdirSync(folder, { recursive: true });
  const tree = unpackedKernel(folder);
  const version = readdirSync(join(tree, 'lib/modules'))[0] as string;
  const guest = { kernel: join(folder, 'vmlinux'), initrd: join(folder, 'initrd.cpio') };
  if (!existsSync(guest.kernel)) {
    const image = uncompressedKernel(readFileSync(join(tree, `boot/vmlinuz-${version}`)));
    writeFileSync(`${guest.kernel}.new`, image);
    renameSync(`${guest.kernel}.new`, guest.kernel);
  }
  buildInitrd(folder, tree, version, guest.initrd);
  return guest;
}

/** The content of Debian's newest kernel package, as a folder. */
function unpackedKernel(folder: string): string {
  const tree = join(folder, 'kernel');
  if (existsSync(tree)) return tree;
  const dependencies = run('apt-cache', ['depends', 'linux-image-amd64']);
  const name = /Depends: (linux-image-\S+)/.exec(dependencies)?.[1];
  if (name === undefined) throw new Error('apt knows no kernel package (linux-image-amd64); run apt-get update');
  run('apt-get', ['download', '-q', name], { cwd: folder });
  const file = readdirSync(folder).find(entry => entry.startsWith(`${name}_`)) as string;
  run('dpkg', ['-x', join(folder, file), `${tree}.new`]);
  const version = readdirSync(join(`${tree}.new`, 'lib/modules'))[0] as string;
  run('depmod', ['-b', `${tree}.new`, version]);
  rmSync(join(folder, file));
  renameSync(`${tree}.new`, tree);
  return tree;
}

/** The ELF kernel inside a bzImage; the boot protocol says where it lies and its first bytes how it is compressed. */
function uncompressedKernel(image: Buffer): Buffer {
  const setup = (image.readUInt8(0x1f1) + 1) * 512;
  const start = setup + image.readUInt32LE(0x248);
  const payload = image.subarray(start, start + image.readUInt32LE(0x24c));
  if (payload.readUInt16BE(0) === 0x1f8b) return gunzipSync(payload);
  const program = payload.readUInt32LE(0) === 0xfd2fb528 ? 'zstd' : 'xz';
  // The last four bytes are the size of the unpacked kernel, which is not part of the compressed stream.
  return execFileSync(program, ['-dc'], { input: payload.subarray(0, -4), maxBuffer: 1 << 28 });
}

function buildInitrd(folder: string, tree: string, version: string, initrd: string): void {
  const root = join(folder, 'root');
  rmSync(root, { recursive: true, force: true });
  for (const path of ['bin', 'dev', 'proc', 'sys', 'tmp', 'modules']) mkdirSync(join(root, path), { recursive: true });
  copyFileSync('/bin/busybox', join(root, 'bin/busybox'));
  for (const applet of applets) symlinkSync('busybox', join(root, 'bin', applet));
  const files = wanted.flatMap(name => modulesFor(name, tree, version));
  const order = [...new Set(files)];
  for (const file of order) copyFileSync(file, join(root, 'modules', basename(file)));
  writeFileSync(join(root, 'modules/order'), order.map(file => `${basename(file)}\n`).join(''));
  copyFileSync(join(import.meta.dirname, 'init'), join(root, 'init'));
  run('sh', ['-c', `chmod 755 init && find . | sort | cpio -o -H newc --quiet >'${initrd}.new'`], { cwd: root });
  renameSync(`${initrd}.new`, initrd);
}

/** The files of a module and of those it needs, in the order of insertion; none where it is built into the kernel. */
function modulesFor(name: string, tree: string, version: string): string[] {
  const plan = run('modprobe', ['-d', tree, '-S', version, '--show-depends', name]);
  return [...plan.matchAll(/^insmod (\S+)/gm)].map(match => match[1] as string);
}
