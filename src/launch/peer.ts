/** Which virtio device a socket is for, as the command line of a process that has it open tells. */
import type { KnownDevice } from '../decode/device.ts';
import { deviceByWord, knownDevice } from './device.ts';
import { frontEnds } from './rewrite.ts';
import { type Address, RewriteError, type Site } from './site.ts';

/** Back-ends that serve one type of device, by the last part of the program's path. */
const backEndPrograms: readonly {
  readonly program: RegExp;
  /** The word that tells the device; what a group of the pattern captures where absent. */
  readonly word?: string;
}[] = [
  { program: /^virtiofsd$/, word: 'fs' },
  { program: /^qemu-storage-daemon$/, word: 'blk' },
  { program: /^(?:passt|pasta)(?:\.avx2)?$/, word: 'net' },
  { program: /^(?:dpdk-testpmd|testpmd|ovs-vswitchd(?:-dpdk)?|vpp|vpp_main|snabb)$/, word: 'net' },
  { program: /^vhost-user-(blk|scsi|gpu|input)$/ },
  { program: /^vhost_user_(block|net)$/ },
  { program: /^vhost-device-(.+)$/ },
];

/** What the program of a back-end says. */
export function deviceOfBackEnd(argv: readonly string[]): KnownDevice | undefined {
  const name = argv[0]?.slice(argv[0].lastIndexOf('/') + 1) ?? '';
  for (const { program, word } of backEndPrograms) {
    const match = program.exec(name);
    if (!match) continue;
    const device = deviceByWord(word ?? match[1] ?? '', `the back-end is ${name}`);
    return device && knownDevice(device);
  }
  return undefined;
}

/**
 * What the command line of a front-end says about the socket at an address, in whatever way it names that. Its
 * configuration files are not looked into: they may have changed.
 */
export function deviceOfFrontEnd(argv: readonly string[], address: Address | undefined): KnownDevice | undefined {
  const sites = sitesIn(argv).filter(site => isAt(site.address, address));
  const devices = new Map(sites.flatMap(({ device }) => (device ? [[device.id, device] as const] : [])));
  const [only] = devices.values();
  // A path that two different devices could mean, seen from a folder that we do not know, says nothing.
  return devices.size === 1 && only ? knownDevice({ ...only, reason: `the front-end has ${only.reason}` }) : undefined;
}

function sitesIn(argv: readonly string[]): Site[] {
  try {
    return frontEnds.flatMap(each => each.find({ argv, files: new Map() }));
  } catch (error) {
    // Something in it cannot be rewritten, and need not be.
    if (error instanceof RewriteError) return [];
    throw error;
  }
}

/** Whether an address on a command line can be the one that is known here; a socket handed over has none. */
function isAt(named: Address, known: Address | undefined): boolean {
  if (named.kind === 'fd' || known === undefined) return true;
  if (named.kind === 'path' && known.kind === 'path')
    return named.path.startsWith('/') ? named.path === known.path : known.path.endsWith(`/${named.path}`);
  return named.kind === 'abstract' && known.kind === 'abstract' && named.name === known.name;
}
