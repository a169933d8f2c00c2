import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { RuleStatus } from '../../control/messages.ts';
import { counted } from '../../decode/counted.ts';
import { plain } from '../../decode/plain.ts';
import { shownOn, surfaceOf } from '../terminal.ts';
import { UsageError } from '../usage.ts';
import { type CtlFlags, print, type Verb } from './verb.ts';

function told({ name, place, when, does, seen, matched, fired, last, off, by, limits }: RuleStatus): string[] {
  const notes = [place, by && `by ${by}`, off && 'switched off', ...limits].filter(Boolean).join(', ');
  return [
    shownOn(
      surfaceOf({}),
      `${name}${notes === '' ? '' : `  (${notes})`}: ${when || 'any message'} → ${does.join(', ')}`,
    ),
    `    of ${counted(seen, 'message')} ${matched} matched, treated: ${fired}; the last one: ${last}`,
  ];
}

export const rules: Verb = {
  usage: '',
  meaning: 'rules and breakpoints, how often each matched and fired, and why not',
  examples: [{ line: 'vhuscope ctl rules', meaning: 'find out why a rule did not fire' }],
  async run(engine, _args, flags) {
    const { rules: all } = await engine.request('rules', {});
    print(all, flags, each => each.flatMap(told).map(plain));
    return 0;
  },
};

const switching = (verb: 'on' | 'off'): Verb => ({
  usage: 'NAME',
  meaning: verb === 'on' ? 'have a rule or breakpoint in force again' : 'have a rule or breakpoint rest',
  examples: [],
  async run(engine, words) {
    const name = words.join(' ');
    if (name === '') throw new UsageError(`ctl ${verb}: expected the name of a rule or breakpoint (ctl rules)`);
    await engine.request('switch', { name, on: verb === 'on' });
    return 0;
  },
});

export const on = switching('on');
export const off = switching('off');

interface LoadFlags extends CtlFlags {
  none?: boolean;
}

export const load: Verb<LoadFlags> = {
  usage: '[FILE…]',
  meaning: 'read these files of rules in place of those before, or the same ones anew',
  options: [{ flags: '--none', meaning: 'have no rules from files any more' }],
  examples: [{ line: 'vhuscope ctl load without-reply-ack', meaning: 'put rules that come with vhuscope in force' }],
  async run(engine, files, flags) {
    // The engine may run in another folder; what is no file here is the name of rules that come with it.
    const named = files.map(file => (existsSync(file) ? resolve(file) : file));
    const params = flags.none ? { files: [] } : named.length > 0 ? { files: named } : {};
    print(await engine.request('load', params), flags, ({ rules: count, files: read }) => [
      `${counted(count, 'rule')} in force${read.length > 0 ? `, from ${read.map(plain).join(', ')}` : ''}`,
    ]);
    return 0;
  },
};
