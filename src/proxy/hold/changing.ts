/** What a person's orders make of the plan of a held message. */
import { changed } from '../../decode/edit.ts';
import { parseLine } from '../../decode/text/parse.ts';
import { choicesOf } from './fd-choice.ts';
import type { Held } from './held.ts';
import type { Orders } from './orders.ts';
import { after, type Plan, passageOf, without, withParting } from './plan.ts';
import { replyTo } from './reply.ts';
import { envelopeOf } from './seen.ts';

type Edit = Orders['edit']['params'];

/** The plan with other bytes or descriptors; throws for people where that cannot be. */
export function edited({ course, session, link, flow }: Held, change: Edit['change'], fds: Edit['fds']): Plan {
  const { parting } = course;
  if (parting === undefined) throw new Error('it is not going to be sent, there is nothing to edit');
  const envelope = envelopeOf(session, link, flow, parting.fds.length);
  const came = course.parcel?.fds.identities ?? [];
  const bytes = change === undefined ? parting.bytes : changed(parting.bytes, envelope, change);
  const inLine = change !== undefined && 'line' in change ? choicesOf(parseLine(change.line).fds, came) : undefined;
  const chosen = fds ?? inLine ?? parting.fds;
  for (const fd of chosen)
    if (typeof fd === 'number' && fd >= came.length)
      throw new Error(`there is no descriptor ${fd}, ${came.length} came with the message`);
  return withParting(course, () => ({ bytes, fds: chosen, cuts: [] }));
}

/** The plan with a reply in place of the message. */
export function answered({ course, session, link, flow }: Held, written: string): Plan {
  const bytes = course.parting?.bytes ?? course.parcel?.bytes ?? new Uint8Array(0);
  const reply = replyTo(passageOf(bytes, envelopeOf(session, link, flow, 0)), written);
  return after(without(course), { do: 'answer', bytes: reply, fds: [], cuts: [] });
}
