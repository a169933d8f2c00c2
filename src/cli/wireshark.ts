import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import type { Command } from './command.ts';
import { Failure, UsageError } from './usage.ts';

interface WiresharkOptions {
  folder?: string;
}

/** The dissectors as they are shipped; two folders up both from src/cli and from dist/cli. */
const shipped = join(import.meta.dirname, '../../docs/wireshark/vhuscope.lua');

/** `vhuscope wireshark`: teaches Wireshark and tshark to read captures. */
export const command: Command<WiresharkOptions> = {
  name: 'wireshark',
  summary: 'teach Wireshark to read captures',
  about:
    'Writes the dissectors for Wireshark and tshark into the personal plugin folder, or tells where they go. docs/wireshark.md names the filter fields.',
  arguments: [
    { name: '<action>', meaning: 'install: write the dissectors; path: print where', completes: ['install', 'path'] },
  ],
  options: [
    { flags: '--folder <folder>', meaning: 'another folder than the personal plugin folder', completes: 'file' },
  ],
  examples: [
    { line: 'vhuscope wireshark install', meaning: 'write the dissectors for the next start of Wireshark' },
    { line: 'rm "$(vhuscope wireshark path)"', meaning: 'take them away again' },
  ],
  async run([action], { folder }) {
    const target = join(resolve(folder ?? personalPluginFolder()), 'vhuscope.lua');
    if (action === 'path') process.stdout.write(`${target}\n`);
    else if (action === 'install') process.stdout.write(`${install(target)}\n`);
    else throw new UsageError(`wireshark: there is no '${action}', only install and path`);
    return 0;
  },
};

/** The folder from which Wireshark loads a user's Lua plugins: what tshark says, else the usual one. */
function personalPluginFolder(): string {
  const usual = join(homedir(), '.local/lib/wireshark/plugins');
  try {
    const folders = execFileSync('tshark', ['-G', 'folders'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    return /^Personal Lua Plugins:\s+(\S.*)$/m.exec(folders)?.[1] ?? usual;
  } catch {
    // No tshark here, or one that does not tell: the usual folder it is.
    return usual;
  }
}

/** Writes the dissectors and says what was done. */
function install(target: string): string {
  const text = readFileSync(shipped);
  const before = readIfThere(target);
  if (before?.equals(text)) return `${target} is up to date`;
  try {
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, text);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Failure(`the dissectors cannot be written to ${target}: ${why}; try --folder`, { cause: error });
  }
  return `${before ? 'replaced' : 'wrote'} ${target}; Wireshark loads it when it starts`;
}

function readIfThere(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch {
    return undefined;
  }
}
