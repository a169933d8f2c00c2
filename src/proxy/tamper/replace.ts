import { z } from 'zod';
import { changed } from '../../decode/edit.ts';
import { partingOf, withParting } from '../hold/plan.ts';
import { NotPossible, tamper } from './tamper.ts';
import { transcriptLine } from './written.ts';

/** Sends another message in its place. */
export const replace = tamper({
  name: 'replace',
  meaning: 'send another message in its place: a transcript line, or `hex:` with its bytes',
  settings: z.union([
    transcriptLine.transform((line): { line: string } | { hex: string } => ({ line })),
    z.strictObject({ hex: z.string() }),
  ]),
  told: settings => `replaced by ${'line' in settings ? settings.line : settings.hex}`,
  apply(plan, settings, { envelope }) {
    const parting = partingOf(plan);
    if (parting === undefined) throw new NotPossible('it is not sent, there is nothing to replace');
    return withParting(plan, () => ({ bytes: changed(parting.bytes, envelope, settings) }));
  },
});
