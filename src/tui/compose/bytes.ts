/** Bytes as lines of the form: rows of hexadecimal digits with the characters beside them, each of which can be written. */
import { fixedSize } from '../../decode/decode.ts';
import { LineBuffer } from '../../decode/line-buffer.ts';
import type { NamedField } from '../../decode/schema.ts';
import { SyntaxProblem } from '../../decode/syntax-problem.ts';
import { writeBytes } from '../../decode/text/bytes.ts';
import { Cursor } from '../../decode/text/syntax.ts';
import { readValue } from '../../decode/text/values.ts';
import type { TreeNode } from '../../decode/tree.ts';
import type { About, FormField, Toggled } from './fields.ts';

/** Bytes in a row. */
const rowLength = 16;
/** Rows of a field that are seen at first, and at most. */
const firstRows = 4;
const mostRows = 256;
/** Bytes that are offered to be changed as a whole. */
const mostTyped = 0x1_0000;

/**
 * The line of a field of bytes, and below it its rows.
 *
 * @param first rows that are seen before it is opened
 */
export function bytesFields(
  field: NamedField,
  node: TreeNode,
  about: About,
  message: Uint8Array,
  toggled: Toggled,
  first = firstRows,
): FormField[] {
  const { offset, length } = node;
  const inPart = node.value === undefined && fixedSize(field) !== length;
  if (node.problem !== undefined || inPart) return [{ ...about, kind: 'fixed', typed: '' }];
  const bytes = message.subarray(offset, offset + length);
  const secret = node.secret === true;
  const isPad = field.kind === 'pad';
  const head: FormField = {
    ...about,
    kind: 'bytes',
    text: secret ? about.text : sizeText(length),
    // More than that nobody types; it is worked out for every screen.
    typed: secret || length > mostTyped ? '' : bytesText(bytes),
    doc: isPad && about.doc === '' ? 'padding' : about.doc,
  };
  // Padding is hardly ever of interest, and secrets are not shown.
  if (secret || length === 0 || (isPad && node.value === undefined))
    return [{ ...head, text: isPad && !secret ? `${sizeText(length)}, zero` : head.text }];
  const all = Math.ceil(length / rowLength);
  const open = toggled.has(about.path);
  const rows = Math.min(open ? mostRows : first, all);
  const lines = Array.from({ length: rows }, (_, i) => rowOf(about, bytes, offset, i * rowLength));
  const left = length - rows * rowLength;
  if (all <= first) return [head, ...lines];
  const text = left <= 0 ? 'fewer' : rows === 0 ? 'as bytes' : `${left} more bytes`;
  return [head, ...lines, { ...about, text, doc: '', typed: '', depth: about.depth + 1, kind: 'fold', open }];
}

function rowOf(about: About, bytes: Uint8Array, offset: number, from: number): FormField {
  const row = bytes.subarray(from, from + rowLength);
  return {
    ...{ ...about, name: from.toString(16).padStart(4, '0'), depth: about.depth + 1, doc: '', kind: 'row', at: from },
    ...{ offset: offset + from, length: row.length, typed: digits(row), text: shownRow(row) },
  };
}

const digits = (bytes: Uint8Array): string => Array.from(bytes, byte => byte.toString(16).padStart(2, '0')).join('');

function shownRow(row: Uint8Array): string {
  const hex = Array.from(row, byte => byte.toString(16).padStart(2, '0')).join(' ');
  const characters = Array.from(row, byte => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.')).join('');
  return `${hex.padEnd(rowLength * 3)} ${characters}`;
}

const sizeText = (length: number): string => (length === 1 ? '1 byte' : `${length} bytes`);

/** Bytes as they can be typed: digits, runs of equal bytes as `00*64`. */
function bytesText(bytes: Uint8Array): string {
  const out = new LineBuffer(64);
  writeBytes(out, bytes, 0, bytes.length);
  return out.textFrom(0);
}

/**
 * All bytes of a field, as they are typed, with those of a row replaced.
 *
 * @throws SyntaxProblem
 */
export function withRow(message: Uint8Array, all: FormField, row: FormField, typed: string): string {
  const bytes = message.subarray(all.offset, all.offset + all.length);
  const from = row.at ?? 0;
  const given = readValue({ kind: 'bytes', length: 'rest', name: '' }, new Cursor(typed).value()) as Uint8Array;
  if (given.length !== row.length) throw new SyntaxProblem(`expected ${sizeText(row.length)}, got ${given.length}`, 0);
  return digits(bytes.subarray(0, from)) + digits(given) + digits(bytes.subarray(from + row.length));
}
