import { z } from 'zod';
import { unassignable, withFields } from '../../decode/edit.ts';
import { SyntaxProblem } from '../../decode/syntax-problem.ts';
import { partingOf, withParting } from '../hold/plan.ts';
import { NotPossible, tamper } from './tamper.ts';

/** Assigns fields. */
export const set = tamper({
  name: 'set',
  meaning:
    'assign fields, as in `num: 256`, `regions[1].size: 0x1000` or `config.capacity: 0`; `need_reply`, `!flags` and `!size` too',
  settings: z.record(z.string().regex(/^!?[\w.[\]]+$/), z.union([z.string(), z.number(), z.bigint(), z.boolean()])),
  problems: (settings, layouts) =>
    Object.entries(settings).flatMap(([key, value]) => {
      const message = readable(() => unassignable(textOf({ [key]: value }), layouts));
      return message === undefined ? [] : [{ key, message }];
    }),
  told: settings => `set ${textOf(settings)}`,
  apply(plan, settings, { envelope }) {
    const parting = partingOf(plan);
    if (parting === undefined) throw new NotPossible('it is not sent, there is nothing to set');
    const bytes = withFields(parting.bytes, envelope, textOf(settings));
    return Buffer.compare(bytes, parting.bytes) === 0 ? plan : withParting(plan, () => ({ bytes }));
  },
});

/** What is wrong, or what cannot be read. */
function readable(check: () => string | undefined): string | undefined {
  try {
    return check();
  } catch (error) {
    if (!(error instanceof SyntaxProblem)) throw error;
    return error.message;
  }
}

function textOf(settings: Readonly<Record<string, string | number | bigint | boolean>>): string {
  const written = (value: string | number | bigint | boolean): string =>
    typeof value === 'boolean' ? String(Number(value)) : String(value);
  return Object.entries(settings)
    .map(([name, value]) => `${name}=${written(value)}`)
    .join(' ');
}
