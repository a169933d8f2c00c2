import { z } from 'zod';
import { withParting } from '../hold/plan.ts';
import { tamper } from './tamper.ts';

const offsets = z.array(z.int().positive()).min(1);

/** Sends the message in pieces. */
export const split = tamper({
  name: 'split',
  meaning: 'send it in pieces, cut at these offsets; with `at` and `pause_ms` there is time between them',
  settings: z.union([
    offsets.transform((at): { at: number[]; pause_ms?: number } => ({ at })),
    z.strictObject({ at: offsets, pause_ms: z.number().positive().optional() }),
  ]),
  told: ({ at }) => `split at ${at.join(', ')}`,
  apply: (plan, { at, pause_ms: pauseMs }) =>
    withParting(plan, () => ({ cuts: at.toSorted((a, b) => a - b), ...(pauseMs !== undefined && { pauseMs }) })),
});
