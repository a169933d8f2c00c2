/**
 * Values put into the bytes of a message, field by field. What was said is written where it belongs and nothing else
 * is touched, whatever the rest looks like: only the count or length of a list or of bytes that were given anew
 * follows, and the size in the header. Pure.
 */
import { fixedSize, type Payload, type Value } from './decode.ts';
import { configBigEndian, configPlace } from './device-config.ts';
import { encodeField, encodeStruct } from './encode-struct.ts';
import { EncodeError, partBits } from './encode-value.ts';
import { type Declared, type FieldPath, type Found, foundIn, noField, type PathStep } from './field-path.ts';
import type { Context } from './frame.ts';
import { headerSize } from './header.ts';
import type { Envelope, Message } from './message.ts';
import { readUint } from './read-value.ts';
import type { ArrayField, NamedField, Part, Struct, WordField } from './schema.ts';
import { SyntaxProblem } from './syntax-problem.ts';
import type { Written } from './text/syntax.ts';
import { numberIn, payloadOf, readValue } from './text/values.ts';
import { decodeTree, type TreeNode } from './tree.ts';
import { isWhole } from './tree-walk.ts';
import { Writer } from './writer.ts';

/** A field and the value it is to have. */
export interface Assignment {
  readonly path: FieldPath;
  readonly value: Written;
}

/** Makes the bytes of the entries that a list is to have, from those that are there and one that is all zero. */
export type EntriesChange = (entries: readonly Uint8Array[], blank: Uint8Array) => readonly Uint8Array[];

/** Where a field stands: its message, and its neighbours. */
interface Site extends Found {
  readonly bytes: Uint8Array;
  readonly context: Context;
  readonly message: Message;
  readonly path: FieldPath;
  /** What is there of the fields of the layout that has it. */
  readonly nodes: readonly TreeNode[];
}

/**
 * The bytes of a message with a field assigned. An entry of a list is added behind the last one by its number, and
 * taken away by `none`.
 *
 * @throws SyntaxProblem or EncodeError
 */
export function assigned(bytes: Uint8Array, envelope: Envelope, { path, value }: Assignment): Uint8Array {
  const site = siteOf(bytes, envelope, path);
  const { declared } = site;
  switch (declared.what) {
    case 'part':
      return withBits(site, declared.field, declared.part, partBits(declared.part, numberIn(value), path.text));
    case 'config':
      return inConfig(site, declared, readValue(declared.inner, value));
    case 'field': {
      const { field, index } = declared;
      if (field.kind === 'word') return withLeftOver(site, field, BigInt(numberIn(value)));
      if (index === undefined) return whole(site, field, readValue(field, value));
      return field.kind === 'table' ? inTable(site, field, index, value) : entryAssigned(site, field, index, value);
    }
  }
}

/**
 * Checks a value for a field whose message is not there yet. Names of features are taken as they are, since the device
 * they belong to is not known.
 *
 * @throws SyntaxProblem or EncodeError
 */
export function checkValue(declared: Declared, value: Written, path: string): void {
  switch (declared.what) {
    case 'part':
      partBits(declared.part, numberIn(value), path);
      return;
    case 'config':
      encodeField(declared.inner, readValue(declared.inner, value), {}, path);
      return;
    case 'field': {
      const { field, index } = declared;
      if (field.kind === 'word' || (field.kind === 'table' && index !== undefined)) numberIn(value);
      else if (field.kind === 'array' && index !== undefined) entryOf(field, value, {});
      else if (field.kind === 'features') readValue(field, value);
      else encodeField(field, readValue(field, value), {}, path);
    }
  }
}

/** Whether a field of a message counts or measures another one. */
export function counts(struct: Struct, name: string): boolean {
  return struct.list.some(field => countOf(field) === name);
}

/** The field that counts or measures a field; undefined where nothing does. */
export function countOf(field: NamedField): string | undefined {
  const by = field.kind === 'array' ? field.count : 'length' in field ? field.length : undefined;
  return typeof by === 'string' && by !== 'rest' ? by : undefined;
}

/**
 * The bytes of a message with other entries in a list; its count follows.
 *
 * @throws SyntaxProblem or EncodeError
 */
export function withEntries(bytes: Uint8Array, envelope: Envelope, path: FieldPath, change: EntriesChange): Uint8Array {
  const site = siteOf(bytes, envelope, path);
  const { declared } = site;
  if (declared.what !== 'field' || declared.field.kind !== 'array')
    throw new SyntaxProblem(`${path.text} is no list`, path.column);
  return otherEntries(site, declared.field, change);
}

