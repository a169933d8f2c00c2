/** Options of the verbs of `vhuscope ctl`: those that several of them take, and which verb takes which. */
import type { OptionSpec } from '../command.ts';
import { keyOf } from '../program.ts';
import { UsageError, wholeNumber } from '../usage.ts';
import type { Verb } from './verb.ts';

/** Which messages are meant, or where one of ours is sent. */
export const ofConnection: readonly OptionSpec[] = [
  { flags: '--pair <pair>', meaning: 'only this pair' },
  {
    flags: '--connection <n>',
    meaning: 'only this connection (ctl status --json)',
    parse: wholeNumber('--connection', 1),
  },
];

/** How a message is written, and what goes with it. */
export const ofMessage: readonly OptionSpec[] = [
  { flags: '--hex', meaning: 'the words are the bytes of the message, header included' },
  {
    flags: '--fds <list>',
    meaning: 'its descriptors: places of those that came, memfd:SIZE, eventfd, null; or none',
  },
];

type Verbs = Readonly<Record<string, Verb>>;

/** The options of all verbs, each with the names of those that take it. */
export function optionsOf(verbs: Verbs): OptionSpec[] {
  const all = new Map<string, { spec: OptionSpec; of: string[] }>();
  for (const [name, { options = [] }] of Object.entries(verbs)) {
    for (const spec of options) {
      const known = all.get(spec.flags) ?? { spec, of: [] };
      known.of.push(name);
      all.set(spec.flags, known);
    }
  }
  return [...all.values()].map(({ spec, of }) => ({ ...spec, meaning: `${of.join(', ')}: ${spec.meaning}` }));
}

/** Complains of options of other verbs than the one that is named; throws UsageError. */
export function checkOptions(verbs: Verbs, name: string, given: object): void {
  const own = new Set((verbs[name]?.options ?? []).map(keyOf));
  const strange = optionsOf(verbs).find(spec => Object.hasOwn(given, keyOf(spec)) && !own.has(keyOf(spec)));
  if (strange) throw new UsageError(`ctl ${name}: takes no ${strange.flags.split(' ')[0]}; see vhuscope ctl --help`);
}
