/**
 * Changing a message, as a person or a rule says it: as a transcript line, as hex, or field by field. What follows from
 * the rest (sizes, counts) is made to fit, unless a value for it is given. Pure.
 */
import type { Payload, Value } from './decode.ts';
import { EncodeError, encodeMessage } from './encode.ts';
import { headerSize } from './header.ts';
import { decodeMessage, type Envelope } from './message.ts';
import type { NamedField, Struct } from './schema.ts';
import { SyntaxProblem } from './syntax-problem.ts';
import { parseBytes } from './text/bytes.ts';
import { encodeLine, type Line, parseLine } from './text/parse.ts';
import { Cursor, type Item } from './text/syntax.ts';
import { numberOf, payloadOf } from './text/values.ts';

/** What a message is to become: a whole new one as a transcript line or as hex, or the old one with other fields. */
export type Change = { readonly line: string } | { readonly hex: string } | { readonly set: string };

/**
 * The bytes of a message after a change, header included.
 *
 * @throws SyntaxProblem or EncodeError, for the person who wrote the change
 */
export function changed(bytes: Uint8Array, envelope: Envelope, change: Change): Uint8Array {
  if ('line' in change) return encodeLine(parseLine(change.line), envelope.context);
  return 'hex' in change ? fromHex(change.hex) : withFields(bytes, envelope, change.set);
}

/**
 * A message made from nothing: a transcript line or hex, with what the line says of its channel and direction.
 *
 * @throws SyntaxProblem or EncodeError
 */
export function composed(change: Change, context: Envelope['context']): { bytes: Uint8Array; line?: Line } {
  if ('set' in change) throw new EncodeError('', 'a new message needs a line or hex, there are no fields to change');
  if ('hex' in change) return { bytes: fromHex(change.hex) };
  const line = parseLine(change.line);
  return { bytes: encodeLine(line, context), line };
}

function fromHex(text: string): Uint8Array {
  const bytes = parseBytes(text.replace(/\s+/g, ''));
  if (!bytes) throw new SyntaxProblem('expected pairs of hexadecimal digits', 0);
  if (bytes.length < headerSize) throw new EncodeError('', `a message has ${headerSize} bytes at least`);
  return bytes;
}

/**
 * The message with fields assigned: `num=3 config.size=64 regions[1].offset=0x1000`. The header's are `need_reply=1`,
 * `!flags=0x5` and `!size=8`.
 *
 * @throws SyntaxProblem or EncodeError
 */
export function withFields(bytes: Uint8Array, envelope: Envelope, assignments: string): Uint8Array {
  const message = decodeMessage(bytes, envelope);
  const payload = structuredClone(message.payload);
  const cursor = new Cursor(assignments);
  const header: { needReply: boolean; flags?: number; size?: number } = { needReply: message.needReply };
  const given = new Set<string>();
  while (!cursor.atEnd()) {
    const column = cursor.at;
    const aside = cursor.take(/!(flags|size)=([^\s]+)/y) ?? cursor.take(/(need_reply)=([01])(?=\s|$)/y);
    if (aside?.[1] === 'need_reply') header.needReply = aside[2] === '1';
    else if (aside) header[aside[1] as 'flags' | 'size'] = Number(numberOf(aside[2] as string, column));
    else {
      if (!message.struct) throw new SyntaxProblem(`${message.name} has no fields that are known`, column);
      given.add(assign(message.struct, payload, cursor, message.name));
    }
  }
  if (message.struct) forgetDerived(message.struct, payload, given);
  return encodeMessage(
    {
      ...{ channel: message.channel, dir: message.dir, id: message.id, spec: message.spec, struct: message.struct },
      ...{ reply: message.reply, payload, rest: message.rest, fdCount: envelope.fdCount ?? 0, ...header },
    },
    envelope.context,
  );
}

/** Reads `path=value` and puts the value there; returns the path's first name. */
function assign(whole: Struct, payload: Payload, cursor: Cursor, of: string): string {
  let struct = whole;
  let target = payload;
  let first: string | undefined;
  for (;;) {
    const column = cursor.at;
    const step = cursor.take(/([a-z_][a-z0-9_]*)(?:\[(\d+)\])?\./iy);
    if (!step) break;
    const [, name = '', index] = step;
    first ??= name;
    const field = struct.list.find(one => one.name === name);
    const inner = field && innerOf(field);
    const value = target[name];
    const next = index === undefined ? value : (value as Value[] | undefined)?.[Number(index)];
    if (!inner || typeof next !== 'object' || Array.isArray(next) || next instanceof Uint8Array)
      throw new SyntaxProblem(`${of} has no ${step[0].slice(0, -1)}`, column);
    struct = inner;
    target = next as Payload;
  }
  const item: Item = cursor.item();
  if (item.name === '') throw new SyntaxProblem('expected a field, = and its value', item.column);
  Object.assign(target, payloadOf(struct, [item]));
  return first ?? item.name;
}

function innerOf(field: NamedField): Struct | undefined {
  return field.kind === 'group' || field.kind === 'array' ? field.of : undefined;
}

/** Takes away the counts and lengths of what was given anew, so that they follow from it. */
function forgetDerived(struct: Struct, payload: Payload, given: ReadonlySet<string>): void {
  for (const field of struct.list) {
    const counted =
      field.kind === 'array'
        ? field.count
        : field.kind === 'bytes' || field.kind === 'config'
          ? field.length
          : undefined;
    if (typeof counted === 'string' && given.has(field.name) && !given.has(counted)) delete payload[counted];
  }
}
