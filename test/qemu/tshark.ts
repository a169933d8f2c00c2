/** What tshark, with the generated dissectors, says about a capture. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { run } from './programs.ts';

/** The dissectors under test. */
export const dissectors: string = resolve(import.meta.dirname, '../../docs/wireshark/vhuscope.lua');

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

/** Runs tshark with the dissectors and with nobody's own settings; `command` leads into another system, if given. */
export function tshark(args: readonly string[], command: readonly string[] = ['tshark']): string {
  const home = mkdtempSync(join(tmpdir(), 'vhuscope-home-'));
  try {
    const [program = '', ...before] = command;
    const env = { ...process.env, HOME: home, XDG_CONFIG_HOME: join(home, '.config') };
    return run(program, [...before, '-X', `lua_script:${dissectors}`, ...args], { env });
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

/** Every packet of a capture as tshark dissects it. */
export function dissect(capture: string, args: readonly string[] = [], command?: readonly string[]): ShownPacket[] {
  const xml = tshark(['-r', capture, '-T', 'pdml', ...args], command);
  return xml
    .split('<packet>')
    .slice(1)
    .map(packet => {
      const fields = [...packet.matchAll(/<field ([^>]*)>/g)].map(([, text = '']) => fieldOf(text));
      return { number: Number(fields.find(({ name }) => name === 'num')?.show), fields };
    });
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
