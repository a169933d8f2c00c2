/**
 * A line back to a message: what `line.ts` prints, and what a person types. Number, time and remarks may be missing,
 * fields that are left out are zero.
 */
import { messageByName, messageNamed, variantsOf } from '../catalog.ts';
import type { Payload } from '../decode.ts';
import { encodeMessage } from '../encode.ts';
import { type Channel, type Context, channels, type Direction, type FdIdentity } from '../frame.ts';
import { requester } from '../header.ts';
import type { MessageSpec } from '../message-spec.ts';
import type { Struct } from '../schema.ts';
import { otherWay } from '../side.ts';
import { didYouMean, SyntaxProblem } from '../syntax-problem.ts';
import { parseBytes } from './bytes.ts';
import { parseFd } from './descriptors.ts';
import { valueNames } from './layout.ts';
import { Cursor, type Item } from './syntax.ts';
import { hasAll, numberOf, payloadOf } from './values.ts';

/** A message as a line describes it. */
export interface Line {
  /** Number of the record, where the line has one. */
  n: number | undefined;
  /** Bytes that are no whole message: `RAW` and `TRUNCATED`. */
  raw: Uint8Array | undefined;
  channel: Channel;
  dir: Direction;
  id: number;
  name: string;
  spec: MessageSpec | undefined;
  reply: boolean;
  needReply: boolean;
  /** The layout the fields belong to; undefined where the length decides. */
  struct: Struct | undefined;
  payload: Payload;
  /** Bytes after the fields. */
  rest: Uint8Array | undefined;
  /** Payload bytes, where the fields do not tell. */
  length: number | undefined;
  /** Payload bytes on the wire, where fewer were captured. */
  wholeLength: number | undefined;
  /** Flags and size of the header, where they are not what follows from the rest. */
  flags: number | undefined;
  size: number | undefined;
  fds: FdIdentity[];
  /** Descriptors that arrived, described or not. */
  fdCount: number;
}

/**
 * Reads a line.
 *
 * @throws SyntaxProblem that names the column
 */
