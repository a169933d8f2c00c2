import type { HeldStatus } from '../../control/messages.ts';
import { plain } from '../../decode/plain.ts';
import { print, type Verb } from './verb.ts';

function told({ n, line, pair, session, epoch, rule, heldMs, leftMs, waits, gone }: HeldStatus): string[] {
  const left = leftMs === undefined ? 'for ever' : `${Math.ceil(leftMs / 1000)} s left`;
  return [
    `${n}  ${line || 'will not be sent'}`,
    `    ${pair} ${session}.${epoch}, ${rule}, held for ${(heldMs / 1000).toFixed(1)} s, ${left}`,
    ...(waits === undefined
      ? []
      : [`    the ${waits.side} has waited for the reply to ${waits.request} for ${(waits.ms / 1000).toFixed(1)} s`]),
    ...(gone === undefined ? [] : [`    the ${gone}, which sent it, has hung up since`]),
  ];
}

export const holds: Verb = {
  usage: '',
  meaning: 'what is held',
  examples: [{ line: 'vhuscope ctl holds', meaning: 'see what is held, decoded, and for how long yet' }],
  async run(engine, _args, flags) {
    const { held } = await engine.request('holds', {});
    print(held, flags, all => all.flatMap(told).map(plain));
    return 0;
  },
};
