/** Overwrites what the declaration calls secret: the keys of crypto sessions. */
import { messagesOf } from './catalog.ts';
import { fixedSize } from './decode.ts';
import type { Channel } from './frame.ts';
import { headerSize } from './header.ts';
import { decodeMessage, type Envelope } from './message.ts';
import type { MessageSpec } from './message-spec.ts';
import type { Field, Struct } from './schema.ts';

const isSecret = (field: Field): boolean => field.kind === 'bytes' && field.secret === true;

/** Whether a message with that number can hold secrets. */
export function mayHoldSecrets(channel: Channel, id: number): boolean {
  return secretive[channel].has(id);
}

function layouts(spec: MessageSpec): readonly Struct[] {
  const requests = 'list' in spec.payload ? [spec.payload as Struct] : spec.payload.map(variant => variant.payload);
  return [...requests, ...spec.reply.shapes.map(shape => shape.payload)];
}

const holds = (struct: Struct): boolean => struct.list.some(isSecret);

const secretIds = (channel: Channel): ReadonlySet<number> =>
  new Set(messagesOf[channel].filter(spec => layouts(spec).some(holds)).map(({ id }) => id));
const secretive: { readonly [channel in Channel]: ReadonlySet<number> } = {
  main: secretIds('main'),
  'backend-req': secretIds('backend-req'),
  gpu: secretIds('gpu'),
};

/** A stretch of a message, header included. */
export interface ByteRange {
  readonly offset: number;
  readonly length: number;
}

/** Where a message holds secrets, as far as its bytes are there. */
export function secretRanges(message: Uint8Array, envelope: Envelope): ByteRange[] {
  const { struct } = decodeMessage(message, envelope);
  if (struct === undefined || !holds(struct)) return [];
  const ranges: ByteRange[] = [];
  const add = (offset: number, end: number) => {
    const length = Math.min(end, message.length) - offset;
    if (length > 0) ranges.push({ offset, length });
  };
  let at = headerSize;
  for (const field of struct.list) {
    const size = fixedSize(field);
    if (size === undefined) break;
    if (isSecret(field)) add(at, at + size);
    at += size;
  }
  // What is behind the declared fields, or behind one of unknown length, cannot be told from secrets.
  add(at, message.length);
  return ranges;
}

/** A copy of a message with zeroes in place of its secrets; undefined where it has none. */
export function maskSecrets(message: Uint8Array, envelope: Envelope): Uint8Array | undefined {
  const ranges = secretRanges(message, envelope);
  if (ranges.length === 0) return undefined;
  const masked = message.slice();
  for (const { offset, length } of ranges) masked.fill(0, offset, offset + length);
  return masked;
}
