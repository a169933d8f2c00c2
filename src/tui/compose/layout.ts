/** The layouts of a message that has several, as of SET_MEM_TABLE with and without XEN_MMAP. Pure. */
import { variantsOf } from '../../decode/catalog.ts';
import type { Payload, Value } from '../../decode/decode.ts';
import { encodeMessage } from '../../decode/encode.ts';
import { decodeMessage } from '../../decode/message.ts';
import type { Struct } from '../../decode/schema.ts';
import { changedTo, type Draft, envelopeOf } from './draft.ts';

/** Which of several layouts a draft has, of how many; undefined where there is just one. */
export function layoutOf(draft: Draft): { readonly name: string; readonly of: number } | undefined {
  const { struct, spec, reply, variant } = decodeMessage(draft.bytes, envelopeOf(draft));
  if (!spec || !struct) return undefined;
  const all = variantsOf(spec, reply);
  return all.length < 2 ? undefined : { name: variant ?? struct.name, of: all.length };
}

/**
 * The draft in the next layout that its bytes would be read in, with the values that both have; undefined where each
 * other one depends on something else, such as what was negotiated or the value of a field.
 */
export function inNextLayout(draft: Draft): Draft | undefined {
  const message = decodeMessage(draft.bytes, envelopeOf(draft));
  const { struct, spec, reply, needReply, channel, dir, payload } = message;
  if (!spec || !struct) return undefined;
  const all = variantsOf(spec, reply);
  const at = all.findIndex(one => one.payload === struct);
  for (const { payload: next } of [...all.slice(at + 1), ...all.slice(0, at)]) {
    const bytes = encodeMessage(
      { channel, dir, spec, reply, needReply, struct: next, payload: shared(payload, next), fdCount: draft.fds.length },
      draft.context,
    );
    if (decodeMessage(bytes, envelopeOf(draft)).struct === next) return changedTo(draft, { bytes, flaws: {} });
  }
  return undefined;
}

/** The values that a layout has a place for. */
function shared(payload: Payload, struct: Struct): Payload {
  const kept: Payload = {};
  for (const field of struct.list) {
    if (field.kind === 'word') for (const part of Object.keys(field.parts)) copy(payload, kept, part);
    const value = payload[field.name];
    if (value === undefined) continue;
    if (field.kind === 'group') kept[field.name] = shared(value as Payload, field.of);
    else if (field.kind === 'array') kept[field.name] = (value as Payload[]).map(entry => shared(entry, field.of));
    else kept[field.name] = value;
  }
  return kept;
}

function copy(from: Payload, to: Payload, name: string): void {
  const value: Value | undefined = from[name];
  if (value !== undefined) to[name] = value;
}
