/** What tshark, with the generated dissectors, says about a capture. */
import { chmodSync, copyFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { run } from './programs.ts';
import { scenarioFolder } from './rig.ts';
import { inTrixie } from './trixie.ts';

/** A release of tshark. As root, the newer one loads no Lua. */
export interface Release {
  name: string;
  command(): string[];
}

/** The releases the dissectors are tested with: Lua 5.2 and 5.4, and numbers and booleans printed in two ways. */
export const releases: readonly Release[] = [
  { name: 'Wireshark 4.0', command: () => ['tshark'] },
  {
    name: 'Wireshark 4.4',
    command: () => inTrixie(['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', 'tshark']),
  },
];

/** Where captures to be dissected are kept; the plugin lies there too, so that every release can read it. */
export const folder: string = scenarioFolder('tshark');
const plugin = join(folder, 'vhuscope.lua');
copyFileSync(resolve(import.meta.dirname, '../../docs/wireshark/vhuscope.lua'), plugin);

/** A field as tshark shows it. */
export interface ShownField {
  name: string;
  /** What filters and columns see. */
  show: string;
  /** What the tree says. */
  label: string;
  /** Its bytes in hexadecimal. */
  value: string;
  /** Where its bytes lie in the packet. */
  pos: number;
  size: number;
}

/** A packet as tshark shows it: the fields in order, all levels of the tree one after the other. */
export interface ShownPacket {
  number: number;
  fields: ShownField[];
}

/** Runs tshark with the dissectors and without anybody's settings. */
export function tshark(release: Release, args: readonly string[]): string {
  const [program = '', ...before] = release.command();
  return run(program, [...before, '-X', `lua_script:${plugin}`, ...args], {
    env: { ...process.env, HOME: '/nonexistent' },
  });
}

/** Every packet of a capture as tshark dissects it. */
export function dissect(release: Release, capture: string, args: readonly string[] = []): ShownPacket[] {
  chmodSync(capture, 0o644);
  return tshark(release, ['-r', capture, '-T', 'pdml', ...args])
    .split('<packet>')
    .slice(1)
    .map(packet => {
      const fields = [...packet.matchAll(/<field ([^>]*)>/g)].map(([, text = '']) => fieldOf(text));
      return { number: Number(fields.find(({ name }) => name === 'num')?.show), fields };
    });
}

/** The Info column of every packet of a capture. */
export function infoColumn(release: Release, capture: string): string[] {
  chmodSync(capture, 0o644);
  const text = tshark(release, ['-r', capture, '-T', 'psml', '-o', 'gui.column.format:"Info","%i"']);
  return [...text.matchAll(/<packet>\n<section>(.*)<\/section>/g)].map(([, info = '']) => plain(info));
}

function fieldOf(text: string): ShownField {
  const given = new Map(
    [...text.matchAll(/(\w+)="([^"]*)"/g)].map(([, name = '', value = '']) => [name, plain(value)]),
  );
  return {
    name: given.get('name') ?? '',
    show: given.get('show') ?? '',
    label: given.get('showname') ?? '',
    value: given.get('unmaskedvalue') ?? given.get('value') ?? '',
    pos: Number(given.get('pos')),
    size: Number(given.get('size')),
  };
}

const entities: { readonly [name: string]: string } = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };

function plain(text: string): string {
  return text.replace(/&(\w+|#x[0-9a-fA-F]+);/g, (whole, name: string) =>
    name.startsWith('#x') ? String.fromCodePoint(Number.parseInt(name.slice(2), 16)) : (entities[name] ?? whole),
  );
}
