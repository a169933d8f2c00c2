import { z } from 'zod';
import { parseLine } from '../../decode/text/parse.ts';
import { after, without } from '../hold/plan.ts';
import { isReplyWord, replyTo } from '../hold/reply.ts';
import { tamper } from './tamper.ts';
import { written } from './written.ts';

/** Answers in the name of the side the message was meant for. */
export const answer = tamper({
  name: 'answer',
  meaning: 'answer for the other side, which does not get it: ok, error, empty, a number (u64), or a transcript line',
  settings: z.union([written('line', text => isReplyWord(text) || parseLine(text)), z.int().min(0)]).transform(String),
  told: settings => `answered with ${settings}`,
  apply: (plan, settings, passage) =>
    after(without(plan), { do: 'answer', bytes: replyTo(passage, settings), fds: [], cuts: [] }),
});
