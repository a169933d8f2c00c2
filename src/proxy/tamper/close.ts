import { z } from 'zod';
import { after, without } from '../hold/plan.ts';
import { tamper } from './tamper.ts';

/** Closes the channel. */
export const close = tamper({
  name: 'close',
  meaning: 'close the connection: `before` the message, which is not delivered, or `after` it',
  settings: z.enum(['before', 'after']),
  told: settings => `connection closed ${settings} it`,
  apply: (plan, settings) => after(settings === 'before' ? without(plan) : plan, { do: 'close' }),
});
