import { list } from './list.ts';
import { note } from './note.ts';
import { status } from './status.ts';
import { stop } from './stop.ts';
import type { Verb } from './verb.ts';
import { watch } from './watch.ts';

export { type CtlFlags, type Verb, who } from './verb.ts';

/** The verbs of `vhuscope ctl`, in the order of its help. */
export const verbs: Readonly<Record<string, Verb>> = { list, status, watch, note, stop };
