import { type Explanation, explain } from '../decode/explain/explain.ts';
import { plain } from '../decode/plain.ts';
import type { Command } from './command.ts';
import { type SurfaceOptions, surfaceOf } from './terminal.ts';
import { Failure } from './usage.ts';

interface ExplainOptions extends SurfaceOptions {
  json?: boolean;
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
  ],
  async run(args, options) {
    const words = args.join(' ');
    const found = explain(words);
    if (found.length === 0) throw new Failure(`nothing is known of '${plain(words)}'`);
    const { colour } = surfaceOf(options);
    const print = options.json
      ? (one: Explanation) => `${JSON.stringify(one)}\n`
      : (one: Explanation) => asText(one, colour);
    process.stdout.write(found.map(print).join(options.json ? '' : '\n'));
    return 0;
  },
};

function asText({ kind, title, lines, filter }: Explanation, colour: boolean): string {
  const head = colour ? `\x1b[1m${plain(title)}\x1b[0m` : plain(title);
  const find = filter === undefined ? [] : [`find it: vhuscope read FILE '${filter}'`];
  return `${head}  (${kind})\n${[...lines, ...find].map(line => `  ${plain(line)}\n`).join('')}`;
}
