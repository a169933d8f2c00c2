/**
 * Values to bytes, the inverse of decode.ts. Fields left out are zero; counts, lengths and the header's size follow
 * from the rest unless they are given, so that a wrong one can be sent on purpose. What cannot be written is an
 * `EncodeError` for the person who typed the value.
 */
import { candidates, messageNamed, messageSpec, replyShape, requestVariant, variantsOf } from './catalog.ts';
import type { Facts } from './condition.ts';
import type { Payload } from './decode.ts';
import { complete, encodeStruct, misfit } from './encode-struct.ts';
import { EncodeError, uint } from './encode-value.ts';
import type { Channel, Context, Direction } from './frame.ts';
import { headerSize, isReply, needReplyFlag, protocolVersion, readU32, replyFlag } from './header.ts';
import type { MessageSpec } from './message-spec.ts';
import type { Struct } from './schema.ts';
import { Writer } from './writer.ts';

export { encodeStruct } from './encode-struct.ts';
export { EncodeError } from './encode-value.ts';

/** A message to be written. It is named by `spec`, `name` or `id`. */
export interface Outgoing {
  readonly channel: Channel;
  /** Who sends it; tells requests from replies on the gpu channel. */
  readonly dir?: Direction | undefined;
  readonly spec?: MessageSpec | undefined;
  /** Name of the specification, older names and `UNKNOWN(n)` as well. */
  readonly name?: string;
  readonly id?: number;
  readonly reply?: boolean;
  readonly needReply?: boolean;
  /** Fields by name. Enums and masks also take the names of values and bits. */
  readonly payload?: Payload;
  /** The layout, where the payload alone would choose another one. */
  readonly struct?: Struct | undefined;
  /** Bytes after the fields. */
  readonly rest?: Uint8Array | undefined;
  /** The whole flags word, instead of what follows from `reply` and `needReply`. */
  readonly flags?: number;
  /** The header's payload size, instead of the true one. */
  readonly size?: number;
  /**
   * Payload bytes to write, where the message is not whole: `rest` keeps its place at the end, the fields before it
   * are cut. With it a message of any length is written as it was read.
   */
  readonly length?: number;
  /** Payload bytes on the wire, where `length` are only those that were kept: they decide about the layout. */
  readonly wholeLength?: number;
  /** Descriptors that go with it. */
  readonly fdCount?: number | undefined;
}

/**
 * Writes a message, header included.
 *
 * @throws EncodeError where the message has no such name, layout or value
 */
export function encodeMessage(message: Outgoing, context: Context = {}): Uint8Array {
  const bigEndian = context.bigEndian === true;
  const reply = message.reply ?? (message.channel === 'gpu' && isReply('gpu', message.dir, 0));
  const id = message.id ?? message.spec?.id ?? idOf(message);
  const fields = encodePayload(message, id, reply, context);
  const rest = message.rest ?? noBytes;
  const length = message.length ?? fields.length + rest.length;
  if (length < rest.length) throw new EncodeError('', `${rest.length} bytes after the fields, ${length} bytes in all`);
  const out = new Writer(bigEndian, headerSize + length);
  out.uint(uint(id, 4, 'id'), 4);
  out.uint(uint(message.flags ?? flagsOf(message.channel, reply, message.needReply === true), 4, 'flags'), 4);
  out.uint(uint(message.size ?? message.wholeLength ?? length, 4, 'size'), 4);
  out.bytes(fields.subarray(0, length - rest.length));
  out.zeros(length - rest.length - fields.length);
  out.bytes(rest);
  return out.finish();
}

const noBytes = new Uint8Array(0);

function idOf(message: Outgoing): number {
  if (message.name === undefined) throw new EncodeError('', 'a message needs a name or a number');
  const unknown = /^UNKNOWN\((\d+)\)$/i.exec(message.name);
  if (unknown) return Number(unknown[1]);
  const spec = messageNamed(message.channel, message.name);
  if (!spec) throw new EncodeError('', `no message of the ${message.channel} channel is called ${message.name}`);
  return spec.id;
}

function flagsOf(channel: Channel, reply: boolean, needReply: boolean): number {
  const version = channel === 'gpu' ? 0 : protocolVersion;
  return version | (reply ? replyFlag : 0) | (needReply ? needReplyFlag : 0);
}

/**
 * Writes the payload in the layout that has its fields and that its bytes would be read with; among several the one
 * whose fields are all given, else the last, which is the plain one.
 */
function encodePayload(message: Outgoing, id: number, reply: boolean, context: Context): Uint8Array {
  const payload = message.payload ?? {};
  if (message.struct) return encodeStruct(message.struct, payload, context, message.length);
  const named = message.spec ?? (message.name === undefined ? undefined : messageNamed(message.channel, message.name));
  const specs = named ? [named] : message.name === undefined ? candidates(message.channel, id) : [];
  const layouts = specs.flatMap(spec => variantsOf(spec, reply).map(layout => ({ spec, layout })));
  if (layouts.length === 0) {
    const [first] = Object.keys(payload);
    if (first === undefined) return noBytes;
    throw new EncodeError(first, `message ${id} of the ${message.channel} channel is not known, it has no fields`);
  }
  const fitting = layouts.filter(({ layout }) => misfit(layout.payload, payload, '') === undefined);
  const [only] = fitting;
  if (!only) throw new EncodeError('', layouts.map(({ layout }) => misfit(layout.payload, payload, '')).join('; or '));
  if (fitting.length === 1) return encodeStruct(only.layout.payload, payload, context, message.length);
  const tried: { bytes: Uint8Array; score: number }[] = [];
  let failure: unknown;
  for (const { spec, layout } of fitting) {
    try {
      const bytes = encodeStruct(layout.payload, payload, context, message.length);
      const facts = factsOf(message, bytes, context);
      const asRead = reply ? replyShape(spec, facts) : requestVariant(spec, facts);
      const readBack = asRead.payload === layout.payload && (named || messageSpec(message.channel, id, facts) === spec);
      tried.push({ bytes, score: (readBack ? 2 : 0) + (complete(layout.payload, payload) ? 1 : 0) });
    } catch (error) {
      // A value too large for its field here may fit in another layout.
      failure = error;
    }
  }
  if (tried.length === 0) throw failure;
  // Bytes alone, of a number several messages share: they are none of them.
  if (!named && Object.keys(payload).length === 0 && tried.every(one => one.score < 2)) return noBytes;
  return tried.reduce((best, one) => (one.score >= best.score ? one : best)).bytes;
}

function factsOf(message: Outgoing, fields: Uint8Array, context: Context): Facts {
  return {
    context,
    size: message.wholeLength ?? message.length ?? fields.length + (message.rest?.length ?? 0),
    fdCount: message.fdCount ?? 0,
    first: fields.length >= 4 ? readU32(fields, 0, context.bigEndian === true) : 0,
    assumed: false,
  };
}
