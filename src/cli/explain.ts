import { CaptureError } from '../capture/capture-error.ts';
import { type Explanation, explain } from '../decode/explain/explain.ts';
import { plain } from '../decode/plain.ts';
import { type Occurrences, occurrencesIn } from '../trace/occurrences.ts';
import type { Command } from './command.ts';
import { type SurfaceOptions, shownOn, surfaceOf } from './terminal.ts';
import { Failure } from './usage.ts';

interface ExplainOptions extends SurfaceOptions {
  json?: boolean;
  in?: string;
}

/** `vhuscope explain`: what a word of the protocol, or a printed error, means. */
export const command: Command<ExplainOptions> = {
  name: 'explain',
  summary: 'say what a message, field, feature, device, rule or printed error means',
  about:
    'Explains a name in any spelling (of the specification, QEMU, DPDK or the kernel), a message number, a rule, or a line that ' +
    'QEMU, DPDK, libvhost-user or virtiofsd has printed. Quote lines with spaces.',
  arguments: [{ name: '<words...>', meaning: 'a name, a number, or an error line' }],
  options: [
    { flags: '--in <file>', meaning: 'say where it occurs in this capture', completes: 'file' },
    { flags: '--json', meaning: 'print one JSON object for each meaning' },
    { flags: '--color <when>', meaning: 'use colours', choices: ['auto', 'always', 'never'], default: 'auto' },
  ],
  examples: [
    { line: 'vhuscope explain SET_VRING_KICK', meaning: 'a message' },
    { line: 'vhuscope explain VHOST_USER_PROTOCOL_F_REPLY_ACK', meaning: 'a feature bit, as the source spells it' },
    {
      line: 'vhuscope explain "Failed to read msg header. Read 0 instead of 12. Original request 24."',
      meaning: 'what lies behind an error of QEMU',
    },
    { line: 'vhuscope explain SET_MEM_TABLE --in vm.pcapng', meaning: 'a message, and where this capture has it' },
  ],
  async run(args, options) {
    const words = args.join(' ');
    const found = explain(words);
    if (found.length === 0) throw new Failure(`nothing is known of '${plain(words)}'`);
    const surface = surfaceOf(options);
    const places = options.in === undefined ? undefined : occurrences(options.in, found);
    const print = options.json
      ? (one: Explanation, place?: Occurrences) =>
          `${JSON.stringify({ ...one, ...(place && { in_capture: place }) })}\n`
      : (one: Explanation, place?: Occurrences) => shownOn(surface, asText(one, surface.colour, place));
    process.stdout.write(found.map((one, i) => print(one, places?.[i])).join(options.json ? '' : '\n'));
    return 0;
  },
};

function occurrences(path: string, found: readonly Explanation[]): Occurrences[] {
  try {
    return occurrencesIn(path, found);
  } catch (error) {
    if (error instanceof CaptureError) throw new Failure(error.message, { cause: error });
    throw error;
  }
}

function asText({ kind, title, lines, filter }: Explanation, colour: boolean, place?: Occurrences): string {
  const head = colour ? `\x1b[1m${plain(title)}\x1b[0m` : plain(title);
  const find = filter === undefined || place ? [] : [`find it: vhuscope read FILE '${filter}'`];
  const said = [...lines, ...find].map(line => `  ${plain(line)}\n`);
  return `${head}  (${kind})\n${said.join('')}${place ? placeText(place) : ''}`;
}

/** Where it is in a capture; records keep their columns. */
function placeText({ count, lines, findings, verdicts }: Occurrences): string {
  const told = [
    ...verdicts.map(({ title, what, records }) => `diagnosed: ${title}: ${what} (record ${records.join(', ')})`),
    ...findings
      .slice(0, lines.length + 5)
      .map(({ message, records }) => `found: ${message} (record ${records.join(', ')})`),
    ...lines,
    ...(count > lines.length ? [`… ${count - lines.length} more`] : []),
  ];
  const head = told.length === 0 ? 'not in this capture' : 'in this capture:';
  return `  ${head}\n${told.map(line => `    ${plain(line)}\n`).join('')}`;
}
