import { edit, inject } from './edit.ts';
import { holds } from './held.ts';
import { hold, unhold } from './hold.ts';
import { answer, close, drop, prolong, release, step } from './let-go.ts';
import { list } from './list.ts';
import { note } from './note.ts';
import { rotate } from './rotate.ts';
import { load, off, on, rules } from './rules.ts';
import { status } from './status.ts';
import { stop } from './stop.ts';
import type { Verb } from './verb.ts';
import { watch } from './watch.ts';

export { type CtlFlags, type Verb, who } from './verb.ts';

/** The verbs of `vhuscope ctl`, in the order of its help. */
export const verbs: Readonly<Record<string, Verb>> = {
  ...{ list, status, watch, note, rotate, stop },
  ...{ hold, unhold, holds, release, step, prolong, edit, drop, answer, close, inject, rules, on, off, load },
};
