#!/usr/bin/env node
/** The `vhuscope` program: finds the command, runs it, and turns whatever happens into an exit status. */
import type { Command } from './command.ts';
import { commands, loadAll } from './index.ts';
import { buildProgram, CommanderError, usageErrorOf } from './program.ts';
import { explain } from './usage.ts';

let running: Command | undefined;

// A closed pipe (`vhuscope read … | head`) is no error. Commands that serve a VM go on without their reader.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    if (!running?.outlivesOutput) process.exit();
  });
}

/** The command's definition alone where it is known, so that nothing else is loaded; else all of them. */
async function definitionsFor(argv: readonly string[]): Promise<Command[]> {
  if (argv[0] === '-V' || argv[0] === '--version') return [];
  const load = commands[argv[0] ?? ''];
  return load ? [(await load()).command] : loadAll();
}

async function main(argv: readonly string[]): Promise<void> {
  const streams = {
    out: (text: string) => void process.stdout.write(text),
    err: (text: string) => void process.stderr.write(text),
  };
  const ran = {
    before: (command: Command) => {
      running = command;
    },
    after: (status: number) => {
      process.exitCode = status;
    },
  };
  await buildProgram(await definitionsFor(argv), streams, ran).parseAsync(argv, { from: 'user' });
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  const cause = error instanceof CommanderError ? usageErrorOf(error, process.argv[2]) : error;
  if (cause !== undefined) {
    const { text, status } = explain(cause);
    if (text) process.stderr.write(`vhuscope: ${text}\n`);
    process.exitCode = status;
  }
}
