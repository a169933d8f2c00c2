import { z } from 'zod';
import { behind, partingOf } from '../hold/plan.ts';
import { NotPossible, tamper } from './tamper.ts';

/** Sends the message more than once, with the same descriptors. */
export const duplicate = tamper({
  name: 'duplicate',
  meaning: 'send it twice, or `times` times more; with `keep_reply` the side that asked once gets one reply',
  settings: z.union([
    z.literal(true).transform((): { times?: number; keep_reply?: boolean } => ({})),
    z.strictObject({ times: z.int().positive().max(1000).optional(), keep_reply: z.boolean().optional() }),
  ]),
  told: ({ times = 1 }) => (times === 1 ? 'sent twice' : `sent ${times + 1} times`),
  apply(plan, { times = 1, keep_reply: keepReply = false }) {
    const parting = partingOf(plan);
    if (parting === undefined) throw new NotPossible('it is not sent, there is nothing to double');
    const { bytes, fds, cuts } = parting;
    const copy = { do: 'inject', why: 'a copy', keepReply, bytes, fds, cuts } as const;
    return behind(plan, ...Array.from({ length: times }, () => copy));
  },
});
