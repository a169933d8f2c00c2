import { z } from 'zod';
import { headerSize } from '../../decode/header.ts';
import { partingOf, withParting } from '../hold/plan.ts';
import { NotPossible, tamper } from './tamper.ts';

/** Changes bytes at random. */
export const corrupt = tamper({
  name: 'corrupt',
  meaning: 'change one byte of the payload by chance, or `bytes` of them; `from: 0` spares not even the header',
  settings: z.union([
    z.literal(true).transform((): { bytes?: number; from?: number } => ({})),
    z.strictObject({ bytes: z.int().positive().optional(), from: z.int().min(0).optional() }),
  ]),
  told: ({ bytes = 1 }) => `${bytes} ${bytes === 1 ? 'byte' : 'bytes'} corrupted`,
  apply(plan, { bytes: count = 1, from = headerSize }, _passage, { random }) {
    const parting = partingOf(plan);
    const room = (parting?.bytes.length ?? 0) - from;
    if (parting === undefined || room <= 0)
      throw new NotPossible('it has no payload to corrupt; from: 0 corrupts the header');
    const bytes = Uint8Array.from(parting.bytes);
    for (let i = 0; i < count; i++) {
      const at = from + Math.floor(random() * room);
      bytes[at] = (bytes[at] as number) ^ (1 + Math.floor(random() * 255));
    }
    return withParting(plan, () => ({ bytes }));
  },
});
