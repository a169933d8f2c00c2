/**
 * Puts sockets of ours in the place of those that a front-end's command line names. Pure: words and texts in, words and
 * texts out. Nothing but the addresses changes, and no socket that does not carry vhost-user.
 */
import { cloudHypervisor } from './cloud-hypervisor.ts';
import { crosvm } from './crosvm.ts';
import { type DeviceGuess, deviceBySocketName } from './device.ts';
import { dpdk } from './dpdk.ts';
import { edited } from './fields.ts';
import { qemu } from './qemu.ts';
import { type Address, type CommandLine, type FrontEnd, RewriteError, type Site } from './site.ts';
import { userModeLinux } from './user-mode-linux.ts';

/** The families of front-ends whose command lines are understood. */
export const frontEnds: readonly FrontEnd[] = [qemu, dpdk, cloudHypervisor, crosvm, userModeLinux];

/** One socket taken over: the front-end uses `ours`, the back-end keeps `original`. */
export interface TakenOver {
  /** Unique within the command; fit for a file name. */
  name: string;
  device?: DeviceGuess;
  /** The option that named it, for people. */
  option: string;
  original: Address;
  /** Path of the socket that the front-end is given. */
  ours: string;
  /** The front-end listens on `ours` and the back-end connects to `original`; else the other way round. */
  frontEndListens: boolean;
}

/** A command line to start, and what stands between it and its back-ends. */
export interface Rewritten {
  argv: string[];
  /** Configuration files to write before the start, each under a path of ours. */
  files: { path: string; text: string }[];
  pairs: TakenOver[];
}

/** The configuration files that must be read before `rewrite` can look into them. */
export function configFilesOf(argv: readonly string[]): string[] {
  return [...new Set(frontEnds.flatMap(each => each.configFiles?.(argv) ?? []).map(({ file }) => file))];
}

/** Names made unique, in order, and reduced to characters that are fit for file names. */
function uniqueNames(names: readonly string[]): string[] {
  const taken = new Set<string>();
  return names.map(name => {
    const base =
      name
        .replace(/[^A-Za-z0-9_.-]+/g, '-')
        .replace(/^[.-]+/, '')
        .slice(0, 32) || 'device';
    let unique = base;
    for (let count = 2; taken.has(unique); count++) unique = `${base}-${count}`;
    taken.add(unique);
    return unique;
  });
}

function deviceOf(site: Site): DeviceGuess | undefined {
  return site.device ?? (site.address.kind === 'path' ? deviceBySocketName(site.address.path) : undefined);
}

/**
 * Rewrites a command line so that its vhost-user sockets lead to `folder`. Throws RewriteError when there is none, or
 * one that cannot be exchanged.
 */
export function rewrite(line: CommandLine, folder: string): Rewritten {
  const sites = frontEnds.flatMap(each => each.find(line));
  if (sites.length === 0) {
    const options = frontEnds.map(each => `  ${each.name}: ${each.options}`).join('\n');
    throw new RewriteError(`no vhost-user socket in the command. What is looked for:\n${options}`);
  }
  const names = uniqueNames(sites.map(site => site.name));
  const pairs = sites.map((site, at): TakenOver => {
    const name = names[at] as string;
    const device = deviceOf(site);
    const { option, address: original, frontEndListens } = site;
    return { name, ...(device && { device }), option, original, ours: `${folder}/${name}.sock`, frontEndListens };
  });
  const editsOf = (source: number | string) =>
    sites.flatMap((site, at) => (site.source === source ? site.edits((pairs[at] as TakenOver).ours) : []));
  const argv = line.argv.map((word, index) => edited(word, editsOf(index)));
  const files: Rewritten['files'] = [];
  for (const { file, index } of frontEnds.flatMap(each => each.configFiles?.(line.argv) ?? [])) {
    const edits = editsOf(file);
    if (edits.length === 0) continue;
    const path = `${folder}/${files.length}.cfg`;
    files.push({ path, text: edited(line.files.get(file) ?? '', edits) });
    argv[index] = path;
  }
  return { argv, files, pairs };
}

/** A command line as a POSIX shell would read it. */
export function shellQuoted(argv: readonly string[]): string {
  return argv.map(word => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`)).join(' ');
}
