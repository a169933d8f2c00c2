import { bitNames, maskMessages, maskSettings, withMask } from './feature-bits.ts';
import { tamper } from './tamper.ts';

/** Sets feature bits in what is offered and in what is acknowledged. */
export const force = tamper({
  name: 'force',
  meaning: 'set feature bits, in both directions; lists as for `mask`',
  settings: maskSettings,
  when: maskMessages,
  told: settings => `with ${bitNames(settings)}`,
  apply: (plan, settings, passage) => withMask(plan, settings, passage, (mask, bits) => mask | bits),
});
