import { z } from 'zod';
import { without } from '../hold/plan.ts';
import { tamper } from './tamper.ts';

/** Keeps the message from the other side. */
export const drop = tamper({
  name: 'drop',
  meaning: 'do not send it on',
  settings: z.literal(true),
  told: () => 'dropped',
  apply: plan => without(plan),
});
