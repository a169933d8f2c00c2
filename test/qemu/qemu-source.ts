/**
 * The C declarations that QEMU's own two sides are compiled from: those of the front-end, of libvhost-user and of
 * vhost-user-gpu. They come from Debian's source package, are kept in the rig's folder, and never enter the repository.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from './programs.ts';
import { rig } from './rig.ts';
import { archive } from './trixie.ts';

const wanted = {
  'libvhost-user': 'subprojects/libvhost-user/libvhost-user.h',
  'front-end': 'hw/virtio/vhost-user.c',
  gpu: 'contrib/vhost-user-gpu/vugpu.h',
  cryptodev: 'include/system/cryptodev.h',
  features: 'include/hw/virtio/vhost-user.h',
} as const;

/** Text of one of QEMU's files. */
export function qemuSource(file: keyof typeof wanted): string {
  return readFileSync(join(unpacked(), wanted[file]), 'utf8');
}

/** The folder that a header of QEMU includes others from. */
export function qemuIncludes(): string {
  return join(unpacked(), 'include');
}

/** The part of a text from where one pattern matches to where another one does. */
export function cut(text: string, from: RegExp, to: RegExp): string {
  const start = text.search(from);
  const length = start < 0 ? -1 : text.slice(start).search(to);
  if (length < 0) throw new Error(`QEMU's source has changed: there is nothing from ${from} to ${to}`);
  return text.slice(start, start + length);
}

/** Unpacks the files that are wanted; 50 MB are downloaded the first time, and a few hundred kilobytes kept. */
function unpacked(): string {
  const folder = join(rig, 'qemu-source');
  if (existsSync(folder)) return folder;
  const work = `${folder}.new`;
  rmSync(work, { recursive: true, force: true });
  mkdirSync(join(work, 'lists/partial'), { recursive: true });
  try {
    download(work);
    const name = readdirSync(work).find(entry => /\.orig\.tar\.\w+$/.test(entry));
    if (name === undefined) throw new Error('apt-get source has left no tar file');
    const members = [...Object.values(wanted), 'include/standard-headers/linux'].map(path => `*/${path}`);
    run('tar', ['-xf', name, '--strip-components=1', '--wildcards', ...members], { cwd: work });
    rmSync(join(work, name));
    rmSync(join(work, 'lists'), { recursive: true });
  } catch (error) {
    throw new Error(`QEMU's source package cannot be had, and with it no libvhost-user.h: ${(error as Error).message}`);
  }
  renameSync(work, folder);
  return folder;
}

/** Downloads the package with lists of apt's own, so that nothing changes on this machine. */
function download(work: string): void {
  const { mirror, keyring } = archive();
  const sources = join(work, 'debian.sources');
  writeFileSync(sources, `Types: deb-src\nURIs: ${mirror}\nSuites: trixie\nComponents: main\nSigned-By: ${keyring}\n`);
  const settings = {
    'Dir::Etc::SourceList': sources,
    'Dir::Etc::SourceParts': '/dev/null',
    'Dir::State::Lists': join(work, 'lists'),
  };
  const options = Object.entries({ ...settings, 'APT::Sandbox::User': 'root' }).flatMap(([key, value]) => [
    '-o',
    `${key}=${value}`,
  ]);
  run('apt-get', ['-q', ...options, 'update'], { cwd: work });
  run('apt-get', ['-q', ...options, 'source', '--download-only', '--tar-only', 'qemu'], { cwd: work });
}
