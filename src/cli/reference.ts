/** The reference of the command line, docs/cli.md, from the commands' definitions. */
import type { Command, OptionSpec } from './command.ts';
import { configKeys } from './config.ts';

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('<', '&lt;');
}

function optionRow({ flags, meaning, choices, default: otherwise, repeats }: OptionSpec): string {
  const notes = [
    ...(choices ? [`one of ${choices.map(choice => `\`${choice}\``).join(', ')}`] : []),
    ...(otherwise === undefined ? [] : [`default \`${otherwise}\``]),
    ...(repeats ? ['may be repeated'] : []),
  ];
  return `| \`${flags.replaceAll('|', '\\|')}\` | ${cell(meaning)}${notes.length > 0 ? ` (${notes.join('; ')})` : ''} |`;
}

function section({ name, about, verbs = [], arguments: args, options, examples }: Command): string {
  const usage = ['vhuscope', name, ...(options.length > 0 ? ['[options]'] : []), ...args.map(each => each.name)].join(
    ' ',
  );
  const rows = (head: string, lines: readonly string[]) =>
    lines.length > 0 ? `\n| ${head} | |\n|---|---|\n${lines.join('\n')}\n` : '';
  const shown = examples.map(({ line, meaning }) => `# ${meaning}\n${line}`).join('\n\n');
  return [
    `## vhuscope ${name}\n\n\`\`\`\n${usage}\n\`\`\`\n\n${about}\n`,
    rows(
      'verb',
      verbs.map(({ usage, meaning }) => `| \`${usage.replaceAll('|', '\\|')}\` | ${cell(meaning)} |`),
    ),
    rows(
      'argument',
      args.map(each => `| \`${each.name}\` | ${cell(each.meaning)} |`),
    ),
    rows('option', options.map(optionRow)),
    `\n\`\`\`sh\n${shown}\n\`\`\`\n`,
  ].join('');
}

function keys(names: readonly string[]): string {
  return names.map(name => `\`${name}\``).join(', ');
}

const configuration = `## The configuration file of vhuscope proxy

YAML. Keys mean what the options of the same names mean; what the command line says about the recording goes before
what the file says. Everything is checked before anything starts, and a complaint names file, line and column.

Keys of the file: ${keys(configKeys.file)}. Keys of a pair: ${keys(configKeys.pair)}.

\`\`\`yaml
write: host.pcapng
rotate: 100M
keep: 10
pairs:
  - name: vm1-fs
    front-end: listen:/run/vm1-fs.sock
    back-end: connect:/run/virtiofsd-vm1.sock
    device: fs
  - name: vm1-net          # QEMU listens, Open vSwitch connects
    front-end: connect:/run/vm1-net.sock
    back-end: listen:/run/openvswitch/vhu1
    socket-owner: openvswitch:openvswitch
    socket-mode: "0660"
\`\`\`
`;

/** Markdown for all commands, in the order of `--help`. */
export function cliReference(definitions: readonly Command[]): string {
  const list = definitions.map(({ name, summary }) => `| [${name}](#vhuscope-${name}) | ${cell(summary)} |`).join('\n');
  return `# The command line

Made from the commands' definitions by \`npm run generate\`.

Exit statuses: 0 all went well; 1 something was found or could not be done, with a line on stderr; 2 wrong usage.
\`vhuscope run\` ends with the status of the command it started. \`NO_COLOR\` switches colours off.

| command | |
|---|---|
${list}

${definitions.map(section).join('\n')}
${configuration}`;
}
