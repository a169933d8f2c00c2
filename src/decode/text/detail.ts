/** What stands below a line when more is asked for: every field with its place, and the bytes. */
import type { LineBuffer } from '../line-buffer.ts';
import { plain } from '../plain.ts';
import type { RecordFacts } from '../timing.ts';
import type { TreeNode } from '../tree.ts';
import type { JsonObject } from './event.ts';
import { type Paint, paint } from './paint.ts';

/** Columns that details are indented by, so that they stand below the message's name. */
const indent = 25;
const bytesPerLine = 16;

/** Writes a tree, a line for each node: offset in the message, name, value, and what is wrong. */
export function writeTree(out: LineBuffer, colours: Paint, nodes: readonly TreeNode[], depth = 0): void {
  for (const node of nodes) {
    out.ascii(' '.repeat(indent - 9));
    colours(out, paint.faint);
    out.ascii(`@${node.offset.toString(16).padStart(4, '0')}    ${'  '.repeat(depth)}`);
    colours(out, paint.none);
    out.ascii(node.name);
    if (node.text !== '') {
      out.ascii(': ');
      out.text(node.text);
    }
    if (node.doc) {
      colours(out, paint.faint);
      out.text(`  # ${node.doc}`);
      colours(out, paint.none);
    }
    if (node.problem) {
      colours(out, paint.bad);
      out.text(`  !! ${node.problem}`);
      colours(out, paint.none);
    }
    out.byte(0x0a);
    writeTree(out, colours, node.children, depth + 1);
  }
}

/** Writes what a message is part of, and through which functions QEMU sends it; nothing where neither is known. */
export function writeLabel(out: LineBuffer, colours: Paint, { phase, path }: RecordFacts): void {
  if (phase === undefined) return;
  out.ascii(' '.repeat(indent - 9));
  colours(out, paint.faint);
  out.ascii(`phase ${phase}${path === undefined ? '' : `, sent by ${path.join(' > ')}`}`);
  colours(out, paint.none);
  out.byte(0x0a);
}

/** Writes what an event says, a line for each key. */
export function writeBody(out: LineBuffer, body: JsonObject): void {
  for (const [key, value] of Object.entries(body)) {
    out.ascii(' '.repeat(indent - 9));
    out.text(plain(`${key}: ${typeof value === 'string' ? value : JSON.stringify(value)}`));
    out.byte(0x0a);
  }
}

/** Writes bytes, sixteen a line: offset, hexadecimal digits, characters. */
export function writeDump(out: LineBuffer, colours: Paint, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; at += bytesPerLine) {
    const end = Math.min(at + bytesPerLine, bytes.length);
    out.ascii(' '.repeat(indent - 9));
    colours(out, paint.faint);
    out.ascii(at.toString(16).padStart(5, '0'));
    colours(out, paint.none);
    out.ascii('   ');
    for (let i = at; i < at + bytesPerLine; i++) {
      out.ascii(i === at + 8 ? '  ' : ' ');
      if (i < end) out.hexBytes(bytes, i, i + 1);
      else out.ascii('  ');
    }
    out.ascii('  |');
    for (let i = at; i < end; i++) {
      const byte = bytes[i] as number;
      out.byte(byte >= 0x20 && byte < 0x7f ? byte : 0x2e);
    }
    out.ascii('|\n');
  }
}
