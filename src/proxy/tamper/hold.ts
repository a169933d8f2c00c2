import { z } from 'zod';
import { before } from '../hold/plan.ts';
import { tamper } from './tamper.ts';

/** Milliseconds a message is held unless something else is said. */
const defaultHoldMs = 30_000;

/** Keeps the message until a person lets it go. */
export const hold = tamper({
  name: 'hold',
  meaning: 'keep the message until a person lets it go, 30 seconds at most unless `ms` or `forever` says otherwise',
  settings: z.union([
    z.literal(true).transform((): { forever?: boolean; ms?: number; why?: string } => ({})),
    z.strictObject({ forever: z.boolean().optional(), ms: z.int().positive().optional(), why: z.string().optional() }),
  ]),
  told: () => 'held',
  apply(plan, { forever, ms, why }) {
    return before(plan, {
      do: 'hold',
      ms: forever === true ? Number.POSITIVE_INFINITY : (ms ?? defaultHoldMs),
      why: why ?? '',
    });
  },
});
