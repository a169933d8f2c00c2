import type { RuleStatus } from '../../control/messages.ts';
import { plain } from '../../decode/plain.ts';
import { print, type Verb } from './verb.ts';

function told({ name, place, when, does, seen, matched, fired, last }: RuleStatus): string[] {
  return [
    `${name}${place === undefined ? '' : `  (${place})`}: ${when || 'any message'} → ${does.join(', ')}`,
    `    of ${seen} messages ${matched} matched and ${fired} were treated; the last one: ${last}`,
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