function siteOf(bytes: Uint8Array, envelope: Envelope, path: FieldPath): Site {
  const { message, fields } = decodeTree(bytes, envelope);
  const { struct, name } = message;
  if (!struct) throw new SyntaxProblem(`${name} has no fields that are known`, path.column);
  const found = foundIn(struct, path, name, envelope.context.device);
  let nodes = fields;
  for (const step of found.within) nodes = below(nodes, step, path);
  return { ...found, bytes, context: envelope.context, message, path, nodes };
}

/** The fields below a step: of a group, or of an entry of a list. */
function below(nodes: readonly TreeNode[], { name, index }: PathStep, path: FieldPath): readonly TreeNode[] {
  const node = nodes.find(one => one.name === name);
  if (index === undefined || !node) return node?.children ?? [];
  const entries = node.children.filter(isWhole);
  const entry = node.children[index];
  if (!entry) throw new SyntaxProblem(`${name} has ${entriesText(entries.length)}`, path.column);
  return entry.children;
}

const entriesText = (count: number): string =>
  count === 1 ? '1 entry, [0]' : count === 0 ? 'no entries' : `${count} entries, [0] to [${count - 1}]`;

/** What is there of a field; says why where nothing is. */
function nodeOf({ bytes, nodes, message, struct, path, within }: Site, name: string): TreeNode {
  const node = nodes.find(one => one.name === name);
  if (node && isWhole(node)) return node;
  const ended = nodes.length === 0 || !nodes.every(isWhole);
  const behind = within.length === 0 ? message.name : path.text.slice(0, path.text.lastIndexOf('.'));
  if (ended)
    throw new EncodeError(
      path.text,
      `the payload ends before it, after ${bytes.length - headerSize} bytes; a line or hex can write all of it`,
    );
  const here = { ...struct, list: struct.list.filter(field => nodes.some(one => namesOf(field).includes(one.name))) };
  throw new SyntaxProblem(`${noField(behind, name, here)}, as things were negotiated`, path.column);
}

const namesOf = (field: NamedField): string[] =>
  field.kind === 'word' ? [field.name, ...Object.keys(field.parts)] : [field.name];

/** Puts all of a field in place of what is there of it. */
function whole(site: Site, field: NamedField, value: Value): Uint8Array {
  const { context, path } = site;
  if (field.kind === 'array') {
    const given = (value as Payload[]).map(entry => encodeStruct(field.of, entry, context));
    return otherEntries(site, field, (_, blank) => {
      const missing = typeof field.count === 'number' ? Math.max(0, field.count - given.length) : 0;
      return [...given, ...new Array<Uint8Array>(missing).fill(blank)];
    });
  }
  const written = encodeField(field, value, context, path.text);
  const measured = fixedSize(field) === undefined;
  const { offset, length } = (measured && site.nodes.find(one => one.name === field.name)) || nodeOf(site, field.name);
  return following(site, field, spliced(site, offset, length, written), written.length);
}

/** The bytes with what counts or measures a field made to fit. */
function following(site: Site, field: NamedField, bytes: Uint8Array, count: number): Uint8Array {
  const name = countOf(field);
  const counting = name === undefined ? undefined : site.struct.list.find(one => one.name === name);
  const node = site.nodes.find(one => one.name === name);
  if (!counting || !node) return bytes;
  bytes.set(encodeField(counting, count, site.context, counting.name), node.offset);
  return bytes;
}

/** A copy with a stretch replaced; the header's size follows where the length changes. */
function spliced({ bytes, context }: Site, offset: number, length: number, written: Uint8Array): Uint8Array {
  const made = new Uint8Array(bytes.length - length + written.length);
  made.set(bytes.subarray(0, offset));
  made.set(written, offset);
  made.set(bytes.subarray(offset + length), offset + written.length);
  if (made.length !== bytes.length) {
    const size = new Writer(context.bigEndian === true, 4);
    size.uint(made.length - headerSize, 4);
    made.set(size.finish(), 8);
  }
  return made;
}

function entryAssigned(site: Site, field: NamedField, index: number, value: Written): Uint8Array {
  const { path, context } = site;
  if (field.kind !== 'array') throw new SyntaxProblem(`${field.name} is no list`, path.column);
  const entry = entryOf(field, value, context);
  return otherEntries(site, field, entries => {
    const last = entry === undefined ? entries.length - 1 : entries.length;
    if (index > last || (typeof field.count === 'number' && index === entries.length))
      throw new SyntaxProblem(
        `${field.name} has ${entriesText(entries.length)}${typeof field.count === 'string' && entry ? `; ${field.name}[${entries.length}]={…} adds one` : ''}`,
        path.column,
      );
    return [...entries.slice(0, index), ...(entry ? [entry] : []), ...entries.slice(index + 1)];
  });
}

