/** `vhuscope import`: a capture from what a reporter has: strace output, log lines of DPDK, a transcript. */
import { CaptureError } from '../capture/capture-error.ts';
import { formats } from '../import/formats.ts';
import { ImportError, type Imported, importFile } from '../import/import.ts';
import type { Command } from './command.ts';
import { parseDevice } from './config.ts';
import { nameFrom } from './endpoint.ts';
import { printStatus } from './terminal.ts';
import { Failure, UsageError } from './usage.ts';
import { version } from './version.ts';

interface ImportFlags {
  output?: string;
  from?: string;
  socket?: string;
  pair?: string;
  device?: number;
  keepSecrets?: boolean;
}

/** The command. */
export const command: Command<ImportFlags> = {
  name: 'import',
  summary: 'make a capture of strace output, log lines of DPDK or a transcript',
  about:
    'For sessions that nobody recorded: reads output of strace of either side, lines that DPDK has logged (VHOST_CONFIG), ' +
    'or the text that read prints, and writes a capture that every other command reads. What the text does not tell is ' +
    'marked as not captured or left unknown. docs/import.md says how to make such a text and what each one lacks.',
  arguments: [{ name: '<file>', meaning: 'the text, - for standard input', completes: 'file' }],
  options: [
    { flags: '-o, --output <file>', meaning: 'the capture to write', completes: 'file' },
    {
      flags: '--from <format>',
      meaning: 'what the text is, where it is not recognized',
      choices: formats.map(({ name }) => name),
    },
    { flags: '--socket <path>', meaning: 'only the connections on this socket, as the text names it' },
    { flags: '--pair <name>', meaning: "the pair's name; else from the socket" },
    { flags: '--device <type>', meaning: 'device type by name or virtio id (fs, block, net, 26)', parse: parseDevice },
    { flags: '--keep-secrets', meaning: 'keep keys of crypto sessions, which are masked otherwise' },
  ],
  examples: [
    { line: 'vhuscope import qemu.strace -o vm.pcapng', meaning: 'then: vhuscope read vm.pcapng' },
    { line: 'vhuscope import testpmd.log -o net.pcapng --device net', meaning: 'what DPDK has logged, as messages' },
  ],
  async run([file = '-'], flags) {
    const { output, from, socket, pair, device, keepSecrets } = flags;
    if (output === undefined) throw new UsageError('import: -o names the capture to write');
    const nameOf = (path: string | undefined): string => pair ?? (path === undefined ? 'imported' : nameFromPath(path));
    try {
      const imported = importFile({
        ...{ from: file, to: output, nameOf, socket, device, program: `vhuscope ${version}` },
        ...{ format: formats.find(({ name }) => name === from), keepSecrets: keepSecrets === true },
      });
      tell(imported, file, output);
      return imported.complaints.length > 0 ? 1 : 0;
    } catch (error) {
      if (error instanceof ImportError || error instanceof CaptureError)
        throw new Failure(error.message, { cause: error });
      throw error;
    }
  },
};

function nameFromPath(path: string): string {
  const address = path.startsWith('@') ? { abstract: path.slice(1) } : { path };
  return nameFrom({ role: 'connect', address });
}

function tell(
  { format, messages, connections, complaints, unlisted, notes }: Imported,
  file: string,
  output: string,
): void {
  const count = (number: number, what: string) => `${number} ${what}${number === 1 ? '' : 's'}`;
  printStatus(`${output}: ${count(messages, 'message')} on ${count(connections, 'connection')}, from ${format.title}`);
  printStatus(`it does not tell ${format.lacks.join('; ')}`);
  for (const note of notes) printStatus(note);
  for (const { line, message } of complaints) printStatus(`${file}:${line}: ${message}`);
  if (unlisted > 0) printStatus(`${file}: ${unlisted} more lines like these`);
}
