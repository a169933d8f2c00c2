/**
 * Makes what was recorded fit for a public place. Addresses of host processes, paths, process ids, hardware addresses,
 * UUIDs and names get pseudonyms, the same one wherever they stand, so that what happened can still be followed; the
 * content of configuration spaces and keys is left away. What stays: names and numbers of the protocol, sizes, guest
 * physical addresses, programs of the system (`/usr/bin/…`) and their options. Pure.
 */
import { messagesOf, variantsOf } from './catalog.ts';
import type { Field, Struct } from './schema.ts';
import type { Memory } from './session/memory.ts';
import { hex, normalU64 } from './u64.ts';

/** What is done to texts before they are shown to others. */
export interface Redaction {
  /** An address in a peer's process: where it lies in the shared memory, or a pseudonym. */
  address(value: bigint): string;
  path(path: string): string;
  pid(pid: number): string;
  /** The words of a command line. */
  commandLine(words: readonly string[]): string[];
  /** A name that somebody chose, of a kind: `pair`. */
  name(kind: string, text: string): string;
  /** A line of a record, as `read` prints it. */
  line(text: string): string;
  /** Words of a finding, an event or a person. */
  words(text: string): string;
}

/** Leaves everything as it is. */
export const open: Redaction = {
  address: value => hex(normalU64(value)),
  path: path => path,
  pid: pid => `pid ${pid}`,
  commandLine: words => [...words],
  name: (_, text) => text,
  line: text => text,
  words: text => text,
};

/** Folders of the system: what programs and devices are called there is the same everywhere. */
const systemPath = /^\/(?:memfd:|(?:usr|bin|sbin|lib|lib64|opt|snap|nix\/store|dev|proc|sys)(?:\/|$))/;
/** An absolute path within a text. A lone slash, as in `1/2`, is none. */
const pathInText = /(?<![\w./-])(?:\.{0,2}\/)[^\s,;:'"=]+/g;
const uuidInText = /\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/gi;
const macInText = /\b[0-9a-f]{2}(?::[0-9a-f]{2}){5}\b/gi;
const ipInText = /\b(?:\d{1,3}\.){3}\d{1,3}\b/g;
/** Options of command lines whose values name persons, machines or secrets. */
const telling =
  /^(.*?\b(?:guest|serial|password(?:-secret)?|data|key|token|secret|tag|hostname|domainname|source|shared-dir)=)([^,]+)(.*)$/i;
/** Options followed by a name of the user's. */
const tellingNext = new Set(['-name', '-append', '-smbios', '-fw_cfg', '-uuid']);

/** Names of fields that hold addresses of host processes, or content that is not to be shown. */
const guarded = (() => {
  const addresses = new Set<string>();
  const content = new Set<string>();
  const collect = (struct: Struct): void => {
    for (const field of struct.list as readonly (Field & { name: string })[]) {
      if ('host' in field && field.host) addresses.add(field.name);
      if (['config', 'bytes', 'mac', 'uuid', 'text'].includes(field.kind)) content.add(field.name);
      if (field.kind === 'group' || field.kind === 'array') collect(field.of);
    }
  };
  for (const spec of Object.values(messagesOf).flat()) {
    for (const { payload } of [...variantsOf(spec, false), ...variantsOf(spec, true)]) collect(payload);
  }
  return { addresses, content };
})();

/** Gives pseudonyms; one object for everything that is shown together. */
export class Pseudonyms implements Redaction {
  readonly #names = new Map<string, string>();
  readonly #counts = new Map<string, number>();
  readonly #memory: Memory;

  /** `memory` names the regions that addresses are told by. */
  constructor(memory: Memory = { regions: [] }) {
    this.#memory = memory;
  }

  address(value: bigint): string {
    if (value === 0n) return '0';
    for (const [i, { userAddress, size }] of this.#memory.regions.entries()) {
      const inside = value - userAddress;
      if (inside < 0n || inside >= size) continue;
      return inside === 0n ? `region-${i}` : `region-${i}+${hex(normalU64(inside))}`;
    }
    return this.name('address', value.toString(16));
  }

  path(path: string): string {
    if (systemPath.test(path)) return path;
    const extension = /\.[a-z][a-z0-9]{0,7}$/.exec(path)?.[0] ?? '';
    return `${this.name('path', path)}${extension}`;
  }

  pid(pid: number): string {
    return this.name('pid', String(pid));
  }

  commandLine(words: readonly string[]): string[] {
    return words.map((word, i) => (tellingNext.has(words[i - 1] ?? '') ? this.name('name', word) : this.#option(word)));
  }

  /** An option with its values: those that name persons, machines or secrets get pseudonyms. */
  #option(text: string): string {
    const found = telling.exec(text);
    if (!found) return this.words(text);
    const [, before = '', value = '', behind = ''] = found;
    const shown = /^\.{0,2}\//.test(value) ? this.path(value) : this.name('name', value);
    return `${this.words(before)}${shown}${this.#option(behind)}`;
  }

  line(text: string): string {
    const fields = text.replace(/\b([a-z_]+)=(0x[0-9a-f]+|"(?:[^"\\]|\\.)*"|[0-9a-f:-]+)/g, (whole, name, value) => {
      const isHost = guarded.addresses.has(name) || (name === 'guest_address' && this.#isMapped(BigInt(value)));
      if (isHost) return `${name}=${this.address(BigInt(value))}`;
      if (guarded.content.has(name)) return `${name}=hidden`;
      return whole;
    });
    return this.#places(fields.replace(/ \+[0-9a-f]+(?= |$)/g, ' +hidden'));
  }

  words(text: string): string {
    return this.#places(text.replace(/(?<!bits? |\|)0x[0-9a-f]{9,16}\b/g, found => this.address(BigInt(found))));
  }

  #places(text: string): string {
    return text
      .replace(/\bpid (\d+)/g, (_, pid) => this.pid(Number(pid)))
      .replace(/(, )?\buid \d+/g, '')
      .replace(uuidInText, found => this.name('uuid', found))
      .replace(macInText, found => this.name('mac', found))
      .replace(ipInText, found => this.name('ip', found))
      .replace(pathInText, found => this.path(found));
  }

  /** A region begins there in the front-end: without a guest, its guest addresses are those of the process. */
  #isMapped(address: bigint): boolean {
    return address !== 0n && this.#memory.regions.some(({ userAddress }) => userAddress === address);
  }

  /** The pseudonym of something: `path-1`, the same one every time. */
  name(kind: string, real: string): string {
    const key = `${kind}\0${real}`;
    const known = this.#names.get(key);
    if (known !== undefined) return known;
    const count = (this.#counts.get(kind) ?? 0) + 1;
    this.#counts.set(kind, count);
    const name = `${kind}-${count}`;
    this.#names.set(key, name);
    return name;
  }
}
