import { toldOf } from './applying.ts';
import type { RuleReport } from './orders.ts';
import { limitsOf, type Watcher } from './rule.ts';

/** A rule for viewers, with what became of it so far. */
export function shownRule({ rule, tally, off, by }: Watcher, breakpoint: boolean): RuleReport {
  return {
    ...{ name: rule.name, when: rule.when, does: rule.do.map(action => toldOf(action) || action.tamper) },
    ...(rule.place !== undefined && { place: rule.place }),
    ...{ seen: tally.seen, matched: tally.matched, fired: tally.fired, last: off ? 'rests' : tally.last },
    ...{ breakpoint, off, limits: limitsOf(rule), ...(by !== undefined && { by }) },
  };
}
