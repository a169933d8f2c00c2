/** Turns command definitions into a commander program: parsing, help with examples, suggestions after a typing error. */
import { Argument, Command as Commander, CommanderError, Option } from 'commander';
import type { ArgumentSpec, Command, OptionSpec } from './command.ts';
import { UsageError } from './usage.ts';
import { version } from './version.ts';

/** Where a program writes: help and version to `out`, errors to `err`. */
export interface Streams {
  out(text: string): void;
  err(text: string): void;
}

/**
 * Builds the program from definitions. `ran` is told the command that was chosen before it runs, and receives its
 * exit status afterwards.
 */
export function buildProgram(
  definitions: readonly Command[],
  streams: Streams,
  ran: { before(command: Command): void; after(status: number): void },
): Commander {
  const program = new Commander('vhuscope')
    .usage('COMMAND [options]')
    .description('See, record and understand the vhost-user messages between a VMM and its device back-end.')
    .version(version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print help, also of a command')
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput({ writeOut: streams.out, writeErr: streams.err, outputError: () => {} })
    .addHelpText('after', '\nvhuscope COMMAND --help shows the options of a command, with examples.')
    .helpCommand(false);
  for (const definition of definitions)
    program.addCommand(buildCommand(definition, ran).copyInheritedSettings(program));
  return program;
}

function buildCommand(
  definition: Command,
  ran: { before(command: Command): void; after(status: number): void },
): Commander {
  const command = new Commander(definition.name).summary(definition.summary).description(definition.about);
  for (const spec of definition.arguments) command.addArgument(argumentOf(spec));
  for (const spec of definition.options) command.addOption(optionOf(spec));
  if (definition.passThrough) command.passThroughOptions();
  command.addHelpText('after', verbsOf(definition) + examplesOf(definition));
  command.action(async () => {
    ran.before(definition);
    ran.after(await definition.run(command.args, command.opts()));
  });
  return command;
}

function argumentOf(spec: ArgumentSpec): Argument {
  return new Argument(spec.name, spec.meaning);
}

/** The key under which a command finds the value of an option. */
export function keyOf(spec: OptionSpec): string {
  return new Option(spec.flags).attributeName();
}

function optionOf(spec: OptionSpec): Option {
  const option = new Option(spec.flags, spec.meaning);
  if (spec.choices) option.choices(spec.choices);
  if (spec.default !== undefined) option.default(spec.default);
  if (spec.repeats) {
    option.argParser((text: string, earlier: unknown[] | undefined) => [
      ...(earlier ?? []),
      spec.parse?.(text) ?? text,
    ]);
  } else if (spec.parse) option.argParser(spec.parse);
  return option;
}

function verbsOf({ verbs = [] }: Command): string {
  if (verbs.length === 0) return '';
  return `\nVerbs:\n${verbs.map(({ usage, meaning }) => `  ${usage}\n      ${meaning}`).join('\n')}\n`;
}

function examplesOf(definition: Command): string {
  if (definition.examples.length === 0) return '';
  return `\nExamples:\n${definition.examples.map(({ line, meaning }) => `  ${line}\n      ${meaning}`).join('\n')}`;
}

/** Complaints of commander that do not say what would be right. */
const needsHelp: ReadonlySet<string> = new Set([
  'commander.missingArgument',
  'commander.excessArguments',
  'commander.unknownOption',
  'commander.unknownCommand',
]);

/**
 * What an end of parsing means: undefined where it ended well (help or the version was asked for), a UsageError with
 * nothing to add where commander has printed the help because no command was named, else commander's own words and
 * where the help is. `word` is the first word behind the program's name.
 */
export function usageErrorOf(error: CommanderError, word: string | undefined): UsageError | undefined {
  if (error.exitCode === 0) return undefined;
  if (error.code === 'commander.help') return new UsageError('');
  const message = error.message.replace(/^error: /, '');
  if (!needsHelp.has(error.code) || message.includes('Did you mean')) return new UsageError(message);
  const command = error.code === 'commander.unknownCommand' ? '' : ` ${word}`;
  return new UsageError(`${message}; see vhuscope${command} --help`);
}

export { CommanderError };
