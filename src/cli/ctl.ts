/** `vhuscope ctl`: asks a running engine to do something, through its control socket. */

import { connectToEngine } from '../control/client.ts';
import { ControlError } from '../control/control-error.ts';
import { didYouMean } from '../decode/syntax-problem.ts';
import type { Command } from './command.ts';
import { type CtlFlags, type Verb, verbs, who } from './ctl/index.ts';
import { checkOptions, optionsOf } from './ctl/options.ts';
import { Failure, UsageError } from './usage.ts';

/** Runs a verb against the engine it is meant for, or without one. */
async function perform(verb: Verb, args: readonly string[], flags: CtlFlags): Promise<number> {
  if ('alone' in verb) return verb.alone(args, flags);
  const engine = await connectToEngine(flags.name, who(flags));
  try {
    return await verb.run(engine, args, flags);
  } finally {
    engine.close();
  }
}

const list = Object.entries(verbs);

export const command: Command<CtlFlags> = {
  name: 'ctl',
  summary: 'ask a running engine to do something',
  about: 'Speaks with a running proxy or run through its control socket (docs/control.md).',
  verbs: list.map(([name, { usage, meaning }]) => ({ usage: [name, usage].filter(Boolean).join(' '), meaning })),
  arguments: [
    { name: '<verb>', meaning: 'one of the verbs', completes: Object.keys(verbs) },
    { name: '[words...]', meaning: 'what the verb needs' },
  ],
  options: [
    { flags: '-n, --name <engine>', meaning: 'the engine, by name or its socket; needed where several run' },
    { flags: '--json', meaning: 'print JSON' },
    { flags: '--author <name>', meaning: 'the name under which this is recorded; else the login name' },
    ...optionsOf(verbs),
  ],
  examples: list.flatMap(([, { examples }]) => examples),
  async run([name = '', ...args], flags) {
    const verb = Object.hasOwn(verbs, name) ? verbs[name] : undefined;
    if (verb === undefined) throw new UsageError(`ctl: there is no '${name}'${didYouMean(name, Object.keys(verbs))}`);
    if (verb.usage === '' && args.length > 0)
      throw new UsageError(`ctl ${name}: needs no more words, not '${args[0]}'`);
    checkOptions(verbs, name, flags);
    try {
      return await perform(verb, args, flags);
    } catch (error) {
      if (error instanceof ControlError) throw new Failure(error.message, { cause: error });
      throw error;
    }
  },
};
