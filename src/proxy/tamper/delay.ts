import { z } from 'zod';
import { before } from '../hold/plan.ts';
import { tamper } from './tamper.ts';

/** Lets the message, and what is behind it in its direction, wait. */
export const delay = tamper({
  name: 'delay',
  meaning: 'let it wait so many milliseconds, or `ms` and up to `jitter` more; what is behind it waits too',
  settings: z.union([
    z
      .number()
      .positive()
      .transform((ms): { ms: number; jitter?: number } => ({ ms })),
    z.strictObject({ ms: z.number().min(0), jitter: z.number().positive().optional() }),
  ]),
  told: ({ ms, jitter }) => `delayed by ${ms}${jitter === undefined ? '' : ` to ${ms + jitter}`} ms`,
  apply: (plan, { ms, jitter = 0 }, _passage, { random }) => before(plan, { do: 'wait', ms: ms + jitter * random() }),
});
