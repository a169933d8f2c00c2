import { z } from 'zod';
import { composed } from '../../decode/edit.ts';
import { parseFdChoices } from '../hold/fd-choice.ts';
import { before, behind, type Step } from '../hold/plan.ts';
import { NotPossible, tamper } from './tamper.ts';
import { transcriptLine } from './written.ts';

/** Sends a message of ours beside it, on the same channel. */
export const inject = tamper({
  name: 'inject',
  meaning:
    'send `message`, a transcript line, `where: before` or after it; `keep_reply` keeps the reply, `fds` go with it',
  settings: z.strictObject({
    message: transcriptLine,
    where: z.enum(['before', 'after']).optional(),
    keep_reply: z.boolean().optional(),
    fds: z.string().optional(),
  }),
  told: ({ message, where = 'after' }) => `${message} sent ${where} it`,
  apply(plan, { message, where = 'after', keep_reply: keepReply = false, fds = '' }, { envelope }) {
    const { bytes, line } = composed({ line: message }, envelope.context);
    if (line?.channel !== envelope.channel)
      throw new NotPossible(`${line?.name} belongs to another channel than the message it is to go with`);
    const parting = { bytes, fds: parseFdChoices(fds), cuts: [] };
    const step: Step =
      line.dir === envelope.dir
        ? { do: 'inject', why: 'by rule', keepReply, ...parting }
        : { do: 'answer', ...parting };
    return where === 'before' ? before(plan, step) : behind(plan, step);
  },
});
