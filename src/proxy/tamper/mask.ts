import { bitNames, maskMessages, maskSettings, withMask } from './feature-bits.ts';
import { tamper } from './tamper.ts';

/** Takes feature bits away from what is offered and from what is acknowledged, so that both sides agree. */
export const mask = tamper({
  name: 'mask',
  meaning: 'take feature bits away, in both directions: `virtio` and `protocol`, lists of names or bit numbers',
  settings: maskSettings,
  when: maskMessages,
  told: settings => `without ${bitNames(settings)}`,
  apply: (plan, settings, passage) => withMask(plan, settings, passage, (mask, bits) => mask & ~bits),
});
