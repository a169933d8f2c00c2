/** What a rule that fires does to a message. */
import { tampers } from '../tamper/index.ts';
import type { Tamper } from '../tamper/tamper.ts';
import { noting, type Passage, type Plan } from './plan.ts';
import type { Watcher } from './rule.ts';

/** What a rule does to a plan; the plan as it was where one of its actions cannot be done. */
export function apply(watcher: Watcher, plan: Plan, passage: Passage): Plan {
  const { rule, random } = watcher;
  try {
    const planned = rule.do.reduce((so, { tamper: name, settings }) => {
      const tamper = tampers[name] as Tamper;
      const next = tamper.apply(so, settings, passage, { random });
      return next === so ? so : noting(next, { by: rule.name, what: tamper.told(settings) });
    }, plan);
    if (planned === plan) watcher.idle();
    return planned;
  } catch (error) {
    watcher.failed((error as Error).message);
    return plan;
  }
}

/** An action of a rule in words. */
export function toldOf({ tamper, settings }: { tamper: string; settings: unknown }): string {
  return tampers[tamper]?.told(settings) ?? tamper;
}
