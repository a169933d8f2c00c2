/**
 * Changing a message, as a person or a rule says it: as a transcript line, as hex, or field by field. What follows from
 * the rest (sizes, counts) is made to fit, unless a value for it is given. Pure.
 */
import { type Assignment, assigned, checkValue, counts, type EntriesChange, withEntries } from './assign.ts';
import { EncodeError, uint } from './encode-value.ts';
import { type FieldPath, foundIn, takePath } from './field-path.ts';
import type { Context } from './frame.ts';
import { headerSize, needReplyFlag, readU32 } from './header.ts';
import { decodeMessage, type Envelope } from './message.ts';
import type { Struct } from './schema.ts';
import { didYouMean, SyntaxProblem } from './syntax-problem.ts';
import { parseBytes } from './text/bytes.ts';
import { valueNames } from './text/layout.ts';
import { encodeLine, type Line, parseLine } from './text/parse.ts';
import { Cursor, type Written } from './text/syntax.ts';
import { numberOf } from './text/values.ts';
import { Writer } from './writer.ts';

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
 * The message with fields assigned: `num=3 config.capacity=64 regions[1].mmap_offset=0x1000`. What was assigned is
 * changed, and what counts or measures it; nothing else. The header's are `need_reply=1`, `!flags=0x5` and `!size=8`.
 *
 * @throws SyntaxProblem or EncodeError
 */
export function withFields(bytes: Uint8Array, envelope: Envelope, assignments: string): Uint8Array {
  const { header, fields } = read(assignments);
  const { struct, name } = decodeMessage(bytes, envelope);
  /** A count or length that is insisted on is written last: what it counts would make it fit again. */
  const insists = ({ path }: Assignment): boolean => {
    const found = struct && optional(() => foundIn(struct, path, name, envelope.context.device));
    return found?.declared.what === 'field' && counts(found.struct, found.declared.field.name);
  };
  const last = fields.filter(insists);
  const first = fields.filter(field => !last.includes(field));
  const made = [...first, ...last].reduce((so, field) => assigned(so, envelope, field), bytes);
  return withHeader(made, header, envelope.context);
}

/** A layout that a message may have. */
export interface Layout {
  /** The message's name. */
  readonly name: string;
  readonly struct: Struct;
}

/**
 * What keeps fields from being assigned in a message of any of these layouts, as far as that can be told before there is
 * one: names that nobody declares, and values that do not fit. Undefined where nothing does.
 */
export function unassignable(assignments: string, layouts: readonly Layout[]): string | undefined {
  for (const { path, value } of read(assignments).fields) {
    // A layout without fields has nothing to say about those of another one.
    const telling = layouts.filter(({ struct }) => struct.list.length > 0);
    const told = telling.length > 0 ? telling : layouts;
    const tried = told.map(({ name, struct }) => misassigned(name, struct, path, value));
    if (tried.length === 0 || tried.includes(undefined)) continue;
    const fits = tried.find(problem => problem?.found);
    if (fits || new Set(told.map(({ name }) => name)).size === 1) return (fits ?? tried[0])?.message;
    const names = layouts.flatMap(({ struct }) => valueNames(struct));
    return `none of the messages that it is about has a field ${path.text}${didYouMean(path.text, names)}`;
  }
  return undefined;
}

/** Why a field of a layout cannot be given a value, and whether there is such a field. */
function misassigned(
  name: string,
  struct: Struct,
  path: FieldPath,
  value: Written,
): { message: string; found: boolean } | undefined {
  let found = false;
  try {
    const { declared } = foundIn(struct, path, name, 'any');
    found = true;
    checkValue(declared, value, path.text);
    return undefined;
  } catch (error) {
    if (!(error instanceof SyntaxProblem) && !(error instanceof EncodeError)) throw error;
    const named = error instanceof EncodeError && error.path === path.text;
    return { message: named ? error.message.slice(path.text.length + 2) : error.message, found };
  }
}

interface HeaderValues {
  readonly needReply?: boolean;
  readonly flags?: number;
  readonly size?: number;
}

/** What an assignment to several fields says. */
function read(text: string): { header: HeaderValues; fields: Assignment[] } {
  const cursor = new Cursor(text);
  const header: { -readonly [what in keyof HeaderValues]: HeaderValues[what] } = {};
  const fields: Assignment[] = [];
  while (!cursor.atEnd()) {
    const column = cursor.at;
    const aside = cursor.take(/!(flags|size)=([^\s]+)/y) ?? cursor.take(/(need_reply)=([01])(?=\s|$)/y);
    if (aside?.[1] === 'need_reply') header.needReply = aside[2] === '1';
    else if (aside) header[aside[1] as 'flags' | 'size'] = Number(numberOf(aside[2] as string, column));
    else {
      const path = takePath(cursor);
      if (!path) throw new SyntaxProblem('expected a field, = and its value', column);
      fields.push({ path, value: cursor.value() });
    }
  }
  return { header, fields };
}

function withHeader(bytes: Uint8Array, { needReply, flags, size }: HeaderValues, context: Context): Uint8Array {
  if (needReply === undefined && flags === undefined && size === undefined) return bytes;
  const bigEndian = context.bigEndian === true;
  const before = readU32(bytes, 4, bigEndian);
  const asked = needReply === undefined ? before : needReply ? before | needReplyFlag : before & ~needReplyFlag;
  const out = new Writer(bigEndian, 8);
  out.uint(uint(flags ?? asked >>> 0, 4, 'flags'), 4);
  out.uint(uint(size ?? readU32(bytes, 8, bigEndian), 4, 'size'), 4);
  const made = Uint8Array.from(bytes);
  made.set(out.finish(), 4);
  return made;
}

/** The message with other entries in a list, as `regions`; its count follows. @throws SyntaxProblem or EncodeError */
export function withListed(bytes: Uint8Array, envelope: Envelope, list: string, change: EntriesChange): Uint8Array {
  const path = takePath(new Cursor(`${list}=`));
  if (!path) throw new SyntaxProblem(`${list} is no field`, 0);
  return withEntries(bytes, envelope, path, change);
}

function optional<Result>(make: () => Result): Result | undefined {
  try {
    return make();
  } catch (error) {
    if (error instanceof SyntaxProblem) return undefined;
    throw error;
  }
}
