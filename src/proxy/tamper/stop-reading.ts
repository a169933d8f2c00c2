import { z } from 'zod';
import { after } from '../hold/plan.ts';
import { tamper } from './tamper.ts';

/** Reads nothing more behind the message, as a peer that hangs. */
export const stopReading = tamper({
  name: 'stop-reading',
  meaning:
    'read nothing more of this direction behind it, as a peer that hangs; the other direction goes on until a side closes',
  settings: z.literal(true),
  told: () => 'nothing read behind it',
  apply: plan => after(plan, { do: 'stop-reading' }),
});
