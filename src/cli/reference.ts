/** The reference of the command line, docs/cli.md, from the commands' definitions. */
import type { Command, OptionSpec } from './command.ts';

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

function section({ name, about, arguments: args, options, examples }: Command): string {
  const usage = ['vhuscope', name, ...(options.length > 0 ? ['[options]'] : []), ...args.map(each => each.name)].join(
    ' ',
  );
  const rows = (head: string, lines: readonly string[]) =>
    lines.length > 0 ? `\n| ${head} | |\n|---|---|\n${lines.join('\n')}\n` : '';
  const shown = examples.map(({ line, meaning }) => `# ${meaning}\n${line}`).join('\n\n');
  return [
    `## vhuscope ${name}\n\n\`\`\`\n${usage}\n\`\`\`\n\n${about}\n`,
    rows(
      'argument',
      args.map(each => `| \`${each.name}\` | ${cell(each.meaning)} |`),
    ),
    rows('option', options.map(optionRow)),
    `\n\`\`\`sh\n${shown}\n\`\`\`\n`,
  ].join('');
}

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

${definitions.map(section).join('\n')}`;
}
