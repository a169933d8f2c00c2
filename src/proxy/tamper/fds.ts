import { z } from 'zod';
import { parseFdChoice } from '../hold/fd-choice.ts';
import { type FdChoice, partingOf, withParting } from '../hold/plan.ts';
import { NotPossible, tamper } from './tamper.ts';

const choice = z.union([z.string(), z.int().min(0)]).transform((written, context): FdChoice => {
  try {
    return parseFdChoice(String(written));
  } catch (error) {
    context.addIssue({ code: 'custom', message: (error as Error).message });
    return z.NEVER;
  }
});

/** Says which descriptors go with the message. */
export const fds = tamper({
  name: 'fds',
  meaning:
    'send these descriptors with it: places of those that came (0, 1, …), memfd:SIZE, eventfd, null; [] for none',
  settings: z.array(choice).max(253),
  told: settings =>
    settings.length === 0 ? 'without descriptors' : `with descriptors ${settings.map(shown).join(', ')}`,
  apply(plan, settings, { envelope: { fdCount = 0 } }) {
    if (partingOf(plan) === undefined) throw new NotPossible('it is not sent, there are no descriptors');
    for (const fd of settings)
      if (typeof fd === 'number' && fd >= fdCount)
        throw new NotPossible(`there is no descriptor ${fd}, ${fdCount} came with the message`);
    return withParting(plan, () => ({ fds: settings }));
  },
});

function shown(fd: FdChoice): string {
  if (typeof fd === 'number') return String(fd);
  return 'size' in fd ? `memfd:${fd.size}` : fd.fresh;
}
