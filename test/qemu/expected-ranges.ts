/** Where tshark must say that the fields of a message lie, taken from the tree that vhuscope makes of it. */
import type { Piece } from '../../src/capture/section.ts';
import { headerSize } from '../../src/decode/header.ts';
import { decodeTree, type TreeNode } from '../../src/decode/tree.ts';
import type { ShownField } from './tshark.ts';

/** Byte ranges of a field, each as `offset+length` from the beginning of the message, by the field's name. */
export type Ranges = Map<string, string[]>;

const rangeText = (offset: number, length: number): string => `${offset}+${length}`;

/** What the tree says. A table shows its entries, not itself; what has no value is not shown. */
export function expectedRanges(piece: Piece): Ranges {
  const dissector = piece.channel === 'gpu' ? 'vhost_user_gpu' : 'vhost_user';
  const ranges: Ranges = new Map();
  const add = (id: string, { offset, length }: TreeNode): void => {
    const name = `${dissector}.${id}`;
    ranges.set(name, [...(ranges.get(name) ?? []), rangeText(offset, length)]);
  };
  const walk = (nodes: readonly TreeNode[], within: string): void => {
    for (const node of nodes) {
      const entries = node.children.filter(({ name }) => name.startsWith('['));
      const isTable = node.value !== undefined && entries.length > 0;
      const id = node.id || (node.name === 'rest' ? 'rest' : within);
      if (node.value !== undefined && id !== '' && !isTable && !isEmptyTable(node)) add(id, node);
      walk(node.children, isTable ? node.id : '');
    }
  };
  const { channel, dir, context, wireLength, fds, fdCount = fds.length } = piece;
  const { nodes } = decodeTree(piece.bytes, { channel, dir, context, wireLength, fdCount });
  walk(
    nodes.filter(({ offset }) => offset >= headerSize),
    '',
  );
  return ranges;
}

function isEmptyTable({ value, children }: TreeNode): boolean {
  return Array.isArray(value) && children.length === 0;
}

/** What tshark says of the same fields; those of the header and of nothing declared are left out. */
export function shownRanges(fields: readonly ShownField[], expected: Ranges): Ranges {
  const first = fields.find(({ name }) => /^vhost_user(_gpu)?\.(backend_)?request$/.test(name));
  const ranges: Ranges = new Map();
  if (first === undefined) return ranges;
  for (const { name, pos, size } of fields) {
    if (expected.has(name)) ranges.set(name, [...(ranges.get(name) ?? []), rangeText(pos - first.pos, size)]);
  }
  return ranges;
}
