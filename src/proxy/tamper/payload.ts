import { z } from 'zod';
import { headerSize } from '../../decode/header.ts';
import { parseBytes } from '../../decode/text/bytes.ts';
import { partingOf, withParting } from '../hold/plan.ts';
import { NotPossible, tamper } from './tamper.ts';

/** Exchanges everything behind the header. */
export const payload = tamper({
  name: 'payload',
  meaning: 'exchange the payload for these bytes, written as hex; the size follows',
  settings: z
    .string()
    .refine(text => parseBytes(text.replace(/\s+/g, '')) !== undefined, 'expected pairs of hex digits'),
  told: settings => (settings === '' ? 'without its payload' : `payload ${settings}`),
  apply(plan, settings, { envelope }) {
    const parting = partingOf(plan);
    if (parting === undefined) throw new NotPossible('it is not sent, there is no payload to exchange');
    const inner = parseBytes(settings.replace(/\s+/g, '')) as Uint8Array;
    const bytes = new Uint8Array(headerSize + inner.length);
    bytes.set(parting.bytes.subarray(0, headerSize));
    bytes.set(inner, headerSize);
    new DataView(bytes.buffer).setUint32(8, inner.length, envelope.context.bigEndian !== true);
    return withParting(plan, () => ({ bytes }));
  },
});
