/** Breakpoints: rules that hold, made by people while the engine runs. Pure. */
import type { Rule } from './hold/rule.ts';

/** What a breakpoint is made from. */
export interface BreakpointOptions {
  filter: string;
  name?: string | undefined;
  once?: boolean | undefined;
  nth?: number | undefined;
  pair?: string | undefined;
  connection?: number | undefined;
  ms?: number | undefined;
  forever?: boolean | undefined;
}

/** The rule that a breakpoint is. */
export function breakpoint(options: BreakpointOptions, name: string): Rule {
  const { filter, once, nth, pair, connection, ms, forever } = options;
  return {
    ...{ name, when: filter },
    ...(once && { times: 1 }),
    ...(nth !== undefined && { nth }),
    ...(pair !== undefined && { pair }),
    ...(connection !== undefined && { connection }),
    do: [{ tamper: 'hold', settings: { ...(forever && { forever }), ...(ms !== undefined && { ms }) } }],
  };
}
