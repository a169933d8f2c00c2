/**
 * A message as a tree in which every node knows its bytes: for the detail pane, the highlighted hex view, and whoever
 * must point at a place. Slower than decode.ts and equal to it; a test holds them together.
 */
import type { Problem, Value } from './decode.ts';
import { formatBytes } from './format.ts';
import { headerSize } from './header.ts';
import { headerNodes } from './header-tree.ts';
import { decodeMessage, type Envelope, type Message, payloadSource } from './message.ts';
import { TreeWalk } from './tree-walk.ts';

/** A piece of a message. */
export interface TreeNode {
  /** Field name, `[n]` for an entry, the bit's name for a bit. */
  readonly name: string;
  /** Name by meaning, the same wherever the field occurs; empty for entries and for bytes of no field. */
  readonly id: string;
  /** Byte range in the message, header included. */
  readonly offset: number;
  readonly length: number;
  /** Absent where the bytes ran out, and on nodes that only hold others. */
  readonly value?: Value;
  /** The value as a person reads it. */
  readonly text: string;
  readonly doc?: string;
  /** What does not fit the declaration here. */
  readonly problem?: string;
  /** On bits: the number. */
  readonly bit?: number;
  /** Bytes that must not be shown: keys. */
  readonly secret?: true;
  readonly children: readonly TreeNode[];
}

/** A message as a tree, together with its decoding. */
export interface MessageTree {
  readonly message: Message;
  /** The header's fields, then those of the payload, then bytes of no field. */
  readonly nodes: readonly TreeNode[];
  /** Those of the payload among them, and bytes of no field. */
  readonly fields: readonly TreeNode[];
}

/** Reads the bytes of one message, header included, as a tree. Total, as decoding is. */
export function decodeTree(bytes: Uint8Array, envelope: Envelope): MessageTree {
  const message = decodeMessage(bytes, envelope);
  const problems = problemTexts(message.problems);
  if (bytes.length < headerSize) return { message, nodes: [surplus(bytes, 0)], fields: [] };
  const source = payloadSource(bytes, envelope);
  const header = headerNodes(message, bytes, source.bigEndian, problems);
  const walk = new TreeWalk(source, problems);
  const payload = message.struct ? walk.fields(message.struct) : [];
  const left = message.rest && !walk.stopped ? [surplus(message.rest, bytes.length - message.rest.length)] : [];
  const fields = [...payload, ...left];
  return { message, nodes: [...header, ...fields], fields };

  function surplus(rest: Uint8Array, offset: number): TreeNode {
    const node = { name: 'rest', id: '', offset, length: rest.length, value: rest, text: formatBytes(rest) };
    const problem = problems('');
    return { ...node, children: [], ...(problem !== undefined && { problem }) };
  }
}

function problemTexts(problems: readonly Problem[]): (path: string) => string | undefined {
  return path => problems.find(problem => problem.path === path)?.message;
}
