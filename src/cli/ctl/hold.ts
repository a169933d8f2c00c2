import { UsageError, wholeNumber } from '../usage.ts';
import { ofConnection } from './options.ts';
import { type CtlFlags, print, type Verb } from './verb.ts';

interface HoldFlags extends CtlFlags {
  once?: boolean;
  nth?: number;
  forever?: boolean;
  for?: number;
  pair?: string;
  connection?: number;
  as?: string;
}

export const hold: Verb<HoldFlags> = {
  usage: 'FILTER…',
  meaning: 'hold the messages that a filter matches (docs/filters.md), from now on',
  options: [
    { flags: '--once', meaning: 'hold one message only' },
    { flags: '--nth <n>', meaning: 'only the n-th match of each connection', parse: wholeNumber('--nth', 1) },
    { flags: '--for <seconds>', meaning: 'let go after so long; else 30', parse: wholeNumber('--for', 1) },
    { flags: '--forever', meaning: 'until somebody lets go' },
    { flags: '--as <name>', meaning: "the breakpoint's name" },
    ...ofConnection,
  ],
  examples: [
    { line: 'vhuscope ctl hold SET_FEATURES', meaning: 'hold every SET_FEATURES for at most 30 seconds' },
    { line: "vhuscope ctl hold --once 'reply and GET_CONFIG'", meaning: 'hold the next reply to GET_CONFIG' },
  ],
  async run(engine, args, flags) {
    const filter = args.join(' ');
    if (filter.trim() === '') throw new UsageError('ctl hold: expected a filter; every message is message');
    const { once, nth, forever, for: seconds, pair, connection, as } = flags;
    const made = await engine.request('hold', {
      ...{ filter, once, nth, forever, pair, connection, name: as },
      ms: seconds === undefined ? undefined : seconds * 1000,
    });
    print(made, flags, ({ name }) => [name]);
    return 0;
  },
};

export const unhold: Verb = {
  usage: '[BREAKPOINT]',
  meaning: 'hold no more by that breakpoint, or by any; what is held stays held',
  examples: [],
  async run(engine, [name], flags) {
    const gone = await engine.request('unhold', name === undefined ? {} : { name });
    print(gone, flags, ({ removed }) => removed);
    return 0;
  },
};