/** The bytes of an entry as it is written; undefined for `none`. */
function entryOf(field: ArrayField, value: Written, context: Context): Uint8Array | undefined {
  if (value.kind === 'word' && value.text === 'none') return undefined;
  if (value.kind !== 'group')
    throw new SyntaxProblem('expected fields in braces, or none to take it away', value.column);
  return encodeStruct(field.of, payloadOf(field.of, value.items), context);
}

function otherEntries(site: Site, field: NamedField & ArrayField, change: EntriesChange): Uint8Array {
  const node = site.nodes.find(one => one.name === field.name) ?? nodeOf(site, field.name);
  const there = node.children.filter(isWhole);
  const before = there.map(({ offset, length }) => site.bytes.subarray(offset, offset + length));
  const after = change(before, encodeStruct(field.of, {}, site.context));
  if (typeof field.count === 'number' && after.length !== field.count)
    throw new SyntaxProblem(`${field.name} always has ${field.count} entries`, site.path.column);
  const length = before.reduce((sum, entry) => sum + entry.length, 0);
  return following(site, field, spliced(site, node.offset, length, joined(after)), after.length);
}

function joined(pieces: readonly Uint8Array[]): Uint8Array {
  const out = new Writer(false, 64);
  for (const piece of pieces) out.bytes(piece);
  return out.finish();
}

function inTable(site: Site, field: NamedField & { kind: 'table' }, index: number, value: Written): Uint8Array {
  const { path, context } = site;
  if (index >= field.count) throw new SyntaxProblem(`${field.name} has ${entriesText(field.count)}`, path.column);
  const number = { kind: 'u64', name: field.name } as const;
  const written = encodeField(number, numberIn(value), context, path.text);
  return spliced(site, nodeOf(site, field.name).offset + index * 8, 8, written);
}

/** A word with the bits of one part changed. */
function withBits(site: Site, field: NamedField & WordField, { from, width }: Part, bits: bigint): Uint8Array {
  const mask = ((1n << BigInt(width)) - 1n) << BigInt(from);
  return inWord(site, field, word => (word & ~mask) | (bits << BigInt(from)));
}

/** A word with other bits where no part has them. */
function withLeftOver(site: Site, field: NamedField & WordField, bits: bigint): Uint8Array {
  let known = 0n;
  for (const { from, width } of Object.values(field.parts)) known |= ((1n << BigInt(width)) - 1n) << BigInt(from);
  if ((bits & known) !== 0n || bits >> BigInt(field.size * 8) !== 0n)
    throw new EncodeError(site.path.text, `expected bits beside those of ${Object.keys(field.parts).join(', ')}`);
  return inWord(site, field, word => (word & known) | bits);
}

function inWord(site: Site, field: NamedField & WordField, change: (word: bigint) => bigint): Uint8Array {
  const bigEndian = site.context.bigEndian === true;
  const [name, { from }] = Object.entries(field.parts)[0] as [string, Part];
  const node = nodeOf(site, name);
  const first = Math.floor(from / 8);
  const offset = bigEndian ? node.offset + node.length + first - field.size : node.offset - first;
  const out = new Writer(bigEndian, field.size);
  out.uint(change(BigInt(readUint(site.bytes, offset, field.size, bigEndian))), field.size);
  return spliced(site, offset, field.size, out.finish());
}

/** A field of the device configuration space, in the window of it that the message carries. */
function inConfig(site: Site, declared: Declared & { what: 'config' }, value: Value): Uint8Array {
  const { field, layout, device, inner } = declared;
  const { message, context, nodes, bytes } = site;
  const window = nodeOf(site, field.name);
  const start = Number(nodes.find(({ name }) => name === field.offset)?.value ?? 0);
  const written = encodeField(inner, value, { ...context, bigEndian: configBigEndian(context) }, site.path.text);
  const { offset, size = written.length } = configPlace(layout, inner);
  if (offset < start || offset + Math.max(size, written.length) > start + window.length) {
    const carried = window.length === 0 ? 'none of it' : `bytes ${start} to ${start + window.length - 1}`;
    throw new EncodeError(
      site.path.text,
      `is bytes ${offset} to ${offset + size - 1} of the configuration space of ${device.name}, this ${message.name} carries ${carried}`,
    );
  }
  const made = Uint8Array.from(bytes);
  made.set(written, window.offset + offset - start);
  const counting = layout.list.find(({ name }) => name === countOf(inner));
  if (!counting) return made;
  const path = { ...site.path, text: `${site.path.text}: ${counting.name}` };
  return inConfig({ ...site, path, bytes: made }, { ...declared, inner: counting }, written.length);
}