export function parseLine(text: string): Line {
  const cursor = new Cursor(text);
  const n = cursor.take(/\s*(\d+)\s+(?:-?\s*\d+\.\d+\s)?/y)?.[1];
  cursor.take(/\s*(?:-?\d+\.\d+\s)?\s*(?:\[[^\]]*\])?\s*/y);
  const arrow = cursor.take(/(?:F(→|->|>)B|F(?:←|<-|<)B|B(?:→|->|>)F)\s+/y);
  if (!arrow) cursor.take(/(?:───|----)\s+/y);
  cursor.take(/(?:└|'-)\s*/y);
  const column = cursor.at;
  const word = cursor.take(/[a-z0-9_():-]+/iy)?.[0];
  if (word === undefined) throw new SyntaxProblem('expected a message', column);
  const dir = arrow && (arrow[1] ? 'front-to-back' : 'back-to-front');
  return read(cursor, named(word, column), dir, n === undefined ? undefined : Number(n));
}

/**
 * Writes the message of a line, header included.
 *
 * @throws EncodeError where a value does not fit its field
 */
export function encodeLine(line: Line, context: Context = {}): Uint8Array {
  if (line.raw) return line.raw;
  const { flags, size, length, wholeLength, struct, ...rest } = line;
  return encodeMessage(
    {
      ...rest,
      ...(struct && length === undefined && { struct }),
      ...(flags !== undefined && { flags }),
      ...(size !== undefined && { size }),
      ...(length !== undefined && { length }),
      ...(wholeLength !== undefined && { wholeLength }),
    },
    context,
  );
}

interface Named {
  channel: Channel;
  id: number;
  name: string;
  spec: MessageSpec | undefined;
  raw: boolean;
}

function named(word: string, column: number): Named {
  if (word === 'RAW' || word === 'TRUNCATED') return { channel: 'main', id: 0, name: word, spec: undefined, raw: true };
  const unknown = /^(?:(main|backend-req|gpu):)?UNKNOWN\((\d+)\)$/.exec(word);
  if (unknown) {
    const id = Number(unknown[2]);
    return { channel: (unknown[1] ?? 'main') as Channel, id, name: `UNKNOWN(${id})`, spec: undefined, raw: false };
  }
  const [channel, name] = word.includes(':') ? (word.split(':', 2) as [Channel, string]) : [undefined, word];
  const spec = channel && channels.includes(channel) ? messageNamed(channel, name) : undefined;
  const found = channel && spec ? { channel, spec } : messageByName(word);
  if (!found) throw new SyntaxProblem(`no message is called ${word}`, column);
  return { channel: found.channel, id: found.spec.id, name: found.spec.name, spec: found.spec, raw: false };
}

function read(cursor: Cursor, what: Named, dir: Direction | undefined, n: number | undefined): Line {
  const { raw: isRaw, ...message } = what;
  const reply = cursor.take(/\s*=(?=\s|$)/y) !== undefined;
  const fields: Item[] = [];
  const asides = new Map<string, number>();
  let needReply = false;
  let rest: Uint8Array | undefined;
  let fds: { fds: FdIdentity[]; fdCount: number } = { fds: [], fdCount: 0 };
  while (!cursor.atEnd()) {
    const column = cursor.at;
    const surplus = cursor.take(/\+([0-9a-f*.]+)/iy);
    const aside = cursor.take(/!(length|size|flags)=([^\s/]+)(?:\/(\d+))?/y);
    if (surplus) rest = bytesAt(surplus[1] as string, column + 1);
    else if (aside) {
      asides.set(aside[1] as string, Number(numberOf(aside[2] as string, column + 1)));
      if (aside[3] !== undefined) asides.set('wholeLength', Number(aside[3]));
    } else if (cursor.take(/need_reply(?=\s|$)/y)) needReply = true;
    else if (/fds?=/y.test(cursor.text.slice(column, column + 4))) fds = fdsOf(cursor.item());
    else fields.push(cursor.item());
  }
  const length = asides.get('length');
  const { struct, payload } = payloadIn(message.spec, reply, fields, message.name);
  const asks = requester(message.channel);
  return {
    n,
    ...message,
    raw: isRaw ? (rest ?? new Uint8Array(0)) : undefined,
    dir: dir ?? (reply ? otherWay(asks) : asks),
    reply,
    needReply,
    struct,
    payload,
    rest,
    length,
    wholeLength: asides.get('wholeLength'),
    flags: asides.get('flags'),
    size: asides.get('size'),
    ...fds,
  };
}

/** The fields in the last layout of the message that has all of them. */
function payloadIn(
  spec: MessageSpec | undefined,
  reply: boolean,
  fields: readonly Item[],
  name: string,
): { struct: Struct | undefined; payload: Payload } {
  const structs = spec ? variantsOf(spec, reply).map(variant => variant.payload) : [];
  const [first] = fields;
  if (!first) return { struct: structs.find(struct => struct.list.length === 0), payload: {} };
  const struct = structs.findLast(one => hasAll(one, fields));
  if (struct) return { struct, payload: payloadOf(struct, fields) };
  const known = [...new Set(structs.flatMap(valueNames))];
  const wrong = fields.find(item => !known.includes(item.name)) ?? first;
  const near = didYouMean(wrong.name, known);
  const what = wrong.name === '' ? 'a value needs the name of its field' : `${name} has no field ${wrong.name}${near}`;
  const has = known.length > 0 ? `${near === '' ? ',' : ';'} it has ${known.join(', ')}` : ', nor any';
  throw new SyntaxProblem(`${what}${has}`, wrong.column);
}

function fdsOf(item: Item): { fds: FdIdentity[]; fdCount: number } {
  const written = item.value.kind === 'list' ? item.value.values : [item.value];
  const fds: FdIdentity[] = [];
  let more = 0;
  for (const value of written) {
    const text = value.kind === 'word' ? value.text : '';
    const fd = parseFd(text);
    if (fd) fds.push(fd);
    else if (/^\+\d+$/.test(text)) more += Number(text);
    else throw new SyntaxProblem('expected a descriptor such as eventfd#7 or memfd#2:256M', value.column);
  }
  return { fds, fdCount: fds.length + more };
}

function bytesAt(text: string, column: number): Uint8Array {
  const bytes = parseBytes(text);
  if (!bytes) throw new SyntaxProblem('expected pairs of hexadecimal digits', column);
  return bytes;
}
