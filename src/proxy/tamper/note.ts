import { z } from 'zod';
import { behind } from '../hold/plan.ts';
import { tamper } from './tamper.ts';

/** Remarks upon the message in the capture. */
export const note = tamper({
  name: 'note',
  meaning: 'write a note about it into the capture',
  settings: z.string().min(1),
  told: () => '',
  apply: (plan, text) => behind(plan, { do: 'note', text }),
});
